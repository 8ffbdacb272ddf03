"""Criteria and what they imply: the two built-in ones, a project's own, those of an import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from peep.vetting.records import Criterion

SAFE_TO_RUN = "safe-to-run"
SAFE_TO_DEPLOY = "safe-to-deploy"

BUILT_IN: Mapping[str, Criterion] = {
    SAFE_TO_RUN: Criterion(
        SAFE_TO_RUN,
        "Building it, importing it, and what it puts into start-up files (.pth files, sitecustomize, entry points) "
        "can be done on a developer's machine or in continuous integration without surprise: nothing there reads "
        "secrets, leaves the project's own files, speaks to the network or starts programs, unless that is what the "
        "project is plainly for and its user asked for it.",
    ),
    SAFE_TO_DEPLOY: Criterion(
        SAFE_TO_DEPLOY,
        "Besides, it can stand in production before hostile input: the reader looked at all code that runs, found no "
        "serious flaw in how it treats input that others control (deserialising, templates, paths, native code), and "
        "knows of none that is open.",
        (SAFE_TO_RUN,),
    ),
}


def all_criteria(own: Mapping[str, Criterion]) -> dict[str, Criterion]:
    """The built-in criteria and `own`, by name."""
    return {**BUILT_IN, **own}


def with_implied(names: Iterable[str], criteria: Mapping[str, Criterion]) -> frozenset[str]:
    """`names` and all that they imply, through any number of steps; names that `criteria` lacks imply nothing."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += criteria[name].implies if name in criteria else ()
    return frozenset(found)


def in_our_words(names: Iterable[str], mapping: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What an import's criteria mean here: built-in names stay, others become what `mapping` says, or nothing."""
    ours = (mapping.get(name, (name,) if name in BUILT_IN else ()) for name in names)
    return tuple(sorted({name for part in ours for name in part}))


def violated(names: Iterable[str], criteria: Mapping[str, Criterion]) -> frozenset[str]:
    """Every criterion that can't be met where those of `names` are violated: these, and all that imply one of them."""
    broken = set(names)
    return frozenset(name for name in criteria if with_implied([name], criteria) & broken) | broken
