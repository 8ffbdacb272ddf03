"""Archives and commits at URLs, extras and nested keys of other tools' locks, in the forms that these tools write."""

from __future__ import annotations

import json

import pytest

from peep.locking.conversion import convert, read_foreign_lock
from peep.locking.readers.locked import ReadLock, Selection

A, B = ("sha256:" + letter * 64 for letter in "ab")
COMMIT = "c" * 40
GIT = "https://a.example/r.git"
WHEEL = "https://files.example/w-3.1-py3-none-any.whl"

POETRY = f"""
[[package]]
name = "repo"
version = "2.0"
optional = false
groups = ["main"]
markers = "sys_platform == 'win32'"
files = []
develop = false

[package.source]
type = "git"
url = "{GIT}"
reference = "main"
resolved_reference = "{COMMIT}"
subdirectory = "sub"

[[package]]
name = "w"
version = "3.1"
optional = false
groups = ["main"]
files = [{{file = "w-3.1-py3-none-any.whl", hash = "{A}"}}]

[package.source]
type = "url"
url = "{WHEEL}"

[metadata]
lock-version = "2.1"
python-versions = "*"
content-hash = "x"
"""
PDM = f"""
[metadata]
groups = ["default"]
strategy = ["inherit_metadata"]
lock_version = "4.5.1"

[[metadata.targets]]
requires_python = ">=3.10"

[[package]]
name = "repo"
version = "2.0"
git = "{GIT}"
ref = "main"
revision = "{COMMIT}"
subdirectory = "sub"
marker = "sys_platform == 'win32'"
groups = ["default"]

[[package]]
name = "w"
version = "3.1"
url = "{WHEEL}"
groups = ["default"]
files = [{{file = "w-3.1-py3-none-any.whl", hash = "{A}"}}]
"""
UV = f"""
version = 1
[[package]]
name = "own"
source = {{ virtual = "." }}
dependencies = [{{ name = "repo", marker = "sys_platform == 'win32'" }}, {{ name = "w" }}]
[[package]]
name = "repo"
version = "2.0"
source = {{ git = "{GIT}?subdirectory=sub&branch=main#{COMMIT}" }}
[[package]]
name = "w"
version = "3.1"
source = {{ url = "{WHEEL}" }}
wheels = [{{ url = "{WHEEL}", hash = "{A}" }}]
"""
PIPFILE = json.dumps(
    {
        "_meta": {"pipfile-spec": 6, "sources": [{"name": "pub", "url": "https://i.example", "verify_ssl": False}]},
        "default": {
            "repo": {"git": GIT, "ref": COMMIT, "subdirectory": "sub", "markers": "sys_platform == 'win32'"},
            "w": {"file": WHEEL, "hashes": [A]},
        },
    }
)
SAMPLES = {"poetry.lock": POETRY, "pdm.lock": PDM, "uv.lock": UV, "Pipfile.lock": PIPFILE}


def read(name: str, text: str, **selection) -> ReadLock:
    return read_foreign_lock(text, name, Selection(**selection))


def told(found: ReadLock) -> list[str]:
    return [f"{loss.name}: {loss.what}" for loss in found.losses]


@pytest.mark.parametrize("name", SAMPLES)
def test_archives_and_commits_at_urls_are_written_as_what_they_are(name):
    found = read(name, SAMPLES[name])
    assert not any(loss.changes_install for loss in found.losses), found.losses
    assert convert(found, "requirements.txt").text == (
        f'repo @ git+{GIT}@{COMMIT}#subdirectory=sub ; sys_platform == "win32"\nw @ {WHEEL} \\\n    --hash={A}\n'
    )
    lock = convert(found, "pylock.toml").text
    revision = "" if name == "Pipfile.lock" else ', requested-revision = "main"'
    assert f'url = "{GIT}"{revision}, commit-id = "{COMMIT}", subdirectory = "sub"' in lock
    assert f'archive = {{url = "{WHEEL}", hashes' in lock


@pytest.mark.parametrize("name", SAMPLES)
def test_pip_is_told_of_that_takes_no_commit_beside_hashes(name):
    losses = convert(read(name, SAMPLES[name]), "requirements.txt").losses
    assert any("beside commits (repo)" in loss.what and not loss.changes_install for loss in losses)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (GIT, "https://user:pa55@a.example/r.git", "the credential in git+https://****@a.example/r.git@"),
        (COMMIT, "main", "repo: it comes from "),
        (WHEEL, "../w-3.1-py3-none-any.whl", "w: it comes from ../w-3.1-py3-none-any.whl"),
    ],
)
def test_what_no_other_machine_finds_is_a_loss(name, before, after, reason):
    found = read(name, SAMPLES[name].replace(before, after))
    assert any(loss.changes_install for loss in found.losses)
    assert reason in "\n".join(told(found))
    assert "pa55" not in convert(found, "requirements.txt").text + "\n".join(told(found))


def test_the_short_form_of_git_becomes_the_url_that_it_is_short_for():
    found = read("poetry.lock", POETRY.replace(GIT, "git@a.example:team/r.git"))
    assert convert(found, "requirements.txt").text.startswith(f"repo @ git+ssh://git@a.example/team/r.git@{COMMIT}#")


def test_poetry_before_1_2_has_the_commit_as_the_reference():
    old = POETRY.replace('reference = "main"\n', f'reference = "{COMMIT}"\n').replace(
        f'resolved_reference = "{COMMIT}"', ""
    )
    assert read("poetry.lock", old).packages[0].url == f"git+{GIT}@{COMMIT}"


