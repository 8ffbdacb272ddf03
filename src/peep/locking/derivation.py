"""Sentence that says why targets have no solution, naming the lines of the sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

from peep.errors import PeepError
from peep.locking.group_judge import Unusable, python_thresholds
from peep.locking.solution import Fact, Unsolvable

_MOST_FACTS = 8
_MOST_VERSIONS = 3
_MOST_UNUSABLE = 5


class NoSolution(PeepError):
    """Targets without a solution; all of them are told at once."""

    def __init__(self, failures: Sequence[Unsolvable]) -> None:
        super().__init__("\n".join(sentences(failures)), _hint(failures))
        self.failures = tuple(failures)


def _hint(failures: Sequence[Unsolvable]) -> str:
    builds = sorted({one.release.project for failure in failures for one in failure.unusable if one.needs_build})
    if builds:
        return f"--allow-build {builds[0]} lets its build backend say what it requires, in the sandbox"
    if any(len(one.group.members) > 1 and any(each.without_file for each in one.unusable) for one in failures):
        return "no marker tells these targets apart: only separate files, one for each, can hold different versions"
    return next((hint for failure in failures for hint in _micro_hints(failure)), "")


def _micro_hints(failure: Unsolvable) -> Iterator[str]:
    """Say what to declare where only later micro versions of a Python can use a release."""
    major, minor, micro = failure.group.version
    for one in failure.unusable:
        texts = {each.file.requires_python for each in one.release.files if each.file.requires_python}
        later = [step for text in texts for step in python_thresholds(text, (major, minor)) if step > micro]
        if later:
            exact, name = f"{major}.{minor}.{min(later)}", one.release.project
            yield (
                f"a target without a micro version means each of {major}.{minor}: require {name} where "
                f"python_full_version >= '{exact}', or declare one version, such as cp{exact}-…"
            )


def sentence(failure: Unsolvable) -> str:
    """Tell which project cannot be had, what asks for it in which version, and by which line of the sources."""
    [told] = sentences([failure])
    return told


def sentences(failures: Sequence[Unsolvable]) -> list[str]:
    """Do as `sentence` for several targets: what holds for some alike is said once, with all of their names."""
    groups: dict[tuple[str, str], list[str]] = {}
    for failure in failures:
        subject = _subject(failure)
        groups.setdefault((subject, _why(subject, failure)), []).append(str(failure.group))
    return [f"no version of {subject} suits {', '.join(names)}{why}" for (subject, why), names in groups.items()]


def _why(subject: str, failure: Unsolvable) -> str:
    facts = [fact for fact in failure.facts if fact.child == subject]
    reasons = _joined(_requests(facts, failure.facts))
    if subject in failure.missing:
        return f": {failure.missing[subject]}, and {reasons}"
    unusable = [one for one in failure.unusable if one.release.project == subject]
    newest = failure.offered.get(subject, ())
    offered = [f"the newest offered: {', '.join(newest)}"] if newest else []
    is_short = offered or unusable  # of versions or files, which another index might have
    first_comes = [failure.first_comes[subject]] if is_short and subject in failure.first_comes else []
    return "; ".join((f": {reasons}" if reasons else "", *offered, *_told_unusable(unusable), *first_comes))


def _told_unusable(unusable: Sequence[Unusable]) -> Iterator[str]:
    """Tell why those that were looked at could not be used; of builds, whose reasons are alike, of the newest alone."""
    builds = [one for one in unusable if one.needs_build][1:]
    looked_at = [one for one in unusable if not one.is_passed_over and one not in builds]
    passed_over = [one for one in unusable if one.is_passed_over]
    shown = looked_at[:_MOST_UNUSABLE] if looked_at else passed_over[:_MOST_UNUSABLE]
    yield from (f"{one.release.text} {one.reason}" for one in shown)
    if builds:
        yield f"{_versions([one.release.text for one in builds])} would have to be built as well"
    if looked_at[_MOST_UNUSABLE:]:
        yield f"{len(looked_at) - _MOST_UNUSABLE} more cannot be used either"
    yield from _told_passed_over([one for one in passed_over if one not in shown])


def _told_passed_over(unusable: Sequence[Unusable]) -> Iterator[str]:
    """Tell of those that nobody looked at, and how they are reached."""
    archives = [one.release for one in unusable if one.has_source_alone]
    others = len(unusable) - len(archives)
    if archives:
        narrower = f"{archives[0].project}<={archives[0].text}"
        names = _versions([release.text for release in archives])
        yield f"{names}, with source archives alone as well, not looked into: require {narrower} to have that done"
    if others:
        yield f"{others} pre-release{'' if others == 1 else 's'}, which nothing asks for"


def _subject(failure: Unsolvable) -> str:
    """Choose the project whose facts leave no usable version; the one with the fewest facts, then by name."""
    names = sorted({fact.child for fact in failure.facts})
    if failure.missing:
        return min(failure.missing)
    impossible = [name for name in names if _is_impossible(name, failure)]
    counts = {name: sum(fact.child == name for fact in failure.facts) for name in names}
    if impossible:
        return min(impossible, key=lambda name: (counts[name], name))
    return max(names, key=lambda name: (counts[name], name), default="anything")


def _is_impossible(name: str, failure: Unsolvable) -> bool:
    allowed = reduce(lambda left, fact: left & fact.allowed, _of(name, failure.facts), -1)
    unusable = sum(one.release.project == name for one in failure.unusable)
    return allowed >= 0 and allowed.bit_count() <= unusable


def _of(name: str, facts: Sequence[Fact]) -> list[Fact]:
    return [fact for fact in facts if fact.child == name]


def _requests(facts: Sequence[Fact], everything: Sequence[Fact]) -> Iterator[str]:
    for fact in facts[:_MOST_FACTS]:
        yield f"{_requirer(fact, everything)} requires {fact.edge}"
    if len(facts) > _MOST_FACTS:
        yield f"{len(facts) - _MOST_FACTS} more requirements"


def _requirer(fact: Fact, everything: Sequence[Fact]) -> str:
    if fact.origin is not None:
        return str(fact.origin.location)
    extra = f"[{fact.extra}]" if fact.extra else ""
    return f"{fact.parent}{extra} {_versions(fact.versions)} ({_origin(fact.parent, everything, ())})"


def _versions(versions: Sequence[str]) -> str:
    if len(versions) <= _MOST_VERSIONS:
        return ", ".join(versions)
    return f"{versions[-1]} to {versions[0]}"


def _origin(name: str, everything: Sequence[Fact], above: tuple[str, ...]) -> str:
    """Give back the line of the source that asks for a project, or what it is required by, up to that line."""
    asking = [fact for fact in everything if fact.child == name]
    roots = sorted(str(fact.origin.location) for fact in asking if fact.origin is not None)
    if roots:
        return ", ".join(roots[:_MOST_VERSIONS])
    parents = [fact for fact in asking if fact.parent and fact.parent not in (*above, name)]
    if not parents:
        return "an indirect requirement"
    first = parents[0]
    return f"required by {first.parent} ({_origin(first.parent, everything, (*above, name))})"


def _joined(parts: Iterator[str]) -> str:
    return ", and ".join(parts)
