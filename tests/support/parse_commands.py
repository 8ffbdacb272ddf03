"""Judgement of a command line by peep's own parser, without running it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from peep.cli.main import implied_verb, split_verb
from peep.cli.options.parser import ParsedArguments, parse
from peep.cli.verb import Verb
from peep.cli.verb_places import PIPS_VERBS, SHARED_VERBS
from peep.cli.verb_table import verb_module
from peep.errors import PeepError
from peep.formats.target_ids import parse_target_id

_VARIABLE = re.compile(r"\$")


def complaints_about(words: Sequence[str], *, is_whole: bool = True) -> list[str]:
    """Why peep would refuse these words, without its name: an unknown verb, action, option or value.

    A command that stands within a sentence is not `is_whole`: it may lack its arguments.
    """
    verb, rest = split_verb(list(words))
    verb = implied_verb(list(words)) if verb is None else verb
    module = None if verb in {"version", ""} else verb_module(verb)
    if module is None:
        return [] if verb in {*PIPS_VERBS, *SHARED_VERBS, "version"} else [f"no such verb: {verb}"]
    try:
        parsed = parse(rest, module.VERB.options, verb=verb, environ={})
        for target in parsed.values("target"):
            _check_target(target, module.VERB)
    except PeepError as error:
        if not is_whole and str(error).endswith("requires 1 argument"):
            return complaints_about([*words, "VALUE"], is_whole=is_whole)
        return [str(error)]
    return _unknown_action(module.VERB, parsed, is_whole=is_whole) + _arguments(module.VERB, parsed, is_whole=is_whole)


def actions(verb: Verb) -> set[str]:
    """The words that may follow a verb all of whose calls begin with one; none for other verbs."""
    seconds = [call.split()[1] if " " in call else "" for call in verb.usage]
    return set(seconds) if all(re.fullmatch(r"[a-z][a-z-]+", second) for second in seconds) else set()


def _unknown_action(verb: Verb, parsed: ParsedArguments, *, is_whole: bool) -> list[str]:
    known = actions(verb)
    if not known or parsed.has("help") or not (parsed.words or is_whole):
        return []
    given = parsed.words[0] if parsed.words else ""
    return [] if given in known else [f"peep {verb.name} {given}: none of {', '.join(sorted(known))}"]


def _arguments(verb: Verb, parsed: ParsedArguments, *, is_whole: bool) -> list[str]:
    if is_whole and verb.wants and not parsed.words and not parsed.has("help"):
        return [f"peep {verb.name} wants at least one {verb.wants}"]
    if verb.instead and parsed.words:
        return [f"peep {verb.name} takes no such argument: {parsed.words[0]}"]
    return []


def _check_target(target: str, verb: Verb) -> None:
    """Raise `PeepError` for what is no declared target; on install it is a folder, and capitals are placeholders."""
    is_declared = verb.name in {"lock", "add", "check", "bundle", "mirror", "download"}
    if is_declared and target != "here" and not target.isupper() and not _VARIABLE.search(target):
        parse_target_id(target)
