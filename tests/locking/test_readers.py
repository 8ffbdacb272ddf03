from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.dataclass import replace
from peep.locking.completeness import JudgedPin
from peep.locking.conversion import convert, locked_packages, read_foreign_lock
from peep.locking.listed_pins import judged_pins
from peep.locking.marker_atoms import MarkerJudge
from peep.locking.output.pylock import read_lock_file
from peep.locking.output.requirements_txt import RequirementsLock, WrittenPin, requirements_text
from peep.locking.pylock_parts import taken_parts
from peep.locking.readers.locked import ReadLock, Selection, UnreadableLock
from peep.model import Digest
from peep.requirements.file_parser import RequirementLine, parse_text
from support.corpus import CORPUS

A, B, C = ("sha256:" + letter * 64 for letter in "abc")
LINUX = {
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}
WINDOWS = {**LINUX, "os_name": "nt", "sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64"}


def python(environment, version: str):
    short = ".".join(version.split(".")[:2])
    return {**environment, "python_version": short, "python_full_version": version, "implementation_version": version}


def holding(read: ReadLock, environment) -> dict[str, str]:
    judge = MarkerJudge(environment)
    return {one.name: one.version for one in read.packages if judge.holds(one.marker)}


def read(name: str, text: str, **selection) -> ReadLock:
    return read_foreign_lock(text, name, Selection(**selection))


# -- Pipfile.lock ------------------------------------------------------------------------------------


def pipfile(default, develop=None, **more) -> str:
    meta = {"hash": {"sha256": ""}, "pipfile-spec": 6, "requires": {}, "sources": []}
    return json.dumps({"_meta": meta, "default": default, "develop": develop or {}, **more})


def test_pipfile_groups_markers_extras_and_hashes():
    text = pipfile(
        {
            "Foo_Bar": {
                "version": "==1.0",
                "hashes": [B, A],
                "markers": "sys_platform == 'win32'",
                "extras": ["X_y"],
                "index": "corp",
            }
        },
        {"dev-only": {"version": "==2.0", "hashes": [C]}},
        docs={"sphinx": {"version": "==3.0", "hashes": [C]}},
    )
    found = read("Pipfile.lock", text)
    (foo,) = found.packages
    assert (foo.name, foo.version, foo.extras, foo.index) == ("foo-bar", "1.0", ("x-y",), "corp")
    assert foo.marker == 'sys_platform == "win32"'
    assert [str(file.digest) for file in foo.files] == [A, B]
    assert found.left_out == ("dev", "docs")
    assert [one.name for one in read("Pipfile.lock", text, groups=("dev",)).packages] == ["dev-only", "foo-bar"]
    assert len(read("Pipfile.lock", text, all_groups=True).packages) == 3


def test_an_unresolved_version_is_refused_for_good():
    text = pipfile({"colorama": {"markers": "sys_platform == 'win32'", "version": "*"}})
    (loss,) = read("Pipfile.lock", text).losses
    assert (loss.name, loss.changes_install, loss.is_final) == ("colorama", True, True)
    assert "its version is '*'" in loss.what


def test_a_pin_of_two_groups_is_needed_where_either_is():
    text = pipfile(
        {"a": {"version": "==1.0", "hashes": [A], "markers": "sys_platform == 'win32'"}},
        {"a": {"version": "==1.0", "hashes": [A]}},
    )
    (one,) = read("Pipfile.lock", text, groups=("dev",)).packages
    assert one.marker == ""


# -- poetry.lock -------------------------------------------------------------------------------------

POETRY = f"""\
[[package]]
name = "app"
version = "1.0"
optional = false
python-versions = ">=3.8"
groups = ["main", "dev"]
files = [{{file = "app-1.0-py3-none-any.whl", hash = "{A}"}}]

[package.dependencies]
colorama = {{version = "*", markers = "sys_platform == 'win32'"}}

[[package]]
name = "colorama"
version = "0.4"
optional = false
python-versions = "*"
groups = ["main", "dev"]
files = [{{file = "colorama-0.4.tar.gz", hash = "{B}"}}]
MARKERS

[[package]]
name = "fast"
version = "2.0"
optional = true
python-versions = "*"
groups = ["main"]
markers = "extra == \\"speed\\""
files = [{{file = "fast-2.0.tar.gz", hash = "{C}"}}]

[extras]
speed = ["fast"]

[metadata]
lock-version = "VERSION"
python-versions = ">=3.8"
content-hash = "x"
"""


