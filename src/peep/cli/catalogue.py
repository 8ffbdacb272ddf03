"""Everything that peep's help and its completion know: peep's verbs with their options, and the names of pip's."""

from __future__ import annotations

from importlib import import_module

from peep.cli.start import SHARED_VERBS, VERBS
from peep.cli.verb import Verb

PIPS_VERBS = (
    "cache",
    "config",
    "debug",
    "index",
    "inspect",
    "list",
    "search",
    "show",
    "uninstall",
)
"""Verbs that pip has and peep does not; whatever else is given goes to pip as well."""


def peeps_verbs() -> tuple[Verb, ...]:
    """Every verb of peep's, in the order of their names."""
    modules = {**VERBS, **SHARED_VERBS}
    return tuple(verb_named(name) for name in sorted(modules))


def verb_named(name: str) -> Verb:
    """The description of one of peep's verbs; raises KeyError for others."""
    described: Verb = import_module({**VERBS, **SHARED_VERBS}[name]).VERB
    return described
