"""Tables of the vetting files, each to its type, with all that is odd about an entry."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from packaging.specifiers import InvalidSpecifier

from peep.formats.dependency_specifiers import read_specifiers
from peep.pins import is_digest
from peep.vetting.entries import Entry, NotOfThisForm, one_year_after
from peep.vetting.policy import Override, TrustedPublisher
from peep.vetting.records import Answer, Audit, CommitLine, Criterion, Excuse, ImportPin, PublishedArchive, Violation

Read = TypeVar("Read")
_COMMIT = re.compile(r"git:(?P<hex>[0-9a-f]{40})  (?P<url>[!-~]+)")


def whole(read: Callable[[Entry], Read], entry: Entry) -> Read | None:
    """What `read` makes of `entry`, or None where anything is odd (see `entry.faults`), unknown keys included."""
    found = read(entry)
    entry.end()
    return None if entry.faults else found


def criterion_of(name: str) -> Callable[[Entry], Criterion]:
    def read(entry: Entry) -> Criterion:
        return Criterion(name, entry.text("text", is_required=True), entry.texts("implies"))

    return read


def audit_of(entry: Entry) -> Audit:
    """`[[audit]]`. An empty `since` is odd: a delta that lost what it rests on must not become a full audit."""
    has_since = "since" in entry.keys()  # noqa: SIM118 - no mapping
    how, using = entry.text("how"), entry.text("using")
    if how not in {"", "machine"}:
        entry.faults.append(f"how: {how!r} is not machine")
    if (how == "machine") != bool(using.strip()):
        entry.faults.append('how = "machine" and using = "TOOL MODEL" come together')
    return Audit(
        project=entry.project(),
        version=entry.text("version"),
        criteria=entry.texts("criteria", is_required=True),
        by=entry.text("by", is_required=True),
        on=entry.day("on"),
        read=entry.archives("read", is_required=True),
        same=entry.archives("same"),
        compiled=entry.archives("compiled"),
        since=entry.archives("since", is_required=has_since),
        using=using,
        skipped=entry.texts("skipped"),
        answers=_answers(entry),
        notes=entry.text("notes"),
    )


def _answers(entry: Entry) -> tuple[Answer, ...]:
    answers = []
    for number, table in enumerate(entry.tables("answers"), 1):
        answer = whole(_answer_of, table)
        entry.faults += [f"answer {number}: {fault}" for fault in table.faults]
        answers += [answer] if answer else []
    return tuple(sorted(answers, key=lambda answer: (answer.rule, answer.path, answer.sha256, answer.why)))


def _answer_of(entry: Entry) -> Answer:
    sha256 = entry.text("sha256")
    if sha256 and not is_digest(sha256):
        entry.faults.append("sha256 is not 64 lower-case hex digits")
    return Answer(entry.text("rule", is_required=True), entry.text("path"), sha256, entry.text("why", is_required=True))


def violation_of(entry: Entry) -> Violation:
    """`[[violation]]`: by bytes, by a range of versions (PEP 440), or both."""
    violation = Violation(
        project=entry.project(),
        criteria=entry.texts("criteria", is_required=True),
        by=entry.text("by", is_required=True),
        on=entry.day("on"),
        why=entry.text("why", is_required=True),
        archives=entry.archives("archives"),
        versions=entry.text("versions"),
    )
    if not (violation.archives or violation.versions):
        entry.faults.append("it names neither archives nor versions")
    if violation.versions and not is_version_range(violation.versions):
        entry.faults.append(f"versions: {violation.versions!r} is no range such as >=0.2,<0.3")
    return violation


def is_version_range(text: str) -> bool:
    """Tell whether `text` is a version specifier (PEP 440) that says something."""
    try:
        return len(read_specifiers(text)) > 0
    except InvalidSpecifier:
        return False


def excuse_of(entry: Entry) -> Excuse:
    """`[[excused]]`, with an end at most a year after its beginning."""
    excuse = Excuse(
        project=entry.project(),
        version=entry.text("version"),
        criteria=entry.texts("criteria", is_required=True),
        archives=entry.archives("archives"),
        commits=entry.items("commits", commit_of),
        by=entry.text("by", is_required=True),
        on=entry.day("on"),
        until=entry.day("until"),
        why=entry.text("why", is_required=True),
    )
    if not (excuse.archives or excuse.commits):
        entry.faults.append("it names neither archives nor commits")
    if excuse.until > one_year_after(excuse.on):
        entry.faults.append("until is more than a year after on")
    return excuse


def commit_of(text: str) -> CommitLine:
    """Read `git:<40 hex>  URL`. Raises `NotOfThisForm`."""
    found = _COMMIT.fullmatch(text)
    if found is None:
        raise NotOfThisForm("is not of the form git:COMMIT  URL (40 lower-case hex digits, two spaces, a URL)")
    return CommitLine(found["hex"], found["url"])


def published_of(entry: Entry) -> PublishedArchive:
    """`[[published]]`: the facts of an attestation that was verified."""
    return PublishedArchive(
        project=entry.project(),
        archive=entry.archive("archive"),
        publisher=entry.text("publisher", is_required=True),
        repository_id=entry.text("repository-id", is_required=True),
        owner_id=entry.text("owner-id", is_required=True),
        commit=entry.text("commit", is_required=True),
        ref=entry.text("ref", is_required=True),
        trigger=entry.text("trigger"),
        runner=entry.text("runner"),
        on=entry.day("on"),
    )


def import_of(entry: Entry) -> ImportPin:
    """`[[import]]`: a source and the digest of its bytes."""
    pin = ImportPin(
        name=entry.name("name"),
        source=entry.text("source", is_required=True),
        sha256=entry.text("sha256", is_required=True),
        on=entry.day("on"),
        signers=entry.texts("signers"),
        criteria=_mapping(entry),
        exclude=entry.texts("exclude"),
    )
    if not is_digest(pin.sha256):
        entry.faults.append("sha256 is not 64 lower-case hex digits")
    return pin


def _mapping(entry: Entry) -> dict[str, tuple[str, ...]]:
    table = entry.table("criteria")
    mapping = {name: table.texts(name, is_required=True) for name in sorted(table.keys())}
    entry.faults += [f"criteria: {fault}" for fault in table.faults]
    return mapping


def trusted_of(entry: Entry) -> TrustedPublisher:
    """`[[trusted]]` of the policy, for at most a year."""
    trusted = TrustedPublisher(
        project=entry.project(),
        publisher=entry.text("publisher", is_required=True),
        repository_id=entry.text("repository-id", is_required=True),
        owner_id=entry.text("owner-id", is_required=True),
        criteria=entry.texts("criteria", is_required=True),
        since=entry.day("since"),
        until=entry.day("until"),
        why=entry.text("why", is_required=True),
    )
    if trusted.until > one_year_after(trusted.since):
        entry.faults.append("until is more than a year after since")
    return trusted


def override_of(entry: Entry) -> Override:
    """`[[override]]` of the policy: one archive, one source."""
    return Override(
        source=entry.name("source"),
        project=entry.project(),
        archive=entry.archive("archive"),
        why=entry.text("why", is_required=True),
    )
