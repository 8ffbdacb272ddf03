"""Verdicts, chains and counts of vetting as lines for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from peep.cli.output.problem_json import problems_as_json
from peep.cli.output.report_parts import plain
from peep.cli.output.text import counted

if TYPE_CHECKING:
    from peep.vetting.import_gains import ImportGain
    from peep.vetting.suggestion import Suggestion, TrustGain
    from peep.vetting.verdicts import Step, Subject
    from peep.workflows.examine import Examination, ExaminedArchive
    from peep.workflows.vetting_attest import Attested


_MOST_ARCHIVES = 3
"""Of one release, that are named each by itself; `--explain NAME` and `--format json` name all of them."""


def examination_lines(found: Examination, suggested: int) -> list[str]:
    """What is not examined, one archive each, or one release; what to do; then one line that counts."""
    lines = _verdict_lines([one for one in found.archives if not one.verdict.is_examined])
    lines += [f"{plain(one.text)} ({one.location}): {plain(one.reason)}" for one in found.unusable]
    lines += [f"ignored: {plain(str(one))}" for one in found.ignored]
    if rows := _suggestion_rows(found.suggestions[:suggested]):
        lines += ["", "to read next:", *(f"    {row}" for row in rows)]
        left = len(found.suggestions) - len(rows)
        lines += [f"    and {left} more (--suggest N)"] * bool(left)
    lines += [_import_gain_line(gain) for gain in found.import_gains]
    lines += [
        f"trusting {plain(gain.publisher)} would settle {counted(gain.archives, 'archive')} of {plain(gain.project)}"
        for gain in found.gains
    ]
    lines += [f"not asked about, for no hash can vouch for a folder: {plain(one)}" for one in found.folders]
    return [*lines, examination_summary(found)]


def _import_gain_line(gain: ImportGain) -> str:
    """Such as `mapping reviewed of partner would settle 3 archives`."""
    ways = [f"mapping {plain(', '.join(gain.unmapped))}"] * bool(gain.unmapped)
    ways += [f"no longer excluding {plain(', '.join(gain.excluded))}"] * bool(gain.excluded)
    return f"{' and '.join(ways)} of {plain(gain.source)} would settle {counted(gain.archives, 'archive')}"


def examination_summary(found: Examination) -> str:
    """Such as `12 archives for safe-to-run: 9 read, 1 same, 2 unexamined; 3 excused until 2027-01-31`.

    The `9 read` may rest on one that is excused; where only those that are excused themselves do, that is told once.
    """
    counts: dict[str, int] = {}
    for one in found.archives:
        counts[one.verdict.word.value] = counts.get(one.verdict.word.value, 0) + 1
    ends = [f"{count} excused until {end}" for end, count in found.excused]
    is_told = len(ends) == 1 and found.excused[0][1] == counts.get("excused")
    words = [ends[0] if is_told and word == "excused" else f"{count} {word}" for word, count in counts.items()]
    told = ", ".join(words) or "nothing is listed"
    excused = "" if is_told else "".join(f"; {one}" for one in ends)
    return f"{counted(len(found.archives), 'archive')} for {plain(found.criterion)}: {told}{excused}"


def _verdict_lines(archives: Iterable[ExaminedArchive]) -> list[str]:
    """A line for each archive; one for all of a release of which the same is to be said, where they are many."""
    groups: dict[tuple[str, str, str], list[Subject]] = {}
    for one in archives:
        subject = one.verdict.subject
        groups.setdefault((subject.name, subject.version or "", _verdict_text(one)), []).append(subject)
    lines: list[str] = []
    for (name, version, told), subjects in groups.items():
        if len(subjects) > _MOST_ARCHIVES:
            lines.append(f"{plain(f'{name} {version}'.strip())}: {len(subjects)} archives: {told}")
        else:
            lines += [f"{_release(one)}: {told}: {_archive(one)}" for one in subjects]
    return lines


def _verdict_text(one: ExaminedArchive) -> str:
    told = [one.verdict.word.value]
    told += [f"{plain(found.source or found.by)} ({found.on}): {plain(found.why)}" for found in one.verdict.objections]
    if one.would_do:
        told.append(f"accept-{one.would_do} = false, else it were examined")
    elif nearest := one.nearest.below or one.nearest.above:
        word = "excused" if nearest.is_excused else "examined"
        told.append(f"{word}: {plain(nearest.version)} ({plain(nearest.by)}, {nearest.on})")
    return "; ".join(told)


def subject_name(subject: Subject) -> str:
    """Project, version, and the archive by its name, else by its digest."""
    return f"{_release(subject)}: {_archive(subject)}"


def _release(subject: Subject) -> str:
    return plain(f"{subject.name} {subject.version or ''}".strip())


def _archive(subject: Subject) -> str:
    return plain(subject.filename or subject.key or "an archive whose sha256 is not known")


def _suggestion_rows(suggestions: Sequence[Suggestion]) -> list[str]:
    """In columns: the command, its price, and who uses the project; what is longer than usual moves the rest."""
    rows = [(diff_command(one), _price(one), _users(one)) for one in suggestions]
    wide = [min(max((len(row[place]) for row in rows), default=0), most) for place, most in enumerate((36, 34))]
    return [f"{command:{wide[0]}}      {price:{wide[1]}}        {users}".rstrip() for command, price, users in rows]


def _price(one: Suggestion) -> str:
    if one.cost is None:
        return ""
    verb = "runs" if one.cost.run == 1 else "run"
    compiled = f", {one.cost.compiled} compiled bytes" if one.cost.compiled else ""
    return f"{counted(one.cost.run, 'line')} that {verb}, {counted(one.cost.other, 'other')}{compiled}"


def _users(one: Suggestion) -> str:
    return f"used by {plain(', '.join(one.used_by))}" if one.used_by else ""


def diff_command(one: Suggestion) -> str:
    """The command that shows what is to be read."""
    comparison = one.comparison
    if not comparison.old_version:
        return f"peep diff {plain(comparison.project)} {plain(comparison.new_version)} --full"
    return f"peep diff {plain(comparison.project)} {plain(comparison.old_version)} {plain(comparison.new_version)}"


def explanation_lines(archives: Iterable[ExaminedArchive], today: date) -> list[str]:
    """For each archive what its verdict rests on: a line a step."""
    lines: list[str] = []
    for one in archives:
        verdict = one.verdict
        was = "was" if verdict.is_examined else "was not"
        was = "is excused, and was not" if verdict.word.value == "excused" else was
        lines.append(f"{subject_name(verdict.subject)} {was} examined for {plain(verdict.criterion)} ({today})")
        lines += [f"    {_step_line(step, one.chain)}" for step in one.chain]
        lines += [
            f"    {plain(found.source or found.by)} objects ({found.on}): {plain(found.why)}"
            for found in verdict.objections
        ]
        if not (verdict.is_examined or verdict.objections):
            lines += [f"    {_why_unexamined(one)}"]
    return lines


def _why_unexamined(one: ExaminedArchive) -> str:
    if one.would_do:
        return f"records lead to it that the policy does not accept: accept-{one.would_do} = false"
    nearest = ", ".join(plain(found.version) for found in one.nearest.both)
    return f"no record leads to it; examined versions next to it: {nearest or 'none'}"


def _step_line(step: Step, chain: Sequence[Step]) -> str:
    names = {one.key: one.filename for one in chain}
    since = " and ".join(plain(names[key]) for key in step.since)
    until = f" until {step.until}" if step.until else ""
    source = f", of {plain(step.source)}" if step.source else ""
    told = f"{step.basis.value}{f' since {since}' if since else ''}{until}"
    return f"{plain(step.filename)}: {told}; {plain(step.by)}{source}"


def attested_line(one: Attested) -> str:
    """Such as `idna-3.20.tar.gz: github:kjd/idna/.github/workflows/deploy.yml, commit 0a1b…, 2026-11-02; trusted`."""
    told = [
        f"{each.publisher}, commit {each.commit} of {each.ref}, {each.on} (repository {each.repository_id}, "
        f"owner {each.owner_id})"
        for each in one.published
    ]
    told += [one.reason] if one.reason else []
    told += [] if told else ["its index has no provenance of it"]
    told += ["trusted by policy.toml"] * one.is_trusted
    told += ["NOT the account that policy.toml trusts under that name"] * one.is_impostor
    told += [f"{one.change.value}: {one.evidence}"] if one.change else []
    return f"{plain(one.offered.line.filename)}: {plain('; '.join(told))}"


def examination_json(found: Examination, suggested: int) -> dict[str, Any]:
    """The whole examination (docs/json-output.md)."""
    return {
        "criterion": found.criterion,
        "today": found.today.isoformat(),
        "examined": found.is_examined,
        "archives": [_archive_json(one) for one in found.archives],
        "folders": list(found.folders),
        "ignored": [str(one) for one in found.ignored],
        "suggestions": [_suggestion_json(one) for one in found.suggestions[:suggested]],
        "would_settle": [*map(_trust_json, found.gains), *map(_import_json, found.import_gains)],
        **problems_as_json(found.unusable),
    }


def _trust_json(gain: TrustGain) -> dict[str, Any]:
    return {"trusted": gain.publisher, "import": None, "project": gain.project, "archives": gain.archives}


def _import_json(gain: ImportGain) -> dict[str, Any]:
    return {"trusted": None, "import": gain.source, "project": None, "archives": gain.archives}


def _archive_json(one: ExaminedArchive) -> dict[str, Any]:
    verdict, subject = one.verdict, one.verdict.subject
    return {
        "name": subject.name,
        "version": subject.version or None,
        "filename": subject.filename or None,
        "sha256": subject.key if subject.key and not subject.is_commit else None,
        "commit": subject.key if subject.is_commit else None,
        "verdict": verdict.word.value,
        "standing": verdict.standing.word if verdict.standing is not None else None,
        "compiled": verdict.has_compiled,
        "until": verdict.until.isoformat() if verdict.until else None,
        "would_do": one.would_do or None,
        "chain": [_step_json(step, one.chain) for step in one.chain],
        "objections": [
            {"by": found.by, "on": found.on.isoformat(), "why": found.why, "source": found.source or None}
            for found in verdict.objections
        ],
        "nearest": [str(line) for version in one.nearest.both for line in version.archives],
        "locations": [{"path": place.path, "line": place.line} for place in one.locations],
    }


def _step_json(step: Step, chain: Sequence[Step]) -> dict[str, Any]:
    lines = {one.key: f"{one.key}  {one.filename}" for one in chain}
    return {
        "archive": step.key if step.key.startswith("git:") else lines[step.key],
        "basis": step.basis.value,
        "by": step.by,
        "on": step.on.isoformat(),
        "source": step.source or None,
        "since": [lines[key] for key in step.since],
    }


def _suggestion_json(one: Suggestion) -> dict[str, Any]:
    return {
        "command": diff_command(one),
        "run": one.cost.run if one.cost else None,
        "other": one.cost.other if one.cost else None,
        "compiled": one.cost.compiled if one.cost else None,
        "used_by": list(one.used_by),
    }