UV_FILE = f"""
version = 1
[[package]]
name = "p"
source = {{ virtual = "." }}
dependencies = [{{ name = "a" }}]
[[package]]
name = "a"
version = "1.0"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "URL", hash = "{A}", size = 1 }}]
"""


def poetry(version: str = "2.1", markers: str = "markers = \"sys_platform == 'win32'\"") -> str:
    return POETRY.replace("MARKERS", markers).replace("VERSION", version)


def test_poetry_markers_files_and_optional_packages():
    found = read("poetry.lock", poetry())
    assert holding(found, python(LINUX, "3.12.0")) == {"app": "1.0"}
    assert holding(found, python(WINDOWS, "3.12.0")) == {"app": "1.0", "colorama": "0.4"}
    assert found.packages[0].files[0].name == "app-1.0-py3-none-any.whl"
    assert found.left_out == ("dev", "speed")
    assert found.losses == ()
    assert 'requires-python = ">=3.8"' in convert(found, "pylock.toml").text
    assert [loss.what for loss in convert(found, "requirements.txt").losses if "requires-python" in loss.what] == [
        "its requires-python (>=3.8): others are refused no more"
    ]
    with_extra = read("poetry.lock", poetry(), extras=("speed",))
    assert holding(with_extra, python(LINUX, "3.12.0")) == {"app": "1.0", "fast": "2.0"}


def test_poetry_markers_for_each_group():
    table = "markers = {main = \"sys_platform == 'win32'\", dev = \"os_name == 'posix'\"}"
    assert holding(read("poetry.lock", poetry(markers=table)), python(LINUX, "3.12.0")) == {"app": "1.0"}
    both = read("poetry.lock", poetry(markers=table), groups=("dev",))
    assert holding(both, python(LINUX, "3.12.0")) == {"app": "1.0", "colorama": "0.4"}


def test_poetry_before_2_1_has_its_markers_at_dependencies():
    found = read("poetry.lock", poetry("2.0", ""))
    assert holding(found, python(LINUX, "3.12.0")) == {"app": "1.0"}
    assert holding(found, python(WINDOWS, "3.12.0")) == {"app": "1.0", "colorama": "0.4"}
    assert any(loss.changes_install and "pyproject.toml" in loss.what for loss in found.losses)


# -- pdm.lock ----------------------------------------------------------------------------------------


def test_pdm_groups_markers_and_entries_of_extras():
    text = f"""
[metadata]
groups = ["default", "test"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"

[[package]]
name = "a"
version = "1.0"
groups = ["default"]
marker = "sys_platform == 'win32'"
files = [{{file = "a-1.0.tar.gz", hash = "{A}"}}]

[[package]]
name = "a"
version = "1.0"
extras = ["fast"]
groups = ["default"]
dependencies = ["a==1.0"]
marker = "sys_platform == 'win32'"
files = [{{file = "a-1.0.tar.gz", hash = "{A}"}}]

[[package]]
name = "t"
version = "2.0"
groups = ["test"]
files = [{{url = "https://files.example/t-2.0.tar.gz", hash = "{B}"}}]
"""
    found = read("pdm.lock", text)
    (a,) = found.packages
    assert (a.name, a.extras, a.marker) == ("a", ("fast",), 'sys_platform == "win32"')
    assert found.left_out == ("test",)
    t = read("pdm.lock", text, groups=("test",)).packages[1]
    assert (t.files[0].name, t.files[0].url) == ("t-2.0.tar.gz", "https://files.example/t-2.0.tar.gz")


# -- uv.lock -----------------------------------------------------------------------------------------

