"""Command of a replayed run, with fewer imports than any other way to install."""

from __future__ import annotations

import os
from collections.abc import Sequence

from peep.cli.output.console import Console
from peep.cli.output.install_output import ToldBeside, result_lines
from peep.cli.signals import unwind_on_sigterm
from peep.errors import PeepError
from peep.pipeline.options import OutputOptions
from peep.shortcuts.noop_record import record_noop
from peep.shortcuts.replay import loaded_replay, replay
from peep.store.location import risk_of_others


def replayed(words: Sequence[str]) -> bool:
    """Repeat a run whose recording still holds; False when there is none and nothing was done."""
    try:
        load = loaded_replay(words, os.environ)
    except PeepError:
        return False  # the words may name another store; if not, the long way ends with the same error
    if load is None or risk_of_others(load.store.layout.root):
        return False
    unwind_on_sigterm()
    with Console(OutputOptions(quiet=load.recording.quiet)) as console:
        done = replay(load, console)
        if done is None:
            return False
        for line in result_lines(done.plan, ToldBeside(skipped=load.recording.skipped), is_dry_run=False):
            console.note(line)
    record_noop(words, os.environ, load.store, load.recording, done.target)
    return True
