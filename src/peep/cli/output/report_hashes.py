"""Report entries that show hashes: mismatches, and archives that nobody has vetted."""

from __future__ import annotations

import re

from peep.cli.output.report_parts import DEEPER, INDENT, hanging, heading, places, plain
from peep.cli.output.text import size_text
from peep.errors import HashMismatch, HashMissing
from peep.formats.url_secrets import redacted, redacted_start
from peep.model import Candidate, Digest, HashForm, IndexFile, PinnedRequirement, listed_digest, listed_hashes
from peep.requirements.hashes import hash_line

_DATE_AND_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}))?", re.ASCII)

_DIGITS_TO_TELL = 12
"""Characters of a hash that tell it from the others of one requirement."""


def mismatch_lines(problem: HashMismatch, width: int | None) -> str:
    """What was expected and what came, one below the other, then the facts that tell a new upload from an attack."""
    pin = problem.candidate.pin
    listed = listed_hashes(pin, problem.candidate.file.filename)
    expected = [*(_shown(digest, pin) for digest in listed), *_malformed(pin)]
    algorithms = {digest.algorithm for digest in listed} or {"sha256"}
    got = [_shown(digest, pin) for digest in problem.got if digest.algorithm in algorithms]
    label = "expected one of " if len(expected) > 1 else "expected "
    lines = [f"{INDENT}{heading(pin)} ({places(pin)})"]
    lines += _aligned(label, expected) + _aligned("got ".rjust(len(label)), got)
    lines += [hanging(f"{name}: ", plain(text), width, DEEPER) for name, text in _facts(problem)]
    return "\n".join(lines)


def missing_lines(problem: HashMissing) -> str:
    """Lines to paste, in the form that the file uses; what is about to be trusted stands in a comment above them."""
    pin = problem.candidate.pin
    seen = "peep has seen this digest before" if problem.seen_before else "peep has never seen this digest before"
    *facts, origin = _file_facts(problem.candidate.file, problem.size)
    comment = f"# file: {plain(', '.join(facts))}\n# {plain(origin)}; {seen}"
    requirement = _requirement(pin, problem.version)
    if pin.hash_form is HashForm.COMMENT:
        return f"{comment}\n{hash_line(problem.got, pin.hash_form)}\n{requirement}"
    if pin.hash_form is HashForm.LOCK:
        return f'# {requirement}\n{comment}\nhashes = {{{problem.got.algorithm} = "{problem.got.hex}"}}'
    return f"{comment}\n{requirement} \\\n{INDENT}{hash_line(problem.got, pin.hash_form)}"


def _facts(problem: HashMismatch) -> list[tuple[str, str]]:
    candidate = problem.candidate
    facts = [("file", ", ".join(_file_facts(candidate.file, problem.size)))]
    still = [offer for file in candidate.offered if (offer := _offer(file, candidate))]
    if not still and _is_everything_unlisted(candidate):
        still = ["no file of this version that has a hash which you list"]
    facts += [("still offered", offer) for offer in sorted(still)]
    if problem.story:
        facts.append(("likely cause", problem.story))
    return facts


def _offer(file: IndexFile, candidate: Candidate) -> str:
    """Describe a file that the index says has a listed hash; '' for one of which it does not say so."""
    pin = candidate.pin
    digest = listed_digest(file.hashes, pin, file.filename)
    if digest is None:
        return ""
    if file == candidate.file:
        return f"{file.filename}, going by the index: what came in its place is something else"
    facts = [file.filename]
    if file.upload_time:
        facts.append(f"uploaded {_moment(file.upload_time)}")
    if file.index != candidate.file.index:
        facts.append(f"from {redacted(file.index)}")
    shown = _shown(digest, pin)
    return f"{', '.join(facts)}, which you list as {shown[: shown.find(':') + 1 + _DIGITS_TO_TELL]}..."


def _is_everything_unlisted(candidate: Candidate) -> bool:
    """Whether the index states comparable digests of all its files, so that it can be said that none is listed."""
    algorithms = {digest.algorithm for digest in candidate.pin.hashes}
    return bool(candidate.offered) and all(
        any(digest.algorithm in algorithms for digest in file.hashes) for file in candidate.offered
    )


def _file_facts(file: IndexFile, size: int) -> list[str]:
    facts = [file.filename, size_text(size)]
    if file.upload_time:
        facts.append(f"uploaded {_moment(file.upload_time)}")
    if file.yanked is not None:
        facts.append(f"yanked ({redacted_start(file.yanked, 200)})" if file.yanked else "yanked")
    facts.append(f"from {redacted(file.index or file.url)}")
    return facts


def _moment(text: str) -> str:
    """RFC 3339 text to the minute, as the index states it."""
    found = _DATE_AND_TIME.match(text)
    if not found:
        return text[:40]
    return f"{found[1]} {found[2]} UTC" if found[2] and text.endswith("Z") else found[1]


def _requirement(pin: PinnedRequirement, version: str) -> str:
    """The requirement as a line of its own, with the actual version number where it has one."""
    extras = f"[{','.join(pin.extras)}]" if pin.extras else ""
    if pin.url is not None:
        subdirectory = f"#subdirectory={pin.subdirectory}" if pin.subdirectory else ""
        text = f"{pin.written_name}{extras} @ {redacted(pin.url)}{subdirectory}"
    else:
        text = f"{pin.written_name}{extras}{'===' if pin.arbitrary_equality else '=='}{version or pin.version}"
    return plain(f"{text} ; {pin.marker}" if pin.marker else text)


def _malformed(pin: PinnedRequirement) -> list[str]:
    return [f"{plain(wrong.text)} (no hash: {plain(wrong.reason)}; {wrong.location})" for wrong in pin.malformed_hashes]


def _shown(digest: Digest, pin: PinnedRequirement) -> str:
    """A digest as the user's file writes it, so that a search finds it there."""
    if pin.hash_form is HashForm.COMMENT and digest.algorithm == "sha256":
        return hash_line(digest, HashForm.COMMENT).rpartition(" ")[2]
    return str(digest)


def _aligned(label: str, texts: list[str]) -> list[str]:
    blank = " " * len(label)
    return [f"{DEEPER}{blank if number else label}{text}" for number, text in enumerate(texts)]
