"""`peep bundle check`: a bundle compared with its manifest; whether lists are complete in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial

from peep.advisories.lookup import sidecar_path
from peep.advisories.snapshot import fetch_record
from peep.bundle.check import check_files
from peep.bundle.manifest import BundleManifest
from peep.bundle.tree import CountedTree
from peep.dataclass import dataclass
from peep.errors import Problem
from peep.formats.documents import parse_json
from peep.model import Digest
from peep.pipeline.bundles.archives import ObtainedArchives, World
from peep.pipeline.bundles.contents import Judging, contents_for
from peep.pipeline.bundles.inputs import BundleInputs
from peep.pipeline.bundles.network import BundleNetwork, BundleReading
from peep.pipeline.bundles.open_bundle import ClosableTransport, OpenedBundle, opened_bundle
from peep.pipeline.bundles.shelf import shelf_of
from peep.pipeline.context import RunContext
from peep.pipeline.declared_targets import declared_targets
from peep.pipeline.open_transport import open_transport
from peep.pipeline.options import InstallOptions, NetworkOptions
from peep.pipeline.session import store_of_run, target_request
from peep.place_faults import DigestDiffers
from peep.reporting import Reporter
from peep.requirements.pinned_set import PinnedSet
from peep.target.discovery import discover_target
from peep.workflows.install import STAGES

_LARGEST_SIDECAR = 1 << 20


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What to look for in a bundle beside its own files."""

    base: InstallOptions
    """Lists, build constraints, store, interpreter (for `here`); no lists: the bundle's own."""
    targets: tuple[str, ...] = ()
    """(): those of the bundle."""


@dataclass(frozen=True, slots=True)
class CheckedBundle:
    """What was found; nothing in `problems` means that all files are as listed."""

    digest: Digest
    manifest: BundleManifest
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    """For which lists were judged."""
    advisories_of: str = ""
    """When the snapshot of advisories inside was fetched (RFC 3339), as its sidecar says; no verdict on its age."""


def check_bundle(place: str, digest: Digest | None, network: NetworkOptions, context: RunContext) -> CheckedBundle:
    """Compare every file of a bundle with its manifest, and its digest with `digest`. Raises `UnreadableBundle`."""
    with opened_bundle(place, transport=_transport_to(place, network, context.environ)) as bundle:
        problems = _file_problems(bundle, digest, context.reporter)
        return CheckedBundle(bundle.digest, bundle.manifest, problems, advisories_of=_advisories_of(bundle))


def _transport_to(place: str, network: NetworkOptions, environ: Mapping[str, str]) -> Callable[[], ClosableTransport]:
    return partial(open_transport, network, environ, known_urls=(place,))


def _file_problems(bundle: OpenedBundle, digest: Digest | None, reporter: Reporter) -> tuple[Problem, ...]:
    problems: list[Problem] = []
    if digest is not None and bundle.digest != digest:
        problems.append(DigestDiffers(digest, bundle.digest))
    counted = CountedTree(bundle.tree, reporter, "files compared")
    return (*problems, *check_files(counted, bundle.manifest, bundle.lock))


def check_lists(place: str, digest: Digest | None, options: CheckOptions, context: RunContext) -> CheckedBundle:
    """Do as `check_bundle`, and judge whether the bundle alone has all that lists need on each target.

    Raises `UnreadableBundle`, `RequirementsErrors`, `UsageError`.
    """
    with ExitStack() as stack:
        transport = _transport_to(place, options.base.network, context.environ)
        bundle = stack.enter_context(opened_bundle(place, transport=transport))
        store = stack.enter_context(store_of_run(options.base.store, context))
        texts = options.targets or tuple(one.name for one in bundle.manifest.targets)
        ids = declared_targets(texts, lambda: discover_target(target_request(options.base.target), store))
        network = BundleNetwork(bundle, context.reporter)
        scratch = stack.enter_context(store.workshop())
        world = World(
            STAGES, shelf_of(bundle), network.index, lambda: network.receiver(scratch), scratch, context.reporter
        )
        base = options.base
        is_own = not base.sources.requirement_files
        inputs = BundleInputs(
            BundleReading(network, context.standard_input).read,
            network.sources() if is_own else base.sources,
            base.build.constraint_files or (network.build_constraints() if is_own else ()),
            context.environ,
        )
        judging = Judging(ObtainedArchives(world), base.format_control, base.check_dependencies)
        contents = contents_for(ids, inputs, judging, _indexes_are_not_asked)
        problems = (*_file_problems(bundle, digest, context.reporter), *contents.problems)
        names = tuple(one.text for one in ids)
        dated = _advisories_of(bundle)
        return CheckedBundle(bundle.digest, bundle.manifest, problems, tuple(contents.warnings), names, dated)


def _indexes_are_not_asked(_pinned: PinnedSet) -> None:
    """What lists say of indexes has no effect here."""


def _advisories_of(bundle: OpenedBundle) -> str:
    listed = {one.path: one.sha256 for one in bundle.manifest.advisories}
    for path, digest in listed.items():
        sidecar = sidecar_path(path)
        if sidecar not in listed:
            continue
        try:
            with bundle.tree.open(sidecar) as file:
                record = fetch_record(parse_json(file.read(_LARGEST_SIDECAR)), digest)
        except (OSError, ValueError):
            continue  # a file that is not there, or not as listed, is a problem of its own
        if record is not None and record.fetched is not None:
            return record.fetched.isoformat()
    return ""
