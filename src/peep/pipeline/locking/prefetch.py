"""Prefetch of what a lock will probably ask for: it fills caches and decides nothing.

Breadth first over all groups of targets at once: a project's page, its newest admitted release, the metadata of the
files that the targets would take, and what these require. Errors are kept silent: whoever needs the answer hears them.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from packaging.specifiers import SpecifierSet

from peep.concurrency.thread_pool import MOST, TaskQueue, run_tasks
from peep.errors import PeepError
from peep.locking.edges import Edge
from peep.locking.group_judge import Candidate
from peep.locking.group_view import GroupView
from peep.locking.roots import Root

_MOST_TRIES = 3
"""Releases that are looked at of one project when the first ones turn out to be unusable."""


def walk(views: Sequence[GroupView], roots: Sequence[Root]) -> None:
    """Visit everything that is reachable from `roots` by newest releases, in as many threads as are of use."""
    walker = _Walker(views)
    for view_number, view in enumerate(views):
        for root in roots:
            if view.judge.holds(root.edge.marker):
                walker.follow(view_number, root.edge)
    walker.run()


def _make_ready() -> None:
    """Import what reads the first answers while all wait for them."""
    import packaging.metadata  # noqa: F401, PLC0415 - see above

    import peep.index.simple_json  # noqa: F401, PLC0415 - see above


class _Walker:
    """Remembers what was visited, for each group: project, extra, range."""

    def __init__(self, views: Sequence[GroupView]) -> None:
        self._views = views
        self._tasks = TaskQueue()
        self._seen: set[tuple[int, str, str, str]] = set()
        self._lock = threading.Lock()

    def run(self) -> None:
        self._tasks.add(_make_ready)
        run_tasks(self._tasks, threading.Event(), first=MOST)

    def follow(self, number: int, edge: Edge) -> None:
        """Visit what an edge asks for, unless that was visited already."""
        for extra in ("", *edge.extras):
            key = number, edge.name, extra, str(edge.specifier)
            with self._lock:
                is_new = key not in self._seen
                self._seen.add(key)
            if is_new:
                self._tasks.add(lambda extra=extra: self._visit(number, edge.name, extra, edge.specifier))  # type: ignore[misc]

    def _visit(self, number: int, project: str, extra: str, specifier: SpecifierSet) -> None:
        view = self._views[number]
        try:
            allowed = view.mask(project, specifier)
            order = [one for one in view.order(project) if allowed >> one & 1]
            for release in order[:_MOST_TRIES]:
                candidate = view.candidate(project, release)
                if isinstance(candidate, Candidate):
                    for edge in view.edges(candidate, extra):
                        self.follow(number, edge)
                    return
        except PeepError:
            return