TIME = "2024-01-02T03:04:05Z"
UV = f"""\
version = 1
revision = 3
requires-python = ">=3.9"
resolution-markers = ["python_full_version >= '3.10'", "python_full_version < '3.10'"]

[[package]]
name = "app"
version = "0.1.0"
source = {{ virtual = "." }}
dependencies = [
    {{ name = "click", version = "8.0", source = {{ registry = "x" }}, marker = "python_full_version < '3.10'" }},
    {{ name = "click", version = "8.1", source = {{ registry = "x" }}, marker = "python_full_version >= '3.10'" }},
]

[package.optional-dependencies]
cpu = [{{ name = "torch", marker = "extra == 'extra-3-app-cpu' or extra != 'extra-3-app-gpu'" }}]

[package.dev-dependencies]
dev = [{{ name = "pytest", extra = ["fast"] }}]

[[package]]
name = "click"
version = "8.0"
source = {{ registry = "https://index.example/simple" }}
resolution-markers = ["python_full_version < '3.10'"]
dependencies = [{{ name = "colorama", marker = "sys_platform == 'win32'" }}]
sdist = {{ url = "https://files.example/click-8.0.tar.gz", hash = "{A}", size = 10, upload-time = "{TIME}" }}

[[package]]
name = "click"
version = "8.1"
source = {{ registry = "https://index.example/simple" }}
resolution-markers = ["python_full_version >= '3.10'"]
dependencies = [{{ name = "colorama", marker = "sys_platform == 'win32'" }}]
wheels = [{{ url = "https://files.example/click-8.1-py3-none-any.whl", hash = "{B}", size = 11 }}]

[[package]]
name = "colorama"
version = "0.4"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://files.example/colorama-0.4-py3-none-any.whl", hash = "{C}", size = 12 }}]

[[package]]
name = "pytest"
version = "8.2"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://files.example/pytest-8.2-py3-none-any.whl", hash = "{C}" }}]

[package.optional-dependencies]
fast = [{{ name = "xdist" }}]

[[package]]
name = "torch"
version = "2.0"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://files.example/torch-2.0-py3-none-any.whl", hash = "{C}" }}]

[[package]]
name = "xdist"
version = "3.0"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://files.example/xdist-3.0-py3-none-any.whl", hash = "{A}" }}]
"""


def test_uv_markers_flow_down_from_the_project():
    found = read("uv.lock", UV)
    assert holding(found, python(LINUX, "3.9.5")) == {"click": "8.0"}
    assert holding(found, python(LINUX, "3.12.1")) == {"click": "8.1"}
    assert holding(found, python(WINDOWS, "3.12.1")) == {"click": "8.1", "colorama": "0.4"}
    colorama = next(one for one in found.packages if one.name == "colorama")
    assert colorama.marker == 'sys_platform == "win32"'
    first = found.packages[0].files[0]
    assert (first.name, first.size, first.upload_time) == ("click-8.0.tar.gz", 10, TIME)
    assert found.left_out == ("cpu", "dev")


def test_uv_extras_groups_and_pseudo_extras():
    found = read("uv.lock", UV, groups=("dev",), extras=("cpu",))
    assert holding(found, python(LINUX, "3.12.1")) == {"click": "8.1", "pytest": "8.2", "torch": "2.0", "xdist": "3.0"}
    pytest_pin = next(one for one in found.packages if one.name == "pytest")
    assert pytest_pin.extras == ("fast",)
    gpu = UV.replace("cpu = [", "gpu = [")
    assert "torch" not in holding(read("uv.lock", gpu, extras=("gpu",)), python(LINUX, "3.12.1"))


# -- broken ones -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("Pipfile.lock", "[]", "the file is no table"),
        ("Pipfile.lock", "{", "this is no JSON"),
        ("Pipfile.lock", '{"_meta": {"pipfile-spec": 5}}', "pipfile-spec is 5"),
        ("Pipfile.lock", pipfile({"a": {"version": "==1.0", "hashes": ["sha256:abc"]}}), "which is none"),
        ("Pipfile.lock", pipfile({"a": {"version": "==x y"}}), "has the version"),
        ("Pipfile.lock", pipfile({"a\nb": {"version": "==1.0"}}), "has the name"),
        ("Pipfile.lock", pipfile({"a": {"version": "==1.0", "markers": "what"}}), "is no environment marker"),
        ("poetry.lock", "x = ", "this is no TOML"),
        ("poetry.lock", "[metadata]\nlock-version = '3.0'", "lock-version is 3.0"),
        ("poetry.lock", "package = []", "metadata is no table"),
        ("pdm.lock", "[metadata]\nlock_version = '5.0'", "lock_version is 5.0"),
        ("uv.lock", "version = 2", "version is 2"),
        ("uv.lock", "version = 1", "no package that is the project itself"),
    ],
)
def test_what_is_no_such_lock_says_why(name, text, reason):
    with pytest.raises(UnreadableLock, match=reason):
        read(name, text)


