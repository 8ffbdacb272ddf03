"""Comparison of releases: changes in reading order, signals on what is new, capabilities, habits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from peep.dataclass import replace
from peep.examine.binaries import BinaryFacts, binary_findings
from peep.examine.blobs import blobs_of
from peep.examine.correspondence import Origin, origins_count
from peep.examine.diff import FileDiff, file_diff
from peep.examine.file_kinds import native_format, text_of
from peep.examine.habits import PackingHabits, changed_habits, habit_hits
from peep.examine.hosts import lookalikes_among, may_resemble, named_hosts
from peep.examine.inventory import inventory_of
from peep.examine.metadata import metadata_hits
from peep.examine.moments import is_python
from peep.examine.pairing import Pair, in_reading_order, pair_up
from peep.examine.possible_finds import may_call, may_have_lines
from peep.examine.release import LARGEST_FILE, Release
from peep.examine.release_rules import data_hits, layout_hits, origin_hits
from peep.examine.same_code import is_same_code
from peep.examine.signals import capabilities_of
from peep.examine.syntax_tree import same_but_docstrings
from peep.examine.types import (
    FOLDED_MOMENTS,
    Capability,
    Change,
    Comparison,
    Habit,
    Hit,
    NotAnalysed,
    Origins,
    moment_rank,
)
from peep.examine.view import ReleaseView, Unit, unit_key
from peep.formats.literal_secrets import told, without_secrets

Habits = tuple[PackingHabits | None, PackingHabits | None]
"""Of the wheel, of the sdist."""
MOST_ALIKE = 10
"""Hits of one rule that are told of one file."""
MOST_CHARACTERS = 40_000_000
"""Of all rows together."""
_ROW_COST = 40
MOST_TOLD = 300
"""Characters of one hit's evidence, or of a reason, once secrets in it are hidden."""
_NO_DIFF = FileDiff((), 0, 0, 0)


def compare(
    old: Release | None,
    new: Release,
    habits: tuple[Habits, Habits],
    object_format: str = "",
    *,
    with_inventory: bool = False,
) -> Comparison:
    """Compare two opened releases. `habits`: of the old one and of the new one; `object_format`: git's, for `blobs`."""
    digests = _changed_digests(old, new)
    before = ReleaseView(old, with_facts=digests, is_base=True) if old is not None else None
    after = ReleaseView(new, with_facts=digests, earlier=before)
    pairs = in_reading_order(pair_up(before, after))
    changes = tuple(_within_budget(_change(pair, before, after) for pair in pairs))
    unanalysed: list[NotAnalysed] = []
    for pair in pairs:
        if pair.new is not None:
            unanalysed += _not_analysed(pair.new, after)
    made = _made(habits)
    found = [*_all_hits(before, after, pairs, changes), *habit_hits(made)]
    hits = few_of_each(dict.fromkeys(_told(hit) for hit in found))
    hits.sort(key=lambda hit: (moment_rank(hit.moment), hit.path, hit.line, hit.rule))
    return Comparison(
        identity=_origins(after),
        changes=changes,
        signals=tuple(hit for hit in hits if hit.moment not in FOLDED_MOMENTS),
        folded=tuple(hit for hit in hits if hit.moment in FOLDED_MOMENTS),
        capabilities=tuple(
            replace(one, call=told(one.call, MOST_TOLD)) for one in _new_capabilities(before, after, pairs)
        ),
        made=tuple(made),
        not_analysed=tuple(replace(one, reason=told(one.reason, MOST_TOLD)) for one in dict.fromkeys(unanalysed)),
        warnings=tuple((one.filename, without_secrets(text)) for one in new.archives for text in one.warnings),
        blobs=tuple(blobs_of(after, object_format)) if object_format else (),
        origins=tuple(
            (path, source.origin.value) for path, source in after.sources.items() if source.origin is not Origin.SAME
        ),
        inventory=inventory_of(before, after) if with_inventory else (),
    )


def _changed_digests(old: Release | None, new: Release) -> frozenset[str]:
    """Digests that only one of the releases has: their files are analysed whole."""
    before = {file.sha256 for one in old.archives for file in one.files.values()} if old is not None else set()
    after = {file.sha256 for one in new.archives for file in one.files.values()}
    return frozenset(before ^ after)


