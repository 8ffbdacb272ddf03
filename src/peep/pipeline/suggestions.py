"""Suggestions of lines for what is not listed: made when a run fails, for a person to vet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from peep.dataclass import replace
from peep.errors import OmittedDependency, PeepError, Problem, TransportError
from peep.http.file_urls import path_of_file_url
from peep.model import (
    FormatControl,
    HashForm,
    IndexFile,
    PinnedRequirement,
    ProjectDetail,
    TargetEnvironment,
    sha256_among,
)
from peep.pipeline.fetch import WheelProvider
from peep.requirements.hashes import hash_line


class Suggestions:
    """Asks the indexes of a run; after the first failure nobody is asked again, since a report can do without."""

    def __init__(self, provider: WheelProvider) -> None:
        self._provider = provider
        self._has_failed = False

    def lines(self, name: str, wanted: Sequence[str], form: HashForm = HashForm.OPTION) -> tuple[str, ...]:
        """Lines to paste for a project that fits all of `wanted` (PEP 508 texts): the newest version, with hashes.

        () when there is no such version, no index to ask, or for a lock file, whose entries nobody writes by hand.
        """
        if self._has_failed or form is HashForm.LOCK:
            return ()
        provider = self._provider
        try:
            details = provider.open_index().project(name)
        except PeepError:
            self._has_failed = True
            return ()
        hashed = [replace(detail, files=tuple(map(_hashed, detail.files))) for detail in details]
        return lines_to_paste(name, wanted, hashed, provider.target, provider.formats, form)


def _hashed(file: IndexFile) -> IndexFile:
    """A folder of `--find-links` states no digests: its files are hashed, since they are as near as their names."""
    if not file.url.startswith("file:") or sha256_among(file.hashes) is not None:
        return file
    from peep.system.file_digest import digest_of_file  # noqa: PLC0415 - only a run that fails hashes a folder

    try:
        digest, _ = digest_of_file(path_of_file_url(file.url))
    except (OSError, TransportError):  # the report can do without
        return file
    return replace(file, hashes=(*file.hashes, digest))


def lines_to_paste(
    name: str,
    wanted: Sequence[str],
    details: Sequence[ProjectDetail],
    target: TargetEnvironment,
    formats: FormatControl,
    form: HashForm = HashForm.OPTION,
) -> tuple[str, ...]:
    """Lines for the newest version of a project's pages that fits all of `wanted` and the target, with hashes."""
    from peep.index.suggestion import suggested_pin  # noqa: PLC0415 - only a run that fails suggests anything

    pin = suggested_pin(name, wanted, details, target, formats)
    if pin is None:
        return ()
    head, hashes = f"{name}=={pin.version}", [hash_line(digest, form) for digest in pin.digests]
    if form is HashForm.COMMENT:
        return (*hashes, head)
    lines = [head, *(f"    {text}" for text in hashes)]
    return (*(f"{line} \\" for line in lines[:-1]), lines[-1])


def with_suggestions(
    problems: Iterable[Problem], provider: WheelProvider, pins: Iterable[PinnedRequirement]
) -> list[Problem]:
    """The problems, those of projects that are not listed with lines to paste, in the form that their file uses."""
    found = list(problems)
    omitted = [problem for problem in found if isinstance(problem, OmittedDependency)]
    if not omitted:
        return found
    lines = _lines(omitted, Suggestions(provider), {pin.name: pin.hash_form for pin in pins})
    return [
        replace(problem, suggestion=lines[problem.name]) if isinstance(problem, OmittedDependency) else problem
        for problem in found
    ]


def _lines(
    omitted: Sequence[OmittedDependency], suggestions: Suggestions, forms: Mapping[str, HashForm]
) -> dict[str, tuple[str, ...]]:
    wanted: dict[str, dict[str, None]] = {}
    for problem in omitted:
        wanted.setdefault(problem.name, {})[problem.requirement.partition(";")[0].strip()] = None
    requirers = {problem.name: problem.chain[0] for problem in reversed(omitted)}
    return {
        name: suggestions.lines(name, tuple(texts), forms.get(requirers[name], HashForm.OPTION))
        for name, texts in wanted.items()
    }