@given(st.sampled_from(["poetry.lock", "pdm.lock", "uv.lock", "Pipfile.lock"]), st.text(max_size=80))
def test_any_text_is_read_or_refused(name, text):
    try:
        found = read(name, text)
    except UnreadableLock:
        return
    assert found.packages == ()


@pytest.mark.parametrize("name", ["poetry.lock", "pdm.lock", "uv.lock", "Pipfile.lock"])
def test_real_lock_files_are_read_or_refused(name):
    paths = [path for path in (CORPUS / "locks" / name).rglob(name) if path.is_file()]
    if not paths:
        pytest.skip("the corpus is not here")
    count = 0
    for path in paths:
        try:
            found = read(name, path.read_bytes().decode("utf-8", "replace"), all_groups=True)
        except UnreadableLock:
            continue
        count += len(found.packages)
        for one in found.packages:
            assert one.files or one.url or any(loss.name == one.name for loss in found.losses)
    assert count


# -- conversion --------------------------------------------------------------------------------------


def pins_of(text: str):
    parsed = parse_text(text, "requirements.txt", {})
    assert not parsed.errors
    pins, errors = judged_pins(one for one in parsed.entries if isinstance(one, RequirementLine))
    assert not errors
    return pins


def test_a_requirements_file_keeps_markers_hashes_and_extras():
    found = read("uv.lock", UV, groups=("dev",))
    written = convert(found, "requirements.txt")
    assert written.refusals == ()
    kept = {
        (pin.name, pin.version, pin.marker, pin.extras, tuple(map(str, pin.hashes))) for pin in pins_of(written.text)
    }
    assert kept == {
        (one.name, one.version, one.marker, one.extras, tuple(str(file.digest) for file in one.files))
        for one in found.packages
    }
    (values,) = (loss for loss in written.losses if "URLs of files" in loss.what)
    assert {"sizes of files", "names of files (no installer needs them)"} <= set(values.what.split(", "))
    assert not values.changes_install


def test_there_and_back_through_a_lock_file():
    found = read("uv.lock", UV)
    lock = convert(found, "pylock.toml", targets=["cp312-win_amd64"])
    assert lock.refusals == ()
    again = read_lock_file(lock.text, "pylock.toml")
    assert again.targets == ("cp312-win_amd64",)
    back = locked_packages(again.pins, again.files.values(), again.indexes)
    assert convert(back, "requirements.txt").text == convert(found, "requirements.txt").text
    back = replace(back, requires_python=found.requires_python)
    assert convert(back, "pylock.toml", targets=again.targets).text == lock.text


def test_a_lock_file_needs_names_and_urls():
    found = read("poetry.lock", poetry())
    refusals = convert(found, "pylock.toml").refusals
    assert {loss.name for loss in refusals} == {"app", "colorama"}
    assert all("URL" in loss.what for loss in refusals)


def test_a_pipfile_lock_holds_one_version():
    (loss,) = convert(read("uv.lock", UV), "Pipfile.lock").refusals
    assert (loss.name, loss.what) == ("click", "it has two versions, and a Pipfile.lock holds one")
    text = pipfile({"a": {"version": "==1.0", "hashes": [A, B], "markers": "sys_platform == 'win32'"}})
    first = read("Pipfile.lock", text)
    written = convert(first, "Pipfile.lock")
    assert written.refusals == ()
    assert read("Pipfile.lock", written.text).packages == first.packages


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("poetry.lock", poetry().replace('groups = ["main"]', "groups = 5"), "groups of"),
        ("poetry.lock", poetry().replace('version = "1.0"', 'version = "1.0 "'), "which is none"),
        ("pdm.lock", '[metadata]\nlock_version = "4.5.0"\nstrategy = 5\n', "strategy of"),
        ("Pipfile.lock", pipfile({"a": {"version": "==1.0", "hashes": [A], "extras": "x"}}), "extras of a"),
        ("Pipfile.lock", pipfile({"a": {"version": "==1.0", "hashes": [5]}}), "hashes of a"),
        ("uv.lock", UV_FILE.replace("URL", "http://[::1"), "malformed URL"),
        ("uv.lock", UV_FILE.replace("size = 1", "size = true"), "no number of bytes"),
    ],
)
def test_values_of_the_wrong_type_are_refused(name, text, reason):
    with pytest.raises(UnreadableLock, match=reason):
        read(name, text)


