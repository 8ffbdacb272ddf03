from datetime import datetime, timedelta, timezone

from peep.dataclass import replace
from peep.formats.ages import sortable_time
from peep.formats.simple_pages import ProjectStatus
from peep.mirror.changes import pruned, with_files, with_owner, with_status, with_yank
from peep.mirror.facts import ArchiveFacts, ProjectFacts, parse_facts

NOW = datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=timezone(timedelta(hours=1)))
SHA, OTHER = "ab" * 32, "cd" * 32
FILE = ArchiveFacts("demo-1.0.tar.gz", "1.0", SHA, 3, "ours", "2026-01-01T00:00:00.000000Z")
SECOND = replace(FILE, filename="demo-2.0.tar.gz", version="2.0", sha256=OTHER)
FACTS = ProjectFacts("demo", "ours", files=(FILE, SECOND))
MONTH = timedelta(days=30)


def test_times_are_in_utc_and_compare_as_text():
    assert sortable_time(NOW) == "2026-03-04T04:06:07.000008Z"
    assert sortable_time(NOW) < sortable_time(NOW + timedelta(microseconds=1))


def test_a_file_is_added_and_other_bytes_of_its_name_are_not():
    third = replace(FILE, filename="demo-3.0.tar.gz", version="3.0")
    assert [file.version for file in with_files(FACTS, [third]).files] == ["1.0", "2.0", "3.0"]
    assert with_files(FACTS, [FILE]) == FACTS
    [taken] = with_files(FACTS, [replace(FILE, sha256=OTHER)])
    assert taken.filename == FILE.filename


def test_yanking_and_taking_it_back():
    yanked = with_yank(FACTS, [FILE.filename], "broken", NOW)
    assert [file.yanked for file in yanked.files] == ["broken", None]
    undone = with_yank(yanked, [FILE.filename], None, NOW)
    assert (undone.files[0].yanked, undone.files[0].yanked_at) == (None, sortable_time(NOW))


def test_status_and_owner_are_recorded_with_their_time():
    facts = with_status(FACTS, ProjectStatus.QUARANTINED, "malware", NOW)
    stated = (facts.status, facts.status_reason, facts.status_at)
    assert stated == (ProjectStatus.QUARANTINED, "malware", sortable_time(NOW))
    moved = with_owner(with_owner(FACTS, "public", NOW), "ours", NOW)
    assert (moved.owner, moved.earlier_owners, moved.owned_since) == ("ours", ("ours", "public"), sortable_time(NOW))
    assert with_owner(FACTS, "ours", NOW) == FACTS
    assert parse_facts(moved.content) == moved


def test_pruning_takes_two_steps_and_can_be_taken_back():
    first = pruned(FACTS, {OTHER: 1}, MONTH, NOW)
    assert [file.is_linked for file in first.files] == [False, True]
    soon = pruned(first, {OTHER: 1}, MONTH, NOW + timedelta(days=29))
    assert soon == first
    assert [file.filename for file in pruned(first, {OTHER: 1}, MONTH, NOW + timedelta(days=31)).files] == [
        SECOND.filename
    ]
    back = pruned(first, {SHA: 1, OTHER: 1}, MONTH, NOW + timedelta(days=1))
    assert [file.is_linked for file in back.files] == [True, True]