# -- one change --------------------------------------------------------------------------------------


def _change(pair: Pair, old: ReleaseView | None, new: ReleaseView) -> Change:
    unit = pair.unit
    view = new if pair.new is not None else old
    assert view is not None  # noqa: S101 - something was removed, so there was an old release
    binary = view.binary(unit)
    shown = _diff(pair, old, new)
    is_same = pair.status == "changed" and is_python(unit.path) and not binary and _is_same_code(pair, old, new)
    old_path = pair.old.path if pair.old is not None and pair.new is not None else ""
    return Change(
        path=unit.path,
        old_path=old_path if old_path != unit.path else "",
        status=pair.status,
        moment=unit.moment,
        archives=unit.archives,
        in_wheel=unit.key.in_wheel,
        minus=shown.minus,
        plus=shown.plus,
        size=unit.file.size,
        binary=binary,
        sha256=pair.new.file.sha256 if pair.new is not None else "",
        since=pair.old.file.sha256 if pair.old is not None else "",
        same_code=is_same,
        rows=shown.rows if pair.new is not None else (),
        cut=shown.cut if pair.new is not None else shown.minus,
    )


def _is_same_code(pair: Pair, old: ReleaseView | None, new: ReleaseView) -> bool:
    """Python that differs in comments, docstrings and layout alone; facts are taken while the trees are at hand."""
    if pair.old is None or pair.new is None or old is None:
        return False
    new.facts(pair.new.file)
    after = new.tree(pair.new.file)
    if _will_be_asked_for(pair.new, new):
        old.facts(pair.old.file)
    if after is None:
        return False
    contents = old.release.content(pair.old.file.sha256), new.release.content(pair.new.file.sha256)
    found = is_same_code(*contents, after.root)
    if found is None:
        before = old.tree(pair.old.file)
        return before is not None and same_but_docstrings(before.root, after.root)
    return found


def _will_be_asked_for(unit: Unit, new: ReleaseView) -> bool:
    """Whether what a file has will be compared with what was there before."""
    return bool(new.hits(unit)) or (unit.moment not in FOLDED_MOMENTS and bool(_capabilities(new, unit)))


def _within_budget(changes: Iterable[Change]) -> Iterator[Change]:
    """Rows in reading order until `MOST_CHARACTERS` are shown; of the files after that only the counts."""
    left = MOST_CHARACTERS
    for change in changes:
        size = sum(len(row.text) + _ROW_COST for row in change.rows)
        if size <= left:
            left -= size
            yield change
        else:
            yield replace(change, rows=(), cut=change.cut + len(change.rows))


def _sides(pair: Pair, old: ReleaseView | None, new: ReleaseView) -> Iterator[tuple[ReleaseView, Unit]]:
    if pair.old is not None and old is not None:
        yield old, pair.old
    if pair.new is not None:
        yield new, pair.new


def _diff(pair: Pair, old: ReleaseView | None, new: ReleaseView) -> FileDiff:
    if pair.old is not None and pair.new is not None and pair.old.file.sha256 == pair.new.file.sha256:
        return _NO_DIFF
    texts: dict[bool, str | None] = {True: None, False: None}
    for view, unit in _sides(pair, old, new):
        if not view.binary(unit):
            texts[view is new] = text_of(view.release.content(unit.file.sha256))
    if texts[True] is None and pair.new is not None:
        return _NO_DIFF  # binary now
    return file_diff(texts[False], texts[True])


def _not_analysed(unit: Unit, view: ReleaseView) -> Iterator[NotAnalysed]:
    if unit.file.size > LARGEST_FILE:
        yield NotAnalysed(unit.path, f"{unit.file.size} bytes: only its digest and its beginning are known")
    elif facts := _binary_facts(view, unit):
        if facts.error:
            yield NotAnalysed(unit.path, facts.error)
    elif is_python(unit.path):
        error = "it is not text" if view.binary(unit) else view.facts(unit.file).error
        if error:
            yield NotAnalysed(unit.path, error)


# -- signals -----------------------------------------------------------------------------------------


