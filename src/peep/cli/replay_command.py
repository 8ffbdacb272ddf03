"""Tells of a run that was repeated from its recording: fewer imports than any other way to install."""

from __future__ import annotations

import os
from collections.abc import Sequence

from peep.cli.output.console import Console
from peep.cli.output.install_output import outcome_lines
from peep.cli.signals import unwind_on_sigterm
from peep.errors import PeepError
from peep.pipeline.options import OutputOptions
from peep.shortcuts.noop_record import remember_settled
from peep.shortcuts.replay import recalled, replay
from peep.store.location import risk_of_others


def replayed(words: Sequence[str]) -> bool:
    """Repeat a run whose recording still holds; False when there is none and nothing was done."""
    try:
        recall = recalled(words, os.environ)
    except PeepError:
        return False  # the words may name another store; if not, the long way ends with the same error
    if recall is None or risk_of_others(recall.store.layout.root):
        return False
    unwind_on_sigterm()
    with Console(OutputOptions(quiet=recall.recording.quiet)) as console:
        done = replay(recall, console)
        if done is None:
            return False
        for line in outcome_lines(done.plan, is_dry_run=False):
            console.note(line)
    remember_settled(words, os.environ, recall.store, recall.recording, done.target)
    return True
