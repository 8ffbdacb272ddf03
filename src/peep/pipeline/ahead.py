"""Asks other programs, while this one is still importing modules, what a run with a new store has to ask them.

They are the target's interpreter and pip. Their answers are remembered in the store, as in any run, and found there
afterwards; where nothing came of it, the run asks for itself and tells what is wrong.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Thread

from peep.pipeline.options import InstallOptions
from peep.pipeline.pip_configuration import configured_pip
from peep.reporting import SilentReporter
from peep.store.layout import store_root
from peep.store.wheels import Store
from peep.system.processes import CompletedRun, run
from peep.target import tags  # noqa: F401 -- for the thread, which should import nothing by itself
from peep.target.discovery import TargetRequest, discover_target

_PATIENCE = 5.0
"""Seconds; Ctrl-C may have to wait as long when a program hangs."""


@contextmanager
def asked_ahead(options: InstallOptions, environ: Mapping[str, str]) -> Iterator[None]:
    """While this lasts, ask for what will be wanted after it; `options` are those of the command line.

    An older store most likely remembers the answers. Raises what `store_root` and `Store` raise, as the run would.
    """
    if not options.store.is_kept:
        yield  # nothing can be remembered, and the usual store is none of this run's business
        return
    store = Store(store_root(environ, options.store.folder), SilentReporter())
    if os.path.isdir(store.layout.remembered):
        yield
        return
    # No daemon: whatever ends this process, it waits for the thread, which ends the programs that it started.
    has_ended = Event()
    asking = Thread(target=_ask, args=(options, environ, store, has_ended))
    asking.start()
    try:
        yield
    finally:
        has_ended.wait()  # Ctrl-C during `join` has Python (3.11) take a thread for one that has ended
        asking.join()


def _ask(options: InstallOptions, environ: Mapping[str, str], store: Store, has_ended: Event) -> None:
    try:
        with suppress(Exception):  # the run meets it again, and tells of it
            if options.target.python:  # the running interpreter is not asked by a program
                discover_target(TargetRequest(python=options.target.python), store, _briefly)
            configured_pip(options, environ, os.path.join(store.layout.remembered, "pip"), _briefly)()
    finally:
        has_ended.set()


def _briefly(
    arguments: Sequence[str], *, env: Mapping[str, str], cwd: str | None = None, timeout: float = _PATIENCE
) -> CompletedRun:
    """As `processes.run`, for a few seconds at most: the run itself is more patient."""
    return run(arguments, env=env, cwd=cwd, timeout=min(timeout, _PATIENCE))
