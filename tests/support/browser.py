"""A real headless Chromium by its DevTools protocol: a page opened, looked at and typed into."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PATIENCE = 60.0
"""Seconds for the browser to start, and for each answer."""


def find_chromium() -> str | None:
    """Debian's program, or another of that name."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """One tab. `events` are what the browser reported of its own accord, in order."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command; gives back its result. Fails on an error of the protocol."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == self._number:
                assert "error" not in message, message["error"]
                result: dict[str, Any] = message["result"]
                return result
            self.events.append(message)

    def open(self, path: Path) -> None:
        """Load a file and wait until it is there."""
        self.events.clear()
        self.send("Page.navigate", url=path.as_uri())
        deadline = time.monotonic() + _PATIENCE
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            assert time.monotonic() < deadline
            self.send("Runtime.evaluate", expression="1")

    def value(self, expression: str) -> Any:
        """What an expression comes to in the page."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            text = {"text": key} if kind == "keyDown" else {}
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=f"Key{key.upper()}", **text)

    def methods(self) -> list[str]:
        return [event["method"] for event in self.events]


@contextlib.contextmanager
def running_browser(program: str, profile: Path) -> Iterator[Browser]:
    """A browser of its own, with nothing of the user's; gone with the context."""
    from websocket import create_connection  # noqa: PLC0415 - where it is not installed, tests are skipped

    command = [
        program,
        "--headless=new",
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
        "--no-first-run",
        "--disable-gpu",
        "--disable-extensions",
        "--disable-background-networking",
        *(["--no-sandbox"] if sys.platform != "win32" and os.geteuid() == 0 else []),
        "about:blank",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        port, _ = _debugging_port(profile, process)
        socket = create_connection(
            f"ws://127.0.0.1:{port}{_page_of(port)}", timeout=_PATIENCE, suppress_origin=True, http_no_proxy=["*"]
        )
        try:
            browser = Browser(socket)
            for domain in ("Page", "Runtime", "Log", "Network"):
                browser.send(f"{domain}.enable")
            yield browser
        finally:
            socket.close()
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _debugging_port(profile: Path, process: subprocess.Popen[bytes]) -> tuple[int, str]:
    place = profile / "DevToolsActivePort"
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        lines = place.read_text("ascii").splitlines() if place.exists() else []
        if len(lines) == 2:
            return int(lines[0]), lines[1]
        time.sleep(0.05)
    raise AssertionError(f"the browser did not start (status {process.poll()})")


def _page_of(port: int) -> str:
    """The path of the first tab's socket."""
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://127.0.0.1:{port}/json") as answer:
        tabs = json.load(answer)
    url: str = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
    return "/" + url.split("/", 3)[3]
