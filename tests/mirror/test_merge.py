"""Two publishers' facts into one: no upload and no statement is lost, whatever the order."""

from functools import reduce
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from peep.dataclass import replace
from peep.errors import FileNameTaken
from peep.formats.simple_pages import ProjectStatus
from peep.mirror.facts import ArchiveFacts, ProjectFacts, parse_facts
from peep.mirror.merge import merged

SHA, OTHER = "ab" * 32, "cd" * 32
TIMES = [f"2026-01-0{day}T00:00:00.000000Z" for day in range(1, 6)]
TIME = st.sampled_from(TIMES)
NAMES = [f"demo-{number}.0.tar.gz" for number in range(3)]


def archive(filename=NAMES[0], sha256=SHA, **changes):
    return replace(ArchiveFacts(filename, filename[5:8], sha256, 7, "ours", TIMES[0]), **changes)


def facts(*files, **changes):
    return replace(ProjectFacts("demo", "ours", files=files), **changes)


FILES = st.builds(
    archive,
    st.sampled_from(NAMES),
    source=st.sampled_from(["ours", "public"]),
    linked=TIME,
    unlinked=st.none() | TIME,
    yanked=st.sampled_from([None, "", "bad"]),
    yanked_at=st.none() | TIME,
    core_metadata=st.sampled_from([None, OTHER]),
)


@st.composite
def states(draw):
    files = {file.filename: file for file in draw(st.lists(FILES, max_size=3))}
    owner, since = draw(st.sampled_from([("ours", TIMES[0]), ("public", TIMES[1])]))
    return facts(
        *(files[name] for name in sorted(files)),
        owner=owner,
        owned_since=since,
        status=draw(st.sampled_from(list(ProjectStatus))),
        status_at=draw(st.none() | TIME),
    )


@given(states(), states(), states())
def test_neither_order_nor_repetition_matters(one, two, three):
    results = {reduce(merged, order).content for order in permutations([one, two, three])}
    assert len(results) == 1
    whole = parse_facts(results.pop())
    assert merged(whole, one) == whole
    assert merged(whole, whole) == whole


@given(states(), states())
def test_every_file_of_either_is_there(one, two):
    both = {file.filename for file in (*one.files, *two.files)}
    assert {file.filename for file in merged(one, two).files} == both


def test_other_bytes_under_one_name_are_named_with_both_digests():
    [taken] = merged(facts(archive()), facts(archive(sha256=OTHER)))
    assert isinstance(taken, FileNameTaken)
    assert (taken.filename, [digest.hex for digest in taken.hashes]) == (NAMES[0], [SHA, OTHER])


def test_names_that_differ_in_case_only_contradict_each_other():
    [taken] = merged(facts(archive("demo-1.0.tar.gz")), facts(archive("Demo-1.0.tar.gz", sha256=OTHER)))
    assert taken.filename.lower() == "demo-1.0.tar.gz"


def test_the_later_yank_or_undo_wins():
    yanked = archive(yanked="bad", yanked_at=TIMES[1])
    undone = archive(yanked=None, yanked_at=TIMES[2])
    assert merged(facts(yanked), facts(undone)).files[0].yanked is None
    assert merged(facts(undone), facts(replace(yanked, yanked_at=TIMES[3]))).files[0].yanked == "bad"
    assert merged(facts(archive()), facts(yanked)).files[0].yanked == "bad"
    same = merged(facts(replace(undone, yanked_at=TIMES[1])), facts(yanked))
    assert same.files[0].yanked == "bad", "of two at one time the careful one"


def test_the_later_status_wins_and_the_careful_one_of_two_at_one_time():
    archived = facts(status=ProjectStatus.ARCHIVED, status_at=TIMES[1])
    active = facts(status=ProjectStatus.ACTIVE, status_at=TIMES[2])
    assert merged(archived, active).status is ProjectStatus.ACTIVE
    assert merged(replace(active, status_at=TIMES[1]), archived).status is ProjectStatus.ARCHIVED


def test_a_file_that_was_pruned_comes_back_when_it_is_linked_later():
    pruned = facts(archive(unlinked=TIMES[2]))
    assert not merged(pruned, facts(archive())).files[0].is_linked
    assert merged(pruned, facts(archive(linked=TIMES[3]))).files[0].is_linked
