"""Options of `peep add` to a source: words into what `peep lock` makes its lock from."""

from __future__ import annotations

from peep.cli.options.lock_options import lock_options
from peep.cli.options.parser import ParsedArguments, parse
from peep.cli.verb import Verb
from peep.cli.verbs.lock import VERB as LOCK
from peep.pipeline.locking.lock_file import lock_of_source, read_present
from peep.pipeline.locking.request import LockOptions


def options_for_source(parsed: ParsedArguments, verb: Verb, path: str) -> LockOptions:
    """Give back what the lock of a source is made with: what it says itself, the command line, the settings."""
    own = [one for one in parsed.given if one.name != "requirement"]
    output = lock_of_source(path)
    stated = parse(read_present(output).arguments or (), LOCK.options, verb=LOCK.name, environ={}) if output else None
    given, words = ((), (path,)) if stated is None else (stated.given, stated.words)
    return lock_options(ParsedArguments((*given, *own), words, parsed.warnings), verb)
