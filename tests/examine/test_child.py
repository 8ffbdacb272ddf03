"""The sandboxed child: limits that hold, answers that are checked, and nothing that is left behind."""

import hashlib
import json
import os
import sys

import pytest

from peep.errors import ArchiveError, PeepError
from peep.examine.answer import BadAnswer, decoded_answer, decoded_comparison
from peep.examine.child import ChildLimits, NotAnalysable, ReleaseArchives, analyse, isolation_for
from peep.examine.types import UnvouchedArchive, encoded
from peep.system.sandbox import FoundIsolation, Isolation, find_isolation
from support.comparing import compared_releases
from support.releases import CORE_TEXT, HARMLESS, TextRelease

ISOLATION = find_isolation().isolation
MARKER = "inert-marker"


def archives(folder):
    found = {}
    for path in folder.iterdir():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        found[path.suffix] = UnvouchedArchive(path.name, digest, path.stat().st_size, str(path))
    return ReleaseArchives(found.get(".whl"), (), found.get(".gz"))


def analysed(tmp_path, release, limits=None):
    return analyse(
        archives(HARMLESS.write(tmp_path / "old")), archives(release.write(tmp_path / "new")), ISOLATION, limits
    )


def test_the_child_says_what_the_analysis_says(tmp_path):
    release = TextRelease("1.1", both={"inert/core.py": CORE_TEXT + "import os\nos.system('x')\n"}, owner="root")
    assert analysed(tmp_path, release) == compared_releases(tmp_path / "again", HARMLESS, release)


def test_nothing_runs_and_nothing_is_left(tmp_path, monkeypatch):
    marker = tmp_path / MARKER
    text = f"open({str(marker)!r}, 'w').close()\nraise SystemExit(0)\n"
    monkeypatch.chdir(tmp_path)
    temporary = tmp_path / "temporary"  # other tests that run at this moment have folders in the common one
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    release = TextRelease(
        "1.1",
        both={"inert/__init__.py": text, "encodings.py": text, "json/__init__.py": text},
        wheel={"x.pth": f"import os; {text.splitlines()[0]}\n", "sitecustomize.py": text},
        sdist={"setup.py": text, "conftest.py": text},
    )
    found = analysed(tmp_path, release)
    assert [change.path for change in found.changes if change.moment == "startup"] == ["sitecustomize.py", "x.pth"]
    assert not marker.exists()
    assert set(os.listdir(tmp_path)) == {"old", "new", "temporary"}
    assert os.listdir(temporary) == []


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_a_file_that_takes_too_much_memory_is_said(tmp_path):
    release = TextRelease("1.1", both={"inert/core.py": "x = [" + "[]," * 1_500_000 + "]\n"})
    found = analysed(tmp_path, release, ChildLimits(memory=300 << 20))
    assert [(one.path, "memory" in one.reason) for one in found.not_analysed] == [("inert/core.py", True)]
    assert "unread-code" in {hit.rule for hit in found.signals}


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_a_release_that_takes_too_much_memory_is_not_analysed(tmp_path):
    release = TextRelease("1.1", both={"inert/data.txt": "\n".join(map(str, range(1_000_000)))})
    with pytest.raises(NotAnalysable, match=r"could not be analysed: it takes more than 40 MB of memory"):
        analysed(tmp_path, release, ChildLimits(memory=40 << 20))


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_a_release_that_takes_too_long_is_not_analysed(tmp_path):
    text = "".join(f"value_{number} = {{'a': [1, 2, 3], 'b': (x.y.z(1), {number})}}\n" for number in range(60_000))
    release = TextRelease("1.1", both={"inert/core.py": text})
    with pytest.raises(NotAnalysable, match="could not be analysed: it takes more than 1 seconds of processor time"):
        analysed(tmp_path, release, ChildLimits(processor_seconds=1))


def test_output_is_bounded(tmp_path):
    text = "".join(f"line {number}\n" for number in range(20_000))
    with pytest.raises(NotAnalysable, match="could not be analysed: what changed comes to more than"):
        analysed(tmp_path, TextRelease("1.1", both={"inert/data.txt": text}), ChildLimits(output=100_000))


def test_what_the_reader_refuses_is_told_by_name(tmp_path):
    new = HARMLESS.write(tmp_path / "new")
    wheel = next(new.glob("*.whl"))
    wheel.write_bytes(wheel.read_bytes()[:-30])
    with pytest.raises(ArchiveError) as refused:
        analyse(None, archives(new), ISOLATION)
    assert refused.value.filename == wheel.name
    assert refused.value.problems


def test_without_a_sandbox_only_by_request():
    none = FoundIsolation(Isolation.NONE, "there is none for plan9")
    with pytest.raises(PeepError, match=r"no sandbox here.*plan9") as refused:
        isolation_for(none, wanted=True)
    assert "--no-sandbox" in refused.value.hint
    assert isolation_for(none, wanted=False) is Isolation.NONE
    assert isolation_for(FoundIsolation(Isolation.LANDLOCK), wanted=True) is Isolation.LANDLOCK


@pytest.mark.parametrize("isolation", [one for one in Isolation if one.value == "none"])
def test_a_process_with_limits_will_do_where_asked(tmp_path, isolation):
    found = analyse(None, archives(HARMLESS.write(tmp_path / "new")), isolation)
    assert len(found.changes) == 12


# -- lying children ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    release = TextRelease("1.1", both={"inert/core.py": CORE_TEXT + "import os\nos.system('x')\n"}, owner="root")
    return json.loads(json.dumps(encoded(compared_releases(tmp_path_factory.mktemp("x"), HARMLESS, release))))


def test_an_honest_answer_is_taken_over(honest):
    assert json.loads(json.dumps(encoded(decoded_comparison(honest)))) == honest


@pytest.mark.parametrize(
    ("field", "lie"),
    [
        ("identity", [1, 2]),
        ("changes", [["a"]]),
        ("changes", "text"),
        ("signals", [["no-such-rule", "a.py", 1, "x", "import"]]),
        ("signals", [["import-process", "a.py", -1, "x", "import"]]),
        ("signals", [["import-process", "a.py", 1, "x", "never"]]),
        ("signals", [["import-process", 5, 1, "x", "import"]]),
        ("capabilities", [["process", "tomorrow", "a.py", 1, "x"]]),
        ("made", [["egg", "a", "b", "c"]]),
        ("not_analysed", [["a" * 10_000, "x"]]),
        ("blobs", [["a"]]),
        ("warnings", None),
    ],
)
def test_a_lie_is_no_answer(honest, field, lie):
    with pytest.raises(BadAnswer):
        decoded_comparison({**honest, field: lie})


def test_a_digest_must_be_one(honest):
    change = list(honest["changes"][0])
    change[11] = "<script>"
    with pytest.raises(BadAnswer):
        decoded_comparison({**honest, "changes": [change]})


@pytest.mark.parametrize("text", [b"", b"nonsense", b"[]", b"{}", b'{"a": 1, "b": 2}', b"[" * 100_000])
def test_what_is_no_answer(text):
    with pytest.raises(BadAnswer):
        decoded_answer(text)