def _all_hits(
    old: ReleaseView | None, new: ReleaseView, pairs: Sequence[Pair], changes: Sequence[Change]
) -> Iterator[Hit]:
    yield from _content_hits(old, new, pairs)
    here = [(pair, change) for pair, change in zip(pairs, changes, strict=True) if pair.new is not None]
    changed = {pair.unit.key: change.binary for pair, change in here}
    altered = {pair.unit.key: change.binary for pair, change in here if pair.status != "moved"}
    added = [pair.unit.key for pair, _ in here if pair.status != "changed"]
    yield from origin_hits(old, new, changed)
    yield from layout_hits(old, new, added)
    yield from data_hits(old, new, altered)
    yield from _binary_hits(old, new, pairs)
    yield from _host_hits(old, new, pairs)
    yield from metadata_hits(old.metadata if old else None, new.metadata)


def _content_hits(old: ReleaseView | None, new: ReleaseView, pairs: Sequence[Pair]) -> list[Hit]:
    """New hits of the rules on contents. Most of what is found was in the same file before; only where something is
    not are all the other old files analysed, to see whether it merely moved.
    """
    found = [hit for pair in pairs if pair.new is not None for hit in new.hits(pair.new)]
    new_paths = {pair.new.path: _matched_path(pair.new) for pair in pairs if pair.new is not None}
    before = [pair.old for pair in pairs if pair.old is not None]
    old_paths = {unit.path: _matched_path(unit) for unit in before}
    touched = {new_paths.get(hit.path, hit.path) for hit in found}
    if old is None:
        return list(new_hits((), found, new_paths, old_paths))
    known = [hit for unit in before if old_paths[unit.path] in touched for hit in old.hits(unit)]
    found_anew = list(new_hits(known, found, new_paths, old_paths))
    if found_anew:
        test = may_have_lines(hit.evidence for hit in found_anew)
        others = [unit for unit in before if old_paths[unit.path] not in touched and _may_hold(old, unit, test)]
        known += [hit for unit in others for hit in old.hits(unit)]
        found_anew = list(new_hits(known, found, new_paths, old_paths))
    return found_anew


def _may_hold(view: ReleaseView, unit: Unit, test: Callable[[bytes], bool]) -> bool:
    """Whether something of the kind can be in a file: Python is only analysed where its text may hold it."""
    if not is_python(unit.path) or view.binary(unit):
        return True
    return test(view.release.content(unit.file.sha256))


def _matched_path(unit: Unit) -> str:
    return unit_key(unit.path, in_wheel=unit.key.in_wheel).path


def _host_hits(old: ReleaseView | None, new: ReleaseView, pairs: Sequence[Pair]) -> Iterator[Hit]:
    """An address that was exchanged for another one which looks like it, file by file."""
    for pair in pairs:
        if pair.old is None or pair.new is None or old is None or not is_python(pair.new.path):
            continue
        now = named_hosts(new.facts(pair.new.file).literals)
        if not now or not may_resemble(old.release.content(pair.old.file.sha256), now):
            continue
        before = named_hosts(old.facts(pair.old.file).literals)
        for host, known in lookalikes_among(before, now):
            yield Hit("host-lookalike", pair.new.path, now[host].line, f"{host} (before: {known})", pair.new.moment)


def _binary_hits(old: ReleaseView | None, new: ReleaseView, pairs: Sequence[Pair]) -> Iterator[Hit]:
    for pair in pairs:
        facts = _binary_facts(new, pair.new) if pair.new is not None and pair.status != "moved" else None
        if facts is None or facts.error or pair.new is None:
            continue
        before = _binary_facts(old, pair.old) if pair.old is not None and old is not None else None
        for rule, evidence in binary_findings(before, facts):
            yield Hit(rule, pair.new.path, 0, evidence, pair.new.moment)


def _binary_facts(view: ReleaseView, unit: Unit | None) -> BinaryFacts | None:
    kind = native_format(unit.file.head) if unit is not None else ""
    return view.binary_facts(unit.file, kind) if unit is not None and kind else None


def _told(hit: Hit) -> Hit:
    """A hit as it is shown; until then it is known by its whole evidence."""
    return replace(hit, evidence=told(hit.evidence, MOST_TOLD))


