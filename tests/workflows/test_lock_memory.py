"""A lock that was made before: pages are asked for again, and only where one has changed is there more to do."""

from __future__ import annotations

import json

import pytest

from support.command import peep
from support.fake_index import FakeIndex, FileFacts
from support.wheels import wheel_bytes

pytestmark = pytest.mark.process
TARGETS = ("--target", "cp312-win_amd64", "--target", "cp312-manylinux_2_28_x86_64")


class Place:
    """A folder with a source that is locked from an index."""

    def __init__(self, folder, index: FakeIndex) -> None:
        self.folder = folder
        self.index = index
        (folder / "requirements.in").write_text("app\n")

    def lock(self, *words: str):
        """Run it; gives back what it said, and the paths that were asked for."""
        before = len(self.index.requests)
        options = (*TARGETS, "--store", self.folder / "store", "--index-url", self.index.simple_url)
        done = peep("lock", *words, *options, cwd=self.folder, environ={"PIP_CONFIG_FILE": "/dev/null"})
        return done, [(request.path, request.headers) for request in self.index.requests[before:]]


@pytest.fixture
def place(tmp_path):
    wheels = {name: {f"{name}-1.0-py3-none-any.whl": wheel_bytes(name, "1.0", requires=needs)} for name, needs in NEEDS}
    with FakeIndex(wheels) as index:
        index.content.etags = True
        yield Place(tmp_path, index)


NEEDS = (("app", ["lib"]), ("lib", []))


def test_an_unchanged_lock_asks_for_each_page_once_and_for_nothing_else(place):
    assert place.lock()[0].returncode == 0
    first, _ = place.lock("--check")
    again, asked = place.lock("--check")
    assert (first.returncode, again.returncode) == (0, 0)
    assert again.stdout == first.stdout
    assert sorted(path for path, _ in asked) == ["/simple/app/", "/simple/lib/"]
    assert all("if-none-match" in headers for _, headers in asked)


def test_what_is_told_as_json_is_remembered_with_its_pins(place):
    place.lock()
    first, _ = place.lock("--check", "--format", "json")
    again, asked = place.lock("--check", "--format", "json")
    assert again.stdout == first.stdout
    assert [pin["name"] for pin in json.loads(again.stdout)["pins"]] == ["app", "lib"]
    assert all("if-none-match" in headers for _, headers in asked)


@pytest.mark.parametrize("change", ["yanked", "gone", "source", "edited", "target"])
def test_what_has_changed_is_seen(place, change):
    place.lock()
    place.lock("--check")
    words = []
    if change == "yanked":
        place.index.content.facts["lib-1.0-py3-none-any.whl"] = FileFacts(yanked="broken")
    elif change == "gone":
        del place.index.content.projects["lib"]
    elif change == "source":
        (place.folder / "requirements.in").write_text("app\nlib<1\n")
    elif change == "edited":
        lock = place.folder / "requirements.txt"
        lock.write_text(lock.read_text().replace("# via app", "# via nobody"))
    else:
        words = ["--target", "cp313-win_amd64"]
    done, _ = place.lock("--check", *words)
    told = {
        "yanked": (0, "lib 1.0 was yanked: broken"),
        "gone": (1, "no version of lib suits"),
        "source": (1, "requires lib<1"),
        "edited": (1, "requirements.txt would change"),
        "target": (1, "for 3 targets"),
    }
    status, text = told[change]
    assert done.returncode == status, done.stdout + done.stderr
    assert text in done.stdout + done.stderr


def test_a_new_release_changes_nothing_until_it_is_asked_for(place):
    place.lock()
    place.lock("--check")
    place.index.content.projects["lib"]["lib-2.0-py3-none-any.whl"] = wheel_bytes("lib", "2.0")
    assert place.lock("--check")[0].returncode == 0
    done, _ = place.lock("--upgrade", "--check")
    assert "lib: 1.0 -> 2.0" in done.stdout
    assert done.returncode == 1
