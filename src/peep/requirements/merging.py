"""Merging of all lines that name one project, constraints included, into one pin.

The rule: exactly one version or URL must come out of them, and a digest counts only if every line that lists hashes
lists it (THREATS R9). A constraint's pin and hashes so complete a requirement that has none.
"""

from __future__ import annotations

from collections.abc import Sequence

from peep.errors import RequirementsError
from peep.formats.markers import satisfies
from peep.formats.names import normalised
from peep.formats.versions import same_version
from peep.model import Digest, HashForm, MalformedHash, PinnedRequirement
from peep.requirements.file_parser import RequirementLine
from peep.requirements.requirement_text import RequirementKind
from peep.requirements.sources import direct_url, source_of


def pinning_line(lines: Sequence[RequirementLine]) -> RequirementLine | None:
    """The first line that says which version or URL, a requirement before a constraint; None when none does."""
    exact = [
        line for line in lines if line.parsed.version is not None or line.parsed.kind is not RequirementKind.VERSION
    ]
    return min(exact, key=lambda line: line.is_constraint, default=None)


def by_version(lines: Sequence[RequirementLine]) -> list[list[RequirementLine]]:
    """Lines of one project in a group for each version or URL that they name; lines that name none are in each."""
    groups: list[tuple[RequirementLine, list[RequirementLine]]] = []
    for line in lines:
        if pinning_line([line]) is None:
            continue
        group = next((group for first, group in groups if _is_same_choice(first, line)), None)
        if group is None:
            groups.append((line, group := []))
        group.append(line)
    open_lines = [line for line in lines if pinning_line([line]) is None]
    return [[*group, *open_lines] for _, group in groups] or [open_lines]


def _is_same_choice(one: RequirementLine, other: RequirementLine) -> bool:
    if one.parsed.version is None or other.parsed.version is None:
        return (one.parsed.version, direct_url(one.parsed)) == (other.parsed.version, direct_url(other.parsed))
    return same_version(one.parsed.version, other.parsed.version)


def merge(lines: Sequence[RequirementLine], pinning: RequirementLine, default_form: HashForm) -> PinnedRequirement:
    """Make the pin that all `lines` of one project agree on; `default_form` is for one that lists no hash.

    Raises `RequirementsError` when they disagree in version, URL or hashes.
    """
    for line in lines:
        _refuse_disagreement(line, pinning)
    required = [line for line in lines if not line.is_constraint]
    malformed = tuple(wrong for line in lines for wrong in line.malformed_hashes)
    forms = [line.hash_form for line in lines if line.hash_form is not None]
    return PinnedRequirement(
        name=normalised(pinning.parsed.name),
        written_name=required[0].parsed.name or pinning.parsed.name,
        version=pinning.parsed.version,
        locations=tuple(dict.fromkeys(line.location for line in (*required, pinning, *lines))),
        hashes=_common_hashes(lines, malformed),
        malformed_hashes=malformed,
        hash_form=forms[0] if forms else default_form,
        arbitrary_equality=pinning.parsed.arbitrary_equality,
        source=source_of(pinning.parsed, is_editable=pinning.is_editable),
        extras=tuple(sorted({extra for line in required for extra in line.parsed.extras})),
        marker=required[0].parsed.marker or None,
        config_settings=tuple(setting for line in required for setting in line.config_settings),
    )


def _refuse_disagreement(line: RequirementLine, pinning: RequirementLine) -> None:
    pin, other = pinning.parsed, line.parsed
    if line is pinning or (other.kind is RequirementKind.VERSION and not other.specifier):
        return
    if other.kind is not RequirementKind.VERSION or pin.kind is not RequirementKind.VERSION:
        # A version range beside a URL is checked against the archive's own version later.
        is_range = RequirementKind.VERSION in (other.kind, pin.kind) and other.version is None and pin.version is None
        agrees = is_range or (other.kind is pin.kind and direct_url(other) == direct_url(pin))
    elif other.version is None:
        agrees = satisfies(pin.version or "", other.specifier)
    else:
        agrees = same_version(other.version, pin.version or "")
    if not agrees:
        raise RequirementsError(
            line.location,
            f"{line.parsed.name} is asked for in a way that {pinning.location} rules out",
            "keep one version or URL for each project" + _whole_version(line, pinning),
        )


def _whole_version(*lines: RequirementLine) -> str:
    """Say how both of two lines may hold that are meant for different micro versions of one Python."""
    are_divided = all("python_full_version" in (line.parsed.marker or "") for line in lines)
    return "; their markers ask which micro version it is: --python-version 3.11.4, not 3.11" if are_divided else ""


def _common_hashes(lines: Sequence[RequirementLine], malformed: tuple[MalformedHash, ...]) -> tuple[Digest, ...]:
    listing = [line for line in lines if line.hashes or line.malformed_hashes]
    if len(listing) < 2:  # noqa: PLR2004 - two can differ
        return listing[0].hashes if listing else ()
    common = dict.fromkeys(listing[0].hashes)
    for line in listing[1:]:
        listed = set(line.hashes)
        common = {digest: None for digest in common if digest in listed}
    if not common and not malformed:
        places = " and ".join(str(line.location) for line in listing[:-1])
        raise RequirementsError(
            listing[-1].location,
            f"{listing[-1].parsed.name} lists no hash that {places} lists as well",
            "list the same hashes in both places",
        )
    return tuple(common)