def test_a_commit_goes_into_a_pipfile_lock_and_back():
    found = read("uv.lock", UV)
    written = convert(found, "Pipfile.lock")
    assert [loss.name for loss in written.refusals] == ["w"]
    back = read("Pipfile.lock", written.text)
    assert [(one.name, one.url, one.subdirectory, one.marker) for one in back.packages] == [
        ("repo", f"git+{GIT}@{COMMIT}", "sub", 'sys_platform == "win32"')
    ]


POETRY_EXTRAS = f"""
[[package]]
name = "md"
version = "1.0"
optional = true
groups = ["main"]
markers = "extra == \\"docs\\""
files = [{{file = "md-1.0.tar.gz", hash = "{A}"}}]

[package.dependencies]
url = "*"
link = {{version = ">=1", optional = true, markers = "extra == \\"linkify\\""}}

[[package]]
name = "url"
version = "1.0"
optional = true
groups = ["main", "dev"]
files = [{{file = "url-1.0.tar.gz", hash = "{A}"}}]
markers = {{main = "extra == \\"docs\\"", dev = "sys_platform == \\"linux\\""}}

[[package]]
name = "link"
version = "1.0"
optional = true
groups = ["main"]
markers = "os_name == \\"nt\\" and extra == \\"docs\\" or extra == \\"all\\""
files = [{{file = "link-1.0.tar.gz", hash = "{A}"}}]

[extras]
docs = ["md"]
all = ["link"]

[metadata]
lock-version = "2.1"
python-versions = "*"
content-hash = "x"
"""


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({}, {}),
        ({"extras": ("docs",)}, {"md": "", "url": "", "link": 'os_name == "nt"'}),
        ({"extras": ("all",)}, {"link": ""}),
        ({"groups": ("dev",)}, {"url": 'sys_platform == "linux"'}),
    ],
)
def test_an_extra_of_poetry_brings_all_that_its_packages_require(selection, expected):
    found = read("poetry.lock", POETRY_EXTRAS, **selection)
    assert {one.name: one.marker for one in found.packages} == expected
    assert found.left_out == tuple(
        sorted({"docs", "all", "dev"} - {name for names in selection.values() for name in names})
    )


def test_so_it_did_before_markers_were_stated():
    lines = [line for line in POETRY_EXTRAS.splitlines() if not line.startswith(("markers =", "groups ="))]
    text = "\n".join(lines).replace('"2.1"', '"2.0"')
    assert [one.name for one in read("poetry.lock", text).packages] == []
    assert [one.name for one in read("poetry.lock", text, extras=("docs",)).packages] == ["link", "md", "url"]


@pytest.mark.parametrize(
    ("name", "before", "after", "expected"),
    [
        ("poetry.lock", 'type = "url"', 'type = "url"\nmirror = "m"', "w: mirror of its source"),
        ("poetry.lock", f'hash = "{A}"', f'hash = "{A}", signed = true', "w: signed of its files"),
        ("pdm.lock", f'hash = "{A}"', f'hash = "{A}", signed = true', "w: signed of its files"),
        ("pdm.lock", "[[package]]", '[[metadata.targets]]\nplatform = "linux"\n[[package]]', ": the platforms"),
        ("uv.lock", f'hash = "{A}"', f'hash = "{A}", signed = true', "w: signed of its files"),
        ("uv.lock", "#c", "#c", ""),
        ("Pipfile.lock", '"verify_ssl": false', '"verify_ssl": false, "kind": 1', ": kind of its sources"),
        ("Pipfile.lock", "i.example", "i.example", ": its indexes (pub)"),
        ("Pipfile.lock", "i.example", "i.example", ": that the certificate of an index is not checked"),
    ],
)
def test_keys_within_a_package_have_a_fate_too(name, before, after, expected):
    assert before in SAMPLES[name]
    lines = told(read(name, SAMPLES[name].replace(before, after, 1)))
    assert any(line.startswith(expected) for line in lines) if expected else lines == []


UV_CONFLICT = f"""
version = 1
requires-python = ">=3.11"
conflicts = [[{{ package = "own", extra = "old" }}, {{ package = "own", extra = "new" }}]]
[[package]]
name = "own"
source = {{ virtual = "." }}
[package.optional-dependencies]
old = [{{ name = "np", version = "1.0" }}]
new = [{{ name = "np", version = "2.0" }}]
[[package]]
name = "np"
version = "1.0"
source = {{ registry = "https://i.example/simple" }}
sdist = {{ url = "https://i.example/np-1.0.tar.gz", hash = "{A}" }}
[[package]]
name = "np"
version = "2.0"
source = {{ registry = "https://i.example/simple" }}
sdist = {{ url = "https://i.example/np-2.0.tar.gz", hash = "{B}" }}
"""


def test_extras_that_exclude_each_other_are_no_list():
    for extra in ("old", "new"):
        assert not any(loss.changes_install for loss in read("uv.lock", UV_CONFLICT, extras=(extra,)).losses)
    both = [loss for loss in read("uv.lock", UV_CONFLICT, extras=("old", "new")).losses if loss.changes_install]
    assert [loss.what for loss in both] == [
        "its versions 1.0, 2.0 are needed side by side: extras or groups that exclude each other"
    ]
    apart = UV_CONFLICT.replace('version = "1.0" }]', 'version = "1.0", marker = "sys_platform == \'win32\'" }]')
    apart = apart.replace('version = "2.0" }]', 'version = "2.0", marker = "sys_platform != \'win32\'" }]')
    assert not any(loss.changes_install for loss in read("uv.lock", apart, extras=("old", "new")).losses)
