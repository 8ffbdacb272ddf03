"""Environment that verifies attestations: made from peep's own list, once per interpreter."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from importlib.resources import files
from typing import Any

import peep
from peep.dataclass import dataclass
from peep.errors import PeepError
from peep.formats.documents import parse_json
from peep.store.layout import StoreLayout
from peep.system.locks import FileLock
from peep.system.processes import LoggedRun, run
from peep.system.sandbox import BuildArea, Isolation, Sandbox, SandboxLimits, interpreter_folders
from peep.vetting.attestation_child import ANSWER
from peep.vetting.attestations import VerifiedAttestation

PINS = "attest-requirements.txt"
"""In the package."""
_READY = "ready"
_MEMORY = 2 << 30
_SECONDS = 300.0
_MOST_OUTPUT = 64 << 20
_LONGEST_CLAIM = 2_000
_RUN = "import sys; sys.path.append(sys.argv[1]); from peep.vetting.attestation_child import main; main()"
"""peep stands last: what verifies is what was installed for it."""


@dataclass(frozen=True, slots=True)
class AttestedArchive:
    """One archive and what its index says of where it comes from: the text of its provenance (PEP 740), unchecked."""

    filename: str
    sha256: str
    provenance: str


Outcome = tuple[VerifiedAttestation, ...] | str
"""All attestations of an archive, or what is wrong with one of them."""
Verify = Callable[[Sequence[AttestedArchive]], Sequence[Outcome]]
Install = Callable[[str, str], None]
"""Installs the pins in a file (first) into an environment (second); raises `PeepError`."""


def attestation_environment(layout: StoreLayout, install: Install, on_wait: Callable[[str], None]) -> str:
    """The folder of the environment, made first where it is not there or was left half done. Raises `PeepError`."""
    pins = files("peep").joinpath(PINS).read_bytes()
    python = os.path.realpath(sys.executable)
    key = hashlib.sha256(pins + f"\n{python}\n{sys.version}".encode()).hexdigest()[:32]
    parent = os.path.join(layout.root, "attest-v1")
    folder = os.path.join(parent, key)
    try:
        os.makedirs(parent, exist_ok=True)
        with FileLock(os.path.join(parent, f"{key}.lock"), "peep vetting attest", on_wait):
            if not os.path.exists(os.path.join(folder, _READY)):
                _make(folder, python, pins, install)
    except OSError as error:
        raise PeepError(f"{folder}: the environment that verifies cannot be made: {error}") from None
    return folder


def _make(folder: str, python: str, pins: bytes, install: Install) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    done = run([python, "-I", "-m", "venv", "--without-pip", folder], env={**os.environ}, timeout=_SECONDS)
    if done.status:
        told = done.output.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise PeepError(f"no environment can be made by {python}: {' '.join(told)}")
    place = os.path.join(folder, PINS)
    with open(place, "wb") as file:
        file.write(pins)
    install(place, folder)
    with open(os.path.join(folder, _READY), "wb"):
        pass


@dataclass(frozen=True, slots=True)
class AttestationVerifier:
    """`Verify` in a sandboxed process of the environment at `folder`, without network and home."""

    folder: str
    isolation: Isolation
    trust_root: bytes | None = None
    """A trust root of the user's own; None: the library's."""

    def __call__(self, archives: Sequence[AttestedArchive]) -> Sequence[Outcome]:
        """One outcome for each archive. Raises `PeepError` where the process fails or its answer makes no sense."""
        with tempfile.TemporaryDirectory(prefix="peep-attest-", ignore_cleanup_errors=True) as root:
            area = BuildArea(os.path.realpath(root), self.isolation)
            area.make_folders()
            self._write_order(area, archives)
            done = self._run(area)
            with open(area.outside("answer"), "rb") as file:
                output = file.read(_MOST_OUTPUT + 1)
        return _outcomes(done, output, len(archives))

    def _write_order(self, area: BuildArea, archives: Sequence[AttestedArchive]) -> None:
        order: dict[str, Any] = {"trust_root": None, "archives": [_plain(one) for one in archives]}
        if self.trust_root is not None:
            order["trust_root"] = area.inside("environment", "trust-root.json")
            with open(area.outside("environment", "trust-root.json"), "wb") as file:
                file.write(self.trust_root)
        with open(area.outside("environment", "order.json"), "w", encoding="utf-8") as text:
            json.dump(order, text)

    def _run(self, area: BuildArea) -> LoggedRun:
        python = _python_of(self.folder)
        place = os.path.dirname(os.path.dirname(os.path.abspath(peep.__file__)))
        readable = (*interpreter_folders(python, sys.base_prefix, os.path.expanduser("~")), self.folder, place)
        limits = SandboxLimits(seconds=_SECONDS, memory=_MEMORY, processes=64, output=_MOST_OUTPUT)
        return Sandbox(self.isolation, tuple(dict.fromkeys(readable)), limits).run(
            area,
            [python, "-I", "-B", "-X", "utf8", "-c", _RUN, place, area.inside("environment", "order.json")],
            env=_environment(area),
            cwd=area.inside("build", "tmp"),
            log_path=area.outside("answer"),
        )


def _plain(one: AttestedArchive) -> dict[str, str]:
    return {"filename": one.filename, "sha256": one.sha256, "provenance": one.provenance}


def _python_of(folder: str) -> str:
    names = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
    return os.path.join(folder, *names)


def _environment(area: BuildArea) -> Mapping[str, str]:
    """A home that is empty and gone afterwards: nothing that the library could find there was verified."""
    home = area.inside("build", "home")
    root = os.environ.get("SYSTEMROOT") if sys.platform == "win32" else None
    return {"HOME": home, "USERPROFILE": home, "APPDATA": home, "LOCALAPPDATA": home} | (
        {"SYSTEMROOT": root} if root else {}
    )


def _outcomes(done: LoggedRun, output: bytes, count: int) -> Sequence[Outcome]:
    _, separator, text = output.rpartition(ANSWER.encode("ascii"))
    if done.timed_out or done.status != 0 or not separator:
        last = done.last_lines[-1][:300] if done.last_lines else f"status {done.status}"
        raise PeepError(f"attestations could not be verified: the process that verifies them ended: {last}")
    try:
        answer = parse_json(text.decode("utf-8"))
        return [_outcome(one) for one in _as_many(answer, count)]
    except (ValueError, TypeError, KeyError) as error:
        raise PeepError(f"attestations could not be verified: the answer makes no sense: {error}") from None


def _as_many(answer: Any, count: int) -> list[Any]:
    if not isinstance(answer, list) or len(answer) != count:
        raise ValueError("there are not as many answers as archives")
    return answer


def _outcome(value: Any) -> Outcome:
    if set(value) == {"error"}:
        return _text(value["error"])
    found = tuple(_attestation(one) for one in value["attestations"])
    return found or "its provenance holds no attestation"


def _attestation(value: Any) -> VerifiedAttestation:
    claims = {_text(oid): _text(claim) for oid, claim in value["claims"].items()}
    return VerifiedAttestation(_text(value["kind"]), claims, date.fromisoformat(_text(value["on"])))


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_CLAIM:
        raise ValueError("a text is none, or too long")
    return value