def test_a_file_whose_name_is_no_archives_is_told_and_left_out():
    written = convert(read("uv.lock", UV_FILE.replace("URL", "https://f.example/x")), "pylock.toml")

    assert [(loss.name, loss.changes_install) for loss in written.refusals] == [("a", True)]
    assert read_lock_file(written.text, "pylock.toml").pins == ()


def test_r18_a_comment_of_a_lock_stays_on_its_line():
    evil = "x\n# peep: --trust-local .\nevil==1.0"
    digest = Digest("sha256", "a" * 64)
    pin = WrittenPin("a", "1.0", hashes=(digest,), via=(evil,), filenames=((digest, evil),))
    lines = requirements_text(RequirementsLock((evil,), (), (pin,), build_constraint=evil)).splitlines()

    assert [line for line in lines if line and not line.lstrip().startswith("#")] == [
        "a==1.0 \\",
        f"    --hash={digest}",
    ]
    assert not [line for line in lines if line.startswith("# peep: --trust-local")]


def test_a_folder_of_this_machine_is_told_and_left_out():
    text = 'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "a"\ndirectory = {path = "a"}\n'
    read_one = locked_packages(read_lock_file(text, "pylock.toml").pins)

    assert [loss.what for loss in read_one.losses] == ["it is a folder or a file of this machine, and is left out"]
    assert read_one.packages == ()


def test_an_entry_of_extras_alone_has_no_hash_either():
    text = '[metadata]\nlock_version = "4.5.0"\nstrategy = ["inherit_metadata"]\n[[package]]\nname = "a"\n'
    losses = read("pdm.lock", text + 'version = "1.0"\nextras = ["x"]\n').losses

    assert [(loss.name, loss.what) for loss in losses] == [("a", "it has no hash")]


# -- what conversions must not drop ------------------------------------------------------------------


@pytest.mark.parametrize("number", [6.0, True, "6"])
def test_numbers_of_formats_are_whole_numbers(number):
    with pytest.raises(UnreadableLock, match="pipfile-spec is"):
        read("Pipfile.lock", json.dumps({"_meta": {"pipfile-spec": number}, "default": {}}))
    with pytest.raises(UnreadableLock, match="version is"):
        read("uv.lock", f"version = {json.dumps(number).replace('6', '1')}")


UV_COMMIT = f"""
version = 1
supported-markers = ["sys_platform == 'linux'"]
[[package]]
name = "own"
source = {{ virtual = "." }}
dependencies = [{{ name = "repo" }}]
[[package]]
name = "repo"
version = "2.0"
surprise = 1
source = {{ git = "https://a.example/r.git?subdirectory=a%20b&rev=main#{"c" * 40}" }}
"""


def test_a_commit_of_uv_keeps_its_subdirectory_and_unknown_keys_are_told():
    found = read("uv.lock", UV_COMMIT)
    assert [(one.url, one.version, one.subdirectory) for one in found.packages] == [
        (f"git+https://a.example/r.git@{'c' * 40}", "", "a b")
    ]
    text = convert(found, "requirements.txt").text
    assert text == f"repo @ git+https://a.example/r.git@{'c' * 40}#subdirectory=a%20b\n"
    assert 'subdirectory = "a b"' in convert(found, "pylock.toml").text
    told = [(loss.name, loss.what) for loss in found.losses]
    assert ("repo", "its surprise, which is not known here") in told
    assert found.environments == ('sys_platform == "linux"',)


@pytest.mark.parametrize(
    ("marker", "extras", "expected"),
    [
        ("'x' in extras", (), None),
        ("'x' in extras", ("x",), ""),
        ("'x' not in extras", (), ""),
        ("sys_platform == 'linux' and ('x' in extras or 'main' in dependency_groups)", (), 'sys_platform == "linux"'),
        ("sys_platform == 'linux' and 'x' in extras or os_name == 'nt'", (), 'os_name == "nt"'),
        ("sys_platform == 'linux' or 'main' in dependency_groups", (), ""),
    ],
)
def test_markers_on_extras_and_groups_are_decided_by_what_is_asked_for(marker, extras, expected):
    document = {"default-groups": ["main"], "extras": ["x"], "packages": [{"name": "foo", "marker": marker}]}
    parts = taken_parts(document, [JudgedPin("foo", "1")], Selection(extras=extras))
    assert [pin.marker for pin in parts.pins] == ([] if expected is None else [expected])
    assert parts.left_out == (() if extras else ("x",))
