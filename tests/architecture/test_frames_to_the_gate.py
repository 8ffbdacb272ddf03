"""The way to the gate is short: a reader follows few calls from `main()` to the comparison of hashes."""

import sys
import threading
import venv
from hashlib import sha256

import peep.archives.verification
import peep.cli.main
from peep.cli.main import main
from support.fake_index import FakeIndex
from support.wheels import wheel_bytes, wheel_filename

MOST = 14
GATE = "verify_archive"
INLINED = {"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"}
"""Frames of comprehensions, which newer Pythons do without; a lambda is a call like another."""


def own_frames(frame):
    """The calls of peep's own functions that led to `frame`, outermost first."""
    found = []
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.partition(".")[0] == "peep" and frame.f_code.co_name not in {*INLINED, "<module>"}:
            found.append(f"{name}.{frame.f_code.co_name}")
        frame = frame.f_back
    return found[::-1]


def test_from_main_to_the_listed_digest(tmp_path, monkeypatch):
    """A worker's frames follow those that started its thread."""
    started = {}
    seen = []
    start, rule = threading.Thread.start, peep.archives.verification.listed_digest

    def noting_start(thread):
        started[thread] = way(sys._getframe(1))
        start(thread)

    def noting_rule(*given):
        seen.append([*way(sys._getframe(1)), "peep.model.listed_digest"])
        return rule(*given)

    def way(frame):
        return [*started.get(threading.current_thread(), ()), *own_frames(frame)]

    monkeypatch.setattr(peep.cli.main, "_leave", lambda _: None)  # for the index answers in this process
    monkeypatch.setattr(threading.Thread, "start", noting_start)
    monkeypatch.setattr(peep.archives.verification, "listed_digest", noting_rule)
    monkeypatch.setenv("PEEP_STORE", str(tmp_path / "store"))
    wheel = wheel_bytes("demo", "1.0", files={"demo.py": ""})
    listed = f"demo==1.0 --hash=sha256:{sha256(wheel).hexdigest()}"
    (tmp_path / "list.txt").write_text(listed)
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    with FakeIndex({"demo": {wheel_filename("demo", "1.0"): wheel}}) as index:
        words = ["--python", str(tmp_path / "env"), "-i", index.simple_url, "-r", str(tmp_path / "list.txt")]
        monkeypatch.setattr(sys, "argv", ["peep", "install", *words])
        assert main() == 0

    (frames,) = seen
    assert frames[0] == "peep.cli.main.main"
    assert frames[-2].endswith(f".{GATE}")
    assert len(frames) <= MOST, "\n".join(frames)