def new_hits(
    old: Sequence[Hit], new: Sequence[Hit], new_paths: Mapping[str, str], old_paths: Mapping[str, str]
) -> Iterator[Hit]:
    """Hits that became more frequent, in their file and in the whole release: code that only moved is silent.

    Code that moved from tests or documents to where it runs did not only move.
    """
    in_file = Counter((old_paths.get(hit.path, hit.path), hit.rule, hit.evidence) for hit in old)
    anywhere = Counter((hit.rule, hit.evidence, hit.moment in FOLDED_MOMENTS) for hit in old)
    for hit in new:
        here = (new_paths.get(hit.path, hit.path), hit.rule, hit.evidence)
        overall = (hit.rule, hit.evidence, hit.moment in FOLDED_MOMENTS)
        is_known_here, is_known = in_file[here] > 0, anywhere[overall] > 0
        in_file[here] -= 1
        anywhere[overall] -= 1
        if not is_known_here and not is_known:
            yield hit


def few_of_each(hits: Iterable[Hit]) -> list[Hit]:
    """At most `MOST_ALIKE` hits of one rule in one file; the last of them says how many more there are."""
    kept: dict[tuple[str, str], list[Hit]] = {}
    left_out: Counter[tuple[str, str]] = Counter()
    for hit in hits:
        group = kept.setdefault((hit.rule, hit.path), [])
        if len(group) < MOST_ALIKE:
            group.append(hit)
        else:
            left_out[hit.rule, hit.path] += 1
    for key, count in left_out.items():
        last = kept[key][-1]
        kept[key][-1] = replace(last, evidence=f"{last.evidence} (and {count} more of these in this file)")
    return [hit for group in kept.values() for hit in group]


def _new_capabilities(old: ReleaseView | None, new: ReleaseView, pairs: Sequence[Pair]) -> list[Capability]:
    """What files can do that they could not, outside tests and documents; one line for each kind, file and time."""
    found = {
        number: capabilities
        for number, pair in enumerate(pairs)
        if pair.new is not None and pair.new.moment not in FOLDED_MOMENTS
        if (capabilities := _capabilities(new, pair.new))
    }
    every = [one for many in found.values() for one in many]
    some = [pairs[number] for number in found]
    found_anew = list(_unknown(_known_capabilities(old, some), every))
    if found_anew:  # as for hits: others only where something is new
        here = {(one.path, one.capability, one.when) for one in found_anew}
        test = may_call({one.call for one in every if (one.path, one.capability, one.when) in here})
        paths = {one.path for one in found_anew}
        others = [
            pair
            for number, pair in enumerate(pairs)
            if number not in found and pair.old is not None and old is not None
            if pair.unit.path in paths or _may_hold(old, pair.old, test)
        ]
        found_anew = list(_unknown(_known_capabilities(old, [*some, *others]), every))
    return found_anew


def _known_capabilities(old: ReleaseView | None, pairs: Iterable[Pair]) -> list[tuple[str, Capability]]:
    """What files could do, each with the path that the file has now."""
    return [
        (pair.unit.path, one)
        for pair in pairs
        if pair.old is not None and old is not None
        for one in _capabilities(old, pair.old)
    ]


def _unknown(before: Collection[tuple[str, Capability]], found: Iterable[Capability]) -> Iterator[Capability]:
    """`before`: with the path that the file has now."""
    known_here = {(path, one.capability, one.when) for path, one in before}
    known = Counter((one.capability, one.when, one.call) for _, one in before)
    told: set[tuple[str, str, str]] = set()
    for one in found:
        here = (one.path, one.capability, one.when)
        call = (one.capability, one.when, one.call)
        known[call] -= 1
        if here not in known_here and here not in told and known[call] < 0:
            told.add(here)
            yield one


def _capabilities(view: ReleaseView, unit: Unit) -> list[Capability]:
    if not is_python(unit.path) or view.binary(unit):
        return []
    return capabilities_of(unit.path, view.facts(unit.file))


# -- the rest ----------------------------------------------------------------------------------------


def _made(habits: tuple[Habits, Habits]) -> list[Habit]:
    return [habit for old, new in zip(*habits, strict=True) for habit in changed_habits(old, new)]


def _origins(view: ReleaseView) -> Origins | None:
    if not view.sources:
        return None
    counts = origins_count(view.sources)
    return Origins(len(view.sources), **{origin.value: counts[origin] for origin in Origin})
