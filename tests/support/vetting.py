"""Vetting folders for tests: texts of entries with everything filled in that a test does not care about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from hashlib import sha256

from peep.vetting.assembly import Vetting, vetting_of
from peep.vetting.decision import Decision
from peep.vetting.rules import Question
from peep.vetting.verdicts import Subject, Verdict

TODAY = date(2026, 11, 26)
ALICE = "Alice <alice@example.org>"


def hex_of(filename: str) -> str:
    """A digest of its own for every file name."""
    return sha256(filename.encode()).hexdigest()


def line(filename: str) -> str:
    return f"{hex_of(filename)}  {filename}"


def lines(filenames: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{line(name)}"' for name in filenames) + "]"


def audit(
    *read: str,
    since: Iterable[str] = (),
    project: str = "idna",
    criteria: str = "safe-to-run",
    by: str = ALICE,
    on: str = "2026-11-01",
    more: str = "",
) -> str:
    """An `[[audit]]` of the files `read`; `more` are further lines."""
    rests = f"since = {lines(since)}\n" if since else ""
    return (
        f'[[audit]]\nproject = "{project}"\ncriteria = ["{criteria}"]\nby = "{by}"\non = {on}\n'
        f"read = {lines(read)}\n{rests}{more}\n"
    )


def violation(
    *archives: str, versions: str = "", project: str = "idna", criteria: str = "safe-to-run", more: str = ""
) -> str:
    named = f"archives = {lines(archives)}\n" if archives else ""
    within = f'versions = "{versions}"\n' if versions else ""
    return (
        f'[[violation]]\nproject = "{project}"\ncriteria = ["{criteria}"]\nby = "{ALICE}"\non = 2026-11-02\n'
        f'why = "sends the environment away"\n{named}{within}{more}\n'
    )


def excuse(*archives: str, on: str = "2026-11-01", until: str = "2026-12-01", more: str = "") -> str:
    named = f"archives = {lines(archives)}\n" if archives else ""
    return (
        f'[[excused]]\nproject = "idna"\ncriteria = ["safe-to-run"]\nby = "{ALICE}"\non = {on}\nuntil = {until}\n'
        f'why = "was here before"\n{named}{more}\n'
    )


def published(filename: str, on: str = "2026-06-01", repository_id: str = "1") -> str:
    return (
        f'[[published]]\nproject = "idna"\narchive = "{line(filename)}"\npublisher = "github:o/idna/w.yml"\n'
        f'repository-id = "{repository_id}"\nowner-id = "2"\ncommit = "{"a" * 40}"\nref = "refs/tags/v1"\non = {on}\n'
    )


def trusted(since: str = "2026-01-01", until: str = "2027-01-01", criteria: str = "safe-to-run") -> str:
    return (
        '[[trusted]]\nproject = "idna"\npublisher = "github:o/idna/w.yml"\nrepository-id = "1"\nowner-id = "2"\n'
        f'criteria = ["{criteria}"]\nsince = {since}\nuntil = {until}\nwhy = "we know the team"\n'
    )


def import_pin(name: str, content: bytes, more: str = "") -> str:
    return (
        f'[[import]]\nname = "{name}"\nsource = "https://{name}.example/audits.toml"\n'
        f'sha256 = "{sha256(content).hexdigest()}"\non = 2026-11-01\n{more}\n'
    )


def audits_file(*entries: str) -> bytes:
    return "\n".join(['format = "peep audits 1"', *entries]).encode()


def folder(
    audits: str = "",
    policy: str = "",
    excused: str = "",
    published: str = "",
    imports: Mapping[str, bytes] | None = None,
    import_lines: str = "",
) -> dict[str, bytes]:
    """The files of a vetting folder, of the bodies given; `import_lines`: more keys of every import's entry."""
    copies = imports or {}
    pins = "".join(import_pin(name, content, import_lines) for name, content in copies.items())
    bodies = {"audits": audits, "policy": policy, "excused": excused, "published": published, "imports": pins}
    files = {f"{kind}.toml": f'format = "peep {kind} 1"\n{body}'.encode() for kind, body in bodies.items() if body}
    return files | {f"imports/{name}.toml": content for name, content in copies.items()}


def vetting(files: Mapping[str, bytes]) -> Vetting:
    return vetting_of(files, "vetting")


def verdict(
    files: Mapping[str, bytes],
    filename: str,
    criterion: str = "safe-to-run",
    *,
    today: date = TODAY,
    version: str = "",
    project: str = "idna",
) -> Verdict:
    """The verdict on one file for one criterion."""
    decision = Decision(vetting(files), Question(criterion, today))
    return decision.verdict(Subject(hex_of(filename), project, version, filename))
