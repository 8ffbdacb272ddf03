"""Canonical text of record files: equal records are equal bytes, and additions merge."""

from __future__ import annotations

from collections.abc import Iterable

from peep.formats import toml_text
from peep.formats.toml_text import TomlTable
from peep.vetting.policy import TrustedPublisher
from peep.vetting.records import (
    AUDITS_FORMAT,
    EXCUSED_FORMAT,
    IMPORTS_FORMAT,
    PUBLISHED_FORMAT,
    Answer,
    Audit,
    AuditsFile,
    Excuse,
    ImportPin,
    PublishedArchive,
    Violation,
)


def audits_text(file: AuditsFile) -> bytes:
    """`audits.toml`: criteria by name, then audits, then violations."""
    criteria = [
        toml_text.table(f"[criteria.{toml_text.key(one.name)}]", {"text": one.text, "implies": one.implies})
        for _, one in sorted(file.criteria.items())
    ]
    audits = _entries("audit", ((one.project, str(one.on), _audit(one)) for one in file.audits))
    violations = _entries("violation", ((one.project, str(one.on), _violation(one)) for one in file.violations))
    return toml_text.document(AUDITS_FORMAT, [*criteria, *audits, *violations]).encode()


def excused_text(excuses: Iterable[Excuse]) -> bytes:
    """`excused.toml`."""
    entries = _entries("excused", ((one.project, str(one.on), _excuse(one)) for one in excuses))
    return toml_text.document(EXCUSED_FORMAT, entries).encode()


def published_text(published: Iterable[PublishedArchive]) -> bytes:
    """`published.toml`."""
    entries = _entries("published", ((one.project, str(one.on), _published(one)) for one in published))
    return toml_text.document(PUBLISHED_FORMAT, entries).encode()


def imports_text(pins: Iterable[ImportPin]) -> bytes:
    """`imports.toml`, by name."""
    return toml_text.document(
        IMPORTS_FORMAT, _entries("import", ((one.name, "", _import(one)) for one in pins))
    ).encode()


def trusted_text(trusted: TrustedPublisher) -> str:
    """The table `[[trusted]]`, for people to put into their policy."""
    values: TomlTable = {
        "project": trusted.project,
        "publisher": trusted.publisher,
        "repository-id": trusted.repository_id,
        "owner-id": trusted.owner_id,
        "criteria": trusted.criteria,
        "since": trusted.since,
        "until": trusted.until,
        "why": trusted.why,
    }
    return toml_text.table("[[trusted]]", values)


def _entries(kind: str, entries: Iterable[tuple[str, str, TomlTable]]) -> list[str]:
    """Written and sorted by (project, day, whole entry), each once."""
    written = {(first, second, toml_text.table(f"[[{kind}]]", values)) for first, second, values in entries}
    return [text for _, _, text in sorted(written)]


def _audit(audit: Audit) -> TomlTable:
    return {
        "project": audit.project,
        "version": audit.version,
        "criteria": audit.criteria,
        "by": audit.by,
        "on": audit.on,
        "read": [str(line) for line in audit.read],
        "same": [str(line) for line in audit.same],
        "compiled": [str(line) for line in audit.compiled],
        "since": [str(line) for line in audit.since],
        "how": "machine" if audit.is_by_machine else "",
        "using": audit.using,
        "skipped": audit.skipped,
        "answers": [_answer(one) for one in sorted(audit.answers, key=lambda one: (one.rule, one.path, one.why))],
        "notes": audit.notes,
    }


def _answer(answer: Answer) -> TomlTable:
    return {"rule": answer.rule, "path": answer.path, "sha256": answer.sha256, "why": answer.why}


def _violation(violation: Violation) -> TomlTable:
    return {
        "project": violation.project,
        "criteria": violation.criteria,
        "by": violation.by,
        "on": violation.on,
        "why": violation.why,
        "archives": [str(line) for line in violation.archives],
        "versions": violation.versions,
    }


def _excuse(excuse: Excuse) -> TomlTable:
    return {
        "project": excuse.project,
        "version": excuse.version,
        "criteria": excuse.criteria,
        "archives": [str(line) for line in excuse.archives],
        "commits": [str(commit) for commit in excuse.commits],
        "by": excuse.by,
        "on": excuse.on,
        "until": excuse.until,
        "why": excuse.why,
    }


def _published(published: PublishedArchive) -> TomlTable:
    return {
        "project": published.project,
        "archive": str(published.archive),
        "publisher": published.publisher,
        "repository-id": published.repository_id,
        "owner-id": published.owner_id,
        "commit": published.commit,
        "ref": published.ref,
        "trigger": published.trigger,
        "runner": published.runner,
        "on": published.on,
    }


def _import(pin: ImportPin) -> TomlTable:
    return {
        "name": pin.name,
        "source": pin.source,
        "sha256": pin.sha256,
        "on": pin.on,
        "signers": pin.signers,
        "criteria": dict(sorted(pin.criteria.items())),
        "exclude": pin.exclude,
    }
