"""Bundle in the place of the network: archives by digest out of its files; no pip, no socket."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from peep.archives.receive import Receiver
from peep.bundle.manifest import MANIFEST, InputRole
from peep.bundle.offer import BundleOffer, BundleTransport
from peep.bundle.tree import UnreadableBundle
from peep.dataclass import dataclass, field, replace
from peep.http.file_urls import file_url
from peep.http.transport import Transport
from peep.index.client import PackageIndex
from peep.model import IndexOptions, PinnedRequirement
from peep.pip.options import PipDefaults
from peep.pipeline.bundles.open_bundle import OpenedBundle
from peep.pipeline.options import SourceOptions
from peep.pipeline.read_pins import Reading
from peep.reporting import Reporter
from peep.requirements.files import is_url
from peep.requirements.pinned_set import PinnedSet
from peep.system.bounded import LISTS, read_stream


@dataclass(slots=True)
class BundleNetwork:
    """Stands where `pipeline.network.Network` stands, for runs with `--bundle`."""

    bundle: OpenedBundle
    reporter: Reporter
    stated: IndexOptions = field(default_factory=IndexOptions)
    """What requirements files state: read, and without effect here."""
    extra_indexes: Sequence[str] = ()
    _paths: dict[str, str] = field(default_factory=dict)
    """Path in the bundle of each archive, by the URL that stands for it."""

    def close(self) -> None:
        """Whoever opened the bundle closes it."""

    def pip_defaults(self) -> PipDefaults:
        """Nothing: pip is not asked."""
        return PipDefaults(())

    def index_options(self) -> IndexOptions:
        return IndexOptions(no_index=True)

    @property
    def _offer(self) -> BundleOffer:
        label = self.bundle.tree.label
        return BundleOffer(self.bundle.manifest, label if is_url(label) else file_url(label))

    def transport(self) -> Transport:
        return BundleTransport(self.bundle.tree, {**self._offer.paths, **self._paths})

    def index(self) -> PackageIndex:
        return self._offer

    def receiver(self, scratch: str) -> Receiver:
        """What it takes to receive files, whose private copies live in `scratch`."""
        return Receiver(self.transport(), scratch, self.reporter)

    def placed(self, pinned: PinnedSet) -> PinnedSet:
        """The pins with the places that they state themselves replaced by those in the bundle."""
        return replace(pinned, pins=tuple(self._placed(pinned.pins)))

    def _placed(self, pins: Iterable[PinnedRequirement]) -> Iterable[PinnedRequirement]:
        for pin in pins:
            placed, paths = self._offer.placed(pin)
            self._paths.update(paths)
            yield placed

    def sources(self) -> SourceOptions:
        """The bundle's own requirements and lock files, for a run that names none."""
        wanted = [one for one in self.bundle.manifest.inputs if one.role in {InputRole.REQUIREMENTS, InputRole.LOCK}]
        constraints = [one for one in self.bundle.manifest.inputs if one.role is InputRole.CONSTRAINT]
        return SourceOptions(
            requirement_files=tuple(self._input_path(one.file.path) for one in wanted),
            constraint_files=tuple(self._input_path(one.file.path) for one in constraints),
            extras=tuple(dict.fromkeys(extra for one in wanted for extra in one.extras)),
            groups=tuple(dict.fromkeys(group for one in wanted for group in one.groups)),
        )

    def build_constraints(self) -> tuple[str, ...]:
        """The bundle's own build constraints, for a run that knows its digest and names none."""
        inputs = self.bundle.manifest.inputs
        return tuple(self._input_path(one.file.path) for one in inputs if one.role is InputRole.BUILD_CONSTRAINT)

    def _input_path(self, path: str) -> str:
        # A URL without its scheme: read as a path beside others, so that includes are found as in a folder.
        return os.path.normpath(f"{self.bundle.tree.label.partition('://')[2] or self.bundle.tree.label}/{path}")

    def read_input(self, path: str) -> bytes | None:
        """An input of the bundle by the path that `sources` gave it, compared with the manifest; None for others.

        Raises `UnreadableBundle` for other bytes than those that are listed, `OSError` for more than a list may have.
        """
        listed = {self._input_path(one.file.path): one.file for one in self.bundle.manifest.inputs}
        path = os.path.normpath(path)
        if path not in listed:
            return None
        with self.bundle.tree.open(listed[path].path) as file:
            content = read_stream(file, LISTS, path)
        if sha256(content).hexdigest() != listed[path].sha256:
            raise UnreadableBundle(f"{path}: is not what {MANIFEST} says", "peep bundle check names all that differs")
        return content


class BundleReading(Reading):
    """Reads files of a run, those among them that lie in its bundle from there."""

    def __init__(self, network: BundleNetwork, standard_input: Callable[[], bytes]) -> None:
        super().__init__(network.transport, standard_input)
        self._network = network

    def read(self, path: str) -> bytes:
        content = self._network.read_input(path)
        return super().read(path) if content is None else content
