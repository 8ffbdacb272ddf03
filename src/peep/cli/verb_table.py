"""Table of verbs: the module that describes and runs each of peep's."""

# ruff: noqa: PLC0415 -- a verb's module is imported when it is wanted: each run pays for one verb
from __future__ import annotations

import os

from peep.cli.verb import Verb, VerbModule
from peep.cli.verb_places import SHARED_VERBS, VERBS

SHORT_OPTIONS_WITH_VALUE = "Cbcdefitw"
"""pip's short options, other than -r, that swallow the rest of their word."""


def module_for(verb: str, rest: list[str]) -> VerbModule | None:
    """The module that runs the verb, `rest` being the other words, or None when it is pip's."""
    if verb in SHARED_VERBS and not _is_ours(verb, rest):
        return None
    if verb == "completion" and ("--powershell" in rest or "-p" in rest):
        return None
    return verb_module(verb)


def verb_module(verb: str) -> VerbModule | None:
    """The module of one of peep's verbs; None for other verbs."""
    return _installing(verb) or _locking(verb) or _proving(verb) or _examining(verb) or _carrying(verb) or _around(verb)


def peeps_verbs() -> tuple[Verb, ...]:
    """Every verb of peep's, in the order of their names."""
    modules = (verb_module(name) for name in sorted((*VERBS, *SHARED_VERBS)))
    return tuple(module.VERB for module in modules if module is not None)


def _installing(verb: str) -> VerbModule | None:
    """Verbs that fetch and install."""
    module: VerbModule
    match verb:
        case "install":
            from peep.cli.verbs import install as module
        case "sync":
            from peep.cli.verbs import sync as module
        case "download":
            from peep.cli.verbs import download as module
        case "wheel":
            from peep.cli.verbs import wheel as module
        case _:
            return None
    return module


def _locking(verb: str) -> VerbModule | None:
    """Verbs that make lists and judge them."""
    module: VerbModule
    match verb:
        case "lock":
            from peep.cli.verbs import lock as module
        case "add":
            from peep.cli.verbs import add as module
        case "convert":
            from peep.cli.verbs import convert as module
        case "check":
            from peep.cli.verbs import check as module
        case _:
            return None
    return module


def _proving(verb: str) -> VerbModule | None:
    """Verbs that look at an environment, or at what is known of it."""
    module: VerbModule
    match verb:
        case "audit":
            from peep.cli.verbs import audit as module
        case "advisories":
            from peep.cli.verbs import advisories as module
        case "verify":
            from peep.cli.verbs import verify as module
        case "digest":
            from peep.cli.verbs import digest as module
        case "inventory":
            from peep.cli.verbs import inventory as module
        case "freeze":
            from peep.cli.verbs import freeze as module
        case _:
            return None
    return module


def _examining(verb: str) -> VerbModule | None:
    """Verbs for what nobody vouched for yet, and for the records of what was examined."""
    module: VerbModule
    match verb:
        case "diff":
            from peep.cli.verbs import diff as module
        case "examine":
            from peep.cli.verbs import examine as module
        case "certify":
            from peep.cli.verbs import certify as module
        case "vetting":
            from peep.cli.verbs import vetting as module
        case _:
            return None
    return module


def _carrying(verb: str) -> VerbModule | None:
    """Verbs for places that archives are kept in."""
    module: VerbModule
    match verb:
        case "bundle":
            from peep.cli.verbs import bundle as module
        case "mirror":
            from peep.cli.verbs import mirror as module
        case "store":
            from peep.cli.verbs import store as module
        case _:
            return None
    return module


def _around(verb: str) -> VerbModule | None:
    """Verbs for lists, archives and peep itself."""
    module: VerbModule
    match verb:
        case "hash":
            from peep.cli.verbs import hash as module
        case "port":
            from peep.cli.verbs import port as module
        case "check-wheel":
            from peep.cli.verbs import check_wheel as module
        case "status":
            from peep.cli.verbs import status as module
        case "embed":
            from peep.cli.verbs import embed as module
        case "completion":
            from peep.cli.verbs.completion import Completion

            return Completion(peeps_verbs)
        case "help":
            from peep.cli.verbs.help import Help

            return Help(verb_module)
        case _:
            return None
    return module


def _is_ours(verb: str, rest: list[str]) -> bool:
    if rest in (["--help"], ["-h"]):
        return True  # peep's help says when pip takes over
    if verb == "freeze":
        return any(word.startswith("--hashe") for word in rest)
    if verb == "check":
        return reads_requirements(rest) or names_lock_file(rest) or names_list(rest)
    return reads_requirements(rest) or any(word.startswith("--trust-local") for word in rest)


def names_lock_file(words: list[str]) -> bool:
    """Whether a plain argument is a `pylock.toml` or `pylock.NAME.toml`."""
    names = [word.replace("\\", "/").rpartition("/")[2] for word in words if not word.startswith("-")]
    return any(name.startswith("pylock.") and name.endswith(".toml") for name in names)


def names_list(words: list[str]) -> bool:
    """Whether a plain argument is a requirements file that is there: pip's `check` takes none, and would praise it."""
    before = ["", *words]
    return any(
        word.endswith((".txt", ".in")) and os.path.isfile(word)
        for last, word in zip(before, words, strict=False)
        if not word.startswith("-") and not last.startswith("--")
    )


def reads_requirements(words: list[str]) -> bool:
    """Whether `-r` is among the words of pip's `download` or `wheel`, in any spelling that pip would understand.

    Safe side: when in doubt it is, because a file whose hashes are comments must never reach pip unverified.
    """
    for word in words:
        if word.startswith("--requ"):
            if not word.startswith("--require-"):
                return True
            continue
        if word.startswith("-") and not word.startswith("--"):
            for letter in word[1:]:
                if letter == "r":
                    return True
                if letter in SHORT_OPTIONS_WITH_VALUE:
                    break
    return "PIP_REQUIREMENT" in os.environ
