"""The statement that a person makes with an audit record: one line of a text, to be uncommented."""

from __future__ import annotations

from collections.abc import Mapping

from peep.errors import VettingError
from peep.vetting.records import Audit, Criterion

_WIDTH = 96


def statement_of(audit: Audit) -> str:
    """The sentence that its writer answers for."""
    what = "all of these archives"
    if audit.since:
        what = f"all that changed in these archives since {', '.join(line.filename for line in audit.since)}"
    if audit.skipped:
        what += f", but for {', '.join(audit.skipped)}"
    return f"I, {audit.by}, read {what}, and they are {' and '.join(audit.criteria)}."


def text_to_edit(audit: Audit, criteria: Mapping[str, Criterion]) -> str:
    """What the editor shows: the archives, the criteria's texts and the sentence, all commented out."""
    archives = [f"#     {line}" for line in audit.archives]
    lines = [f"# {audit.project} {audit.version}".rstrip(), "#", *archives, "#"]
    for name in audit.criteria:
        lines += [f"# {name}:", *(f"#     {part}" for part in _folded(criteria[name].text)), "#"]
    return "\n".join(
        [
            *lines,
            "# Take the # away from the next line if it is true. What you write below it becomes the notes.",
            "# Left as it is, nothing is recorded.",
            "",
            f"# {statement_of(audit)}",
            "",
        ]
    )


def notes_in(text: str, audit: Audit) -> str:
    """The notes of an edited text. Raises `VettingError` unless its sentence was uncommented, unchanged."""
    lines = [line.rstrip() for line in text.splitlines()]
    statement = statement_of(audit)
    if statement not in (line.strip() for line in lines):
        raise VettingError("nothing was stated, so nothing was recorded")
    notes = [line for line in lines if not line.startswith("#") and line.strip() != statement]
    return "\n".join(notes).strip()


def _folded(text: str) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > _WIDTH:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return lines
