from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.pylock import Pylock

from peep.formats.pylock_text import PylockDirectory, PylockDocument, PylockFile, PylockPackage, PylockVcs, pylock_text
from peep.model import Digest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HASH = Digest("sha256", "a" * 64)
WHEEL = PylockFile(
    "a-1.0-py3-none-any.whl", (HASH,), "https://index.example/a.whl", size=12, upload_time="2024-05-06T07:08:09.5Z"
)
ARCHIVE = PylockFile("d.zip", (HASH,), "https://files.example/d.zip")
ON_WINDOWS = 'sys_platform == "win32"'
SDIST = PylockFile("a-1.0.tar.gz", (HASH, Digest("sha512", "b" * 128)), path="files/a-1.0.tar.gz")


def read(document: PylockDocument) -> Pylock:
    return Pylock.from_dict(tomllib.loads(pylock_text(document)))


def test_everything_is_valid_and_read_back():
    document = PylockDocument(
        (
            PylockPackage(
                "a", "1.0", 'sys_platform == "win32"', ">=3.8", (("b", ""), ("c", "2.0")), sdist=SDIST, wheels=(WHEEL,)
            ),
            PylockPackage("b", vcs=PylockVcs("git", "https://git.example/b", "c" * 40, "main", "sub")),
            PylockPackage("c", directory=PylockDirectory("../c", editable=True)),
            PylockPackage(
                "d", archive=PylockFile("d.zip", (HASH,), "https://files.example/d.zip"), tool={"index": "corp"}
            ),
        ),
        (ON_WINDOWS,),
        ">=3.11",
        ("fast",),
        ("dev", "test"),
        ("dev",),
        {"locked-for": ["cp311-win_amd64"], "build-constraint": ["build.txt"], "require-sandbox": True},
    )
    found = read(document)
    assert str(found.lock_version) == "1.0"
    assert found.created_by == "peep"
    assert [str(marker) for marker in found.environments or ()] == [ON_WINDOWS]
    assert (found.extras, found.dependency_groups, found.default_groups) == (["fast"], ["dev", "test"], ["dev"])
    assert found.tool == {
        "peep": {"build-constraint": ["build.txt"], "locked-for": ["cp311-win_amd64"], "require-sandbox": True}
    }
    a, b, c, d = found.packages
    assert (a.name, str(a.version), str(a.marker), str(a.requires_python)) == (
        "a",
        "1.0",
        'sys_platform == "win32"',
        ">=3.8",
    )
    assert a.dependencies == [{"name": "b"}, {"name": "c", "version": "2.0"}]
    assert a.wheels
    assert (a.wheels[0].name, a.wheels[0].size) == (WHEEL.name, 12)
    assert a.wheels[0].upload_time
    assert a.wheels[0].upload_time.isoformat() == "2024-05-06T07:08:09.500000+00:00"
    assert a.sdist
    assert dict(a.sdist.hashes) == {"sha256": "a" * 64, "sha512": "b" * 128}
    assert b.vcs
    assert (b.vcs.commit_id, b.vcs.requested_revision, b.vcs.subdirectory) == ("c" * 40, "main", "sub")
    assert c.directory
    assert (c.directory.path, c.directory.editable) == ("../c", True)
    assert d.archive
    assert d.tool == {"peep": {"index": "corp"}}


def test_no_version_and_no_time_of_the_writer_stand_in_it():
    assert pylock_text(PylockDocument((PylockPackage("a", "1.0", wheels=(WHEEL,)),))) == (
        'lock-version = "1.0"\n'
        'created-by = "peep"\n'
        "\n"
        "[[packages]]\n"
        'name = "a"\n'
        'version = "1.0"\n'
        "wheels = [\n"
        '    {name = "a-1.0-py3-none-any.whl", upload-time = 2024-05-06T07:08:09.500000Z, '
        f'url = "https://index.example/a.whl", size = 12, hashes = {{sha256 = "{"a" * 64}"}}}},\n'
        "]\n"
    )


@given(st.text(st.characters(blacklist_categories=("Cs",)), max_size=30))
def test_any_text_comes_back(text):
    document = PylockDocument((PylockPackage("a", "1.0", wheels=(WHEEL,), tool={"note": text}),))
    assert tomllib.loads(pylock_text(document))["packages"][0]["tool"]["peep"]["note"] == text


@pytest.mark.parametrize("text", ["", "yesterday", "2024-13-01T00:00:00Z"])
def test_what_is_no_time_is_left_out(text):
    file = PylockFile("a-1.0-py3-none-any.whl", (HASH,), "https://index.example/a.whl", upload_time=text)
    found = read(PylockDocument((PylockPackage("a", "1.0", wheels=(file,)),)))
    assert found.packages[0].wheels
    assert found.packages[0].wheels[0].upload_time is None
