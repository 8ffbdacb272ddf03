"""Index pages for locking: of the first index that has a project, or of the one it is bound to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from peep.dataclass import replace
from peep.index.bound import BoundIndex, index_of
from peep.index.client import PackageIndex
from peep.locking.candidates import ProjectPage
from peep.locking.page_releases import page_of
from peep.pipeline.once import Once
from peep.reporting import Reporter, SilentReporter

_NOBODY = SilentReporter()


class IndexPages:
    """Implements `locking.sources.Pages`; safe to use from many threads."""

    def __init__(
        self, open_index: Callable[[], PackageIndex], bound: Sequence[BoundIndex], reporter: Reporter = _NOBODY
    ) -> None:
        """`open_index`: everything that unbound projects may come from; opened when the first of them is wanted."""
        self._open = Once[None, PackageIndex](lambda _: open_index())
        self._bound = tuple(bound)
        self._reporter = reporter
        self._shadowed: dict[str, tuple[str, ...]] = {}
        self.names: dict[str, None] = {}
        """Projects that were asked for."""
        self._pages = Once(self._asked)

    def page(self, project: str) -> ProjectPage:
        return self._pages.get(project)

    def index_name(self, project: str) -> str:
        """Give back the name of the index that a project is bound to, '' for none."""
        bound = index_of(project, self._bound)
        return bound.name if bound is not None else ""

    def shadowed(self) -> dict[str, tuple[str, ...]]:
        """Give back projects that several indexes have, by name: the first index counts."""
        return dict(sorted(self._shadowed.items()))

    def _asked(self, project: str) -> ProjectPage:
        self.names[project] = None
        bound = index_of(project, self._bound)
        index = self._open.get(None) if bound is None else bound.index
        details = [detail for detail in index.project(project) if detail.files]
        self._reporter.worked("pages")
        if len(details) > 1:
            self._shadowed[project] = tuple(detail.index for detail in details)
        if not details:
            return ProjectPage(project, asked=index.answers(project).asked)
        first, *others = details
        return replace(page_of(project, first), elsewhere=tuple(detail.index for detail in others))
