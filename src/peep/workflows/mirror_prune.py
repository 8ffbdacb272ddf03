"""`peep mirror prune`: links that no list needs go first, files when no page leads to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone

from peep.errors import UsageError
from peep.formats.ages import UnreadableTime, parse_age
from peep.mirror.changes import pruned
from peep.mirror.facts import ProjectFacts
from peep.mirror.folder import MirrorError, MirrorFolder
from peep.mirror.outcome import MirrorOutcome
from peep.model import Digest
from peep.pipeline.context import RunContext
from peep.pipeline.mirrors.lists import read_lists
from peep.pipeline.mirrors.run import change, opened_mirror
from peep.pipeline.options import InstallOptions
from peep.pipeline.plain_reading import plain_reading
from peep.system.file_digest import digests_of_stream
from peep.system.files import regular_only


def prune_mirror(
    directory: str, lists: Sequence[str], older_than: str, base: InstallOptions, context: RunContext
) -> MirrorOutcome:
    """Take off the pages what no list of `lists` (if any) names, and remove what is off them for longer.

    Raises `UsageError` for an age that is none, and `RequirementsErrors` for lists that cannot be read: nothing is
    changed then.
    """
    now = datetime.now(timezone.utc)
    age = _age(older_than, now)
    hashes = None
    if lists:
        read = plain_reading(base, context).read
        found = read_lists(lists, (), read, context.environ)
        hashes = {digest for one in found for pin in one.all_pins for digest in pin.hashes}
    with opened_mirror(directory, "peep mirror prune", context.reporter) as mirror:
        before = {facts.name: facts for facts in mirror.all_facts()}
        after = []
        for facts in before.values():
            kept = dict.fromkeys(_kept(mirror, facts, hashes))
            less = pruned(facts, kept, age, now)
            if less != facts:
                after.append(less)
        outcome = change(mirror, before, after)
        untouched = sum(len(facts.files) for name, facts in before.items() if name not in {one.name for one in after})
        return MirrorOutcome(
            outcome.serial, outcome.projects, outcome.pages, (), outcome.unlinked, outcome.removed,
            outcome.kept + untouched,
        )  # fmt: skip


def _age(text: str, now: datetime) -> timedelta:
    try:
        return now - parse_age(text, now)
    except UnreadableTime as error:
        raise UsageError(f"--older-than: {error}", error.hint) from None


def _kept(mirror: MirrorFolder, facts: ProjectFacts, hashes: set[Digest] | None) -> Iterator[str]:
    """sha256 of each file that stays on its page: without lists, of each that is there."""
    others = {digest.algorithm for digest in hashes or ()} - {"sha256"}
    for file in facts.files:
        if hashes is None:
            if file.is_linked:
                yield file.sha256
        elif Digest("sha256", file.sha256) in hashes or not hashes.isdisjoint(_digests(mirror, file.path, others)):
            yield file.sha256


def _digests(mirror: MirrorFolder, path: str, algorithms: set[str]) -> set[Digest]:
    """Digests of a stored file in further algorithms, for lists that have no sha256."""
    if not algorithms:
        return set()
    try:
        with open(mirror.place(path), "rb", opener=regular_only) as file:
            return {*digests_of_stream(file, algorithms)[0]}
    except FileNotFoundError:
        return set()
    except OSError as error:
        raise MirrorError(f"{mirror.place(path)}: cannot be read: {error.strerror or error}") from error
