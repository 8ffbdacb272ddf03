import os

import pytest

from peep.errors import RequirementsErrors
from peep.formats.names import is_lock_path
from peep.model import Digest, HashForm
from peep.requirements.lock_selection import LockSelection
from peep.requirements.pylock import pins_from_pylock
from peep.requirements.sources import Accepted, file_url
from support.requirements_files import HEX_A, HEX_B, LINUX

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HASHES = f'hashes = {{ sha256 = "{HEX_A}" }}'
HEAD = 'lock-version = "1.0"\ncreated-by = "test"\n'


def wheel(name="a", version="1.0", tags="py3-none-any", extra="", digest=HEX_A):
    filename = f"{name}-{version}-{tags}.whl"
    return f'{{ url = "https://x.example/{filename}", hashes = {{ sha256 = "{digest}" }}{extra} }}'


def package(name="a", version='"1.0"', wheels=None, more=""):
    listed = ", ".join(wheels if wheels is not None else [wheel(name)])
    stated = f"version = {version}\n" if version else ""
    return f'[[packages]]\nname = "{name}"\n{stated}wheels = [{listed}]\n{more}\n'


def entry(line, name="a"):
    return f'[[packages]]\nname = "{name}"\n{line}\n'


def pins(text, path="/srv/pylock.toml", selection=None, accepted=None, markers=LINUX):
    content = text if isinstance(text, bytes) else (HEAD + text).encode()
    return pins_from_pylock(content, path, markers, selection or LockSelection(), accepted or Accepted())


def refused(text, **kwargs):
    with pytest.raises(RequirementsErrors) as caught:
        pins(text, **kwargs)
    return "\n".join(str(error) for error in caught.value.errors)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("pylock.toml", True),
        ("a/pylock.dev.toml", True),
        ("C:\\a\\pylock.toml", True),
        ("https://x.example/pylock.toml?raw=1", True),
        ("pylock..toml", False),
        ("pylock.a.b.toml", False),
        ("pylock.toml.txt", False),
        ("my-pylock.toml", False),
        ("mypylock.toml", False),
        ("pylock", False),
        ("uv.lock", False),
    ],
)
def test_r13_lock_files_are_known_by_name(path, expected):
    assert is_lock_path(path) is expected


def test_a_pin_brings_every_file_with_size_and_hashes():
    text = package(
        "a-b",
        wheels=[
            wheel("a_b", extra=", size = 12, upload-time = 2024-01-02T03:04:05Z"),
            wheel("a_b", tags="cp312-none-any"),
        ],
        more=(
            f'index = "https://index.example/simple"\n'
            f'sdist = {{ path = "files/a_b-1.0.tar.gz", hashes = {{ sha256 = "{HEX_B}", md5 = "0" }} }}'
        ),
    )

    (pin,) = pins(text).pins

    assert (pin.name, pin.version, pin.hash_form, pin.is_requested) == ("a-b", "1.0", HashForm.LOCK, False)
    assert pin.hashes == (Digest("sha256", HEX_A), Digest("sha256", HEX_B))
    assert pin.source.index_url == "https://index.example/simple"
    assert (str(pin.location), pin.location.line) == ("/srv/pylock.toml:3", 3)
    first, second, sdist = pin.listed_files
    assert (first.filename, first.size, first.url) == (
        "a_b-1.0-py3-none-any.whl",
        12,
        "https://x.example/a_b-1.0-py3-none-any.whl",
    )
    assert first.upload_time == "2024-01-02T03:04:05+00:00"
    assert second.filename == "a_b-1.0-cp312-none-any.whl"
    assert (sdist.filename, sdist.path, sdist.url) == (
        "a_b-1.0.tar.gz",
        os.path.abspath("/srv/files/a_b-1.0.tar.gz"),
        None,
    )
    assert sdist.hashes == (Digest("sha256", HEX_B),)


def test_a_version_that_the_entry_leaves_out_comes_from_the_file_names():
    assert pins(package(version="")).pins[0].version == "1.0"
    assert "different versions" in refused(package(version="", wheels=[wheel(), wheel(version="2.0")]))


def test_entries_are_chosen_by_marker_for_the_target():
    text = (
        package("a", more="marker = \"sys_platform == 'linux'\"")
        + package("a", '"2.0"', [wheel(version="2.0")], more="marker = \"sys_platform == 'win32'\"")
        + package("b", more="marker = \"python_version < '3.12'\"")
    )

    found = pins(text)
    (pin,) = found.pins
    assert (pin.version, pin.marker) == ("1.0", 'sys_platform == "linux"')
    assert [(line.name, line.marker) for line in found.skipped] == [
        ("a", 'sys_platform == "win32"'),
        ("b", 'python_version < "3.12"'),
    ]


def test_extras_and_groups_are_taken_when_asked_for():
    text = (
        'extras = ["x"]\ndependency-groups = ["dev", "docs"]\ndefault-groups = ["dev"]\n'
        + package("a")
        + package("b", more="marker = \"'x' in extras\"")
        + package("c", more="marker = \"'dev' in dependency_groups\"")
        + package("d", more="marker = \"'docs' in dependency_groups\"")
    )

    def names(selection):
        return [pin.name for pin in pins(text, selection=selection).pins]

    assert names(LockSelection()) == ["a", "c"]
    assert names(LockSelection(extras=("x",))) == ["a", "b", "c"]
    assert names(LockSelection(groups=("docs",))) == ["a", "d"]
    assert names(LockSelection(groups=())) == ["a"]
    found = refused(text, selection=LockSelection(("y",), ("z",)))
    assert "the lock file knows no extra 'y', group 'z'" in found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('requires-python = ">=3.13"\n' + package(), "it is for Python >=3.13; the target is 3.12.7"),
        ("environments = [\"sys_platform == 'win32'\"]\n" + package(), "none of the environments"),
        (package(more='requires-python = "<3.12"'), "a is for Python <3.12; the target is 3.12.7"),
        (package() + package(), "a is selected here and at /srv/pylock.toml:3"),
    ],
)
def test_conditions_of_the_file_are_held(text, reason):
    assert reason in refused(text)


def test_an_environment_that_fits_and_an_unreleased_python_are_fine():
    text = "environments = [\"sys_platform == 'win32'\", \"sys_platform == 'linux'\"]\nrequires-python = '>=3.13'\n"

    assert pins(text + package(), markers={**LINUX, "python_full_version": "3.14.0a1+"}).pins


def test_an_archive_is_a_direct_url():
    hashes = f'hashes = {{ sha512 = "{"0" * 128}" }}'
    line = f'archive = {{ url = "https://x.example/a.zip", size = 7, subdirectory = "s", {hashes} }}'

    (pin,) = pins(entry(line)).pins

    assert (pin.url, pin.version, pin.subdirectory) == ("https://x.example/a.zip", None, "s")
    assert (pin.listed_files[0].size, pin.listed_files[0].filename) == (7, "a.zip")
    assert pin.hashes == (Digest("sha512", "0" * 128),)


def test_an_archive_by_path_is_a_file_url():
    (pin,) = pins(entry(f'archive = {{ path = "v/a.zip", hashes = {{ sha256 = "{HEX_A}" }} }}')).pins

    assert (pin.url, pin.listed_files[0].path) == (
        file_url(os.path.abspath("/srv/v/a.zip")),
        os.path.abspath("/srv/v/a.zip"),
    )


@pytest.mark.parametrize("kind", ["wheels", "sdist", "archive"])
def test_of_an_entry_with_path_and_url_the_path_is_meant(kind):
    """A folder of archives that is carried to where no network is; other installers read it so, too."""
    name = "a-1.0.tar.gz" if kind == "sdist" else "a-1.0-py3-none-any.whl"
    place = f'{{ url = "https://x.example/{name}", path = "archives/{name}", {HASHES} }}'
    line = f"{kind} = [{place}]" if kind == "wheels" else f"{kind} = {place}"

    (pin,) = pins(entry(line)).pins

    assert [(file.url, file.path) for file in pin.listed_files] == [(None, os.path.abspath(f"/srv/archives/{name}"))]
    assert pin.url == (file_url(os.path.abspath(f"/srv/archives/{name}")) if kind == "archive" else None)


def test_paths_of_a_lock_file_from_the_network_are_urls():
    line = f'archive = {{ path = "v/a.zip", hashes = {{ sha256 = "{HEX_A}" }} }}'

    (pin,) = pins(entry(line), path="https://x.example/locks/pylock.toml").pins

    assert pin.url == "https://x.example/locks/v/a.zip"


def test_r14_entries_without_a_hash_are_refused_with_the_reason():
    text = entry(f'vcs = {{ type = "git", url = "https://x.example/a.git", commit-id = "{COMMIT}" }}') + entry(
        'directory = { path = "." }', "b"
    )

    found = pins(text)

    assert found.pins == ()
    assert [(line.location.line, line.text) for line in found.unusable] == [(3, "a"), (6, "b")]
    assert "a repository has no hash" in found.unusable[0].reason
    assert "a folder has no hash" in found.unusable[1].reason


def test_commits_and_trusted_folders_are_pins_when_accepted():
    text = entry(
        f'vcs = {{ type = "git", url = "https://x.example/a.git", commit-id = "{COMMIT}", subdirectory = "s" }}'
    ) + entry('directory = { path = "lib", editable = true }', "b")

    a, b = pins(text, accepted=Accepted(repository_commits=True, local_projects=("/srv",))).pins

    assert (a.url, a.subdirectory) == (f"git+https://x.example/a.git@{COMMIT}", "s")
    assert (b.url, b.source.is_editable) == (file_url(os.path.abspath("/srv/lib")), True)


def test_a_short_commit_is_no_pin_even_when_commits_are_accepted():
    text = entry('vcs = { type = "git", url = "https://x.example/a.git", commit-id = "0123456" }')

    (line,) = pins(text, accepted=Accepted(repository_commits=True)).unusable
    assert "can move" in line.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "'packages'"),
        ("packages = {}\n", "packages"),
        (package(name="A"), "not normalized"),
        (package(version='"x"'), "version"),
        (entry('version = "1.0"'), "Exactly one of"),
        (
            package(more=f'archive = {{ url = "https://x.example/a.zip", hashes = {{ sha256 = "{HEX_A}" }} }}'),
            "None of",
        ),
        (package(wheels=[wheel(extra=", size = true")]), "bool"),
        (package(wheels=[wheel(extra=", size = -1")]), "a size of -1 bytes cannot be"),
        (package(wheels=[wheel(extra=f", size = {10**400}")]), "bytes cannot be"),
        (package(wheels=[wheel(extra=', size = "7"')]), "str"),
        (package(wheels=[wheel("b")]), "not consistent"),
        (package(wheels=[wheel(version="2.0")]), "not consistent"),
        (package(wheels=['{ url = "https://x.example/a-1.0-py3-none-any.whl", hashes = {} }']), "hash"),
        (package(wheels=['{ url = "https://x.example/a-1.0-py3-none-any.whl", hashes = "sha256:0" }']), "str"),
        (package(wheels=['{ url = "https://x.example/a-1.0-py3-none-any.whl" }']), "hashes"),
        (package(wheels=[wheel(digest=HEX_A[:-1])]), "63 digits"),
        (package(wheels=[wheel(digest="z" + HEX_A[1:])]), "'z'"),
        (package(wheels=['{ url = "https://x.example/a-1.0-py3-none-any.whl", hashes = { md5 = "0" } }']), "only md5"),
        (
            package(wheels=[f'{{ path = "../a-1.0-py3-none-any.whl", hashes = {{ sha256 = "{HEX_A}" }} }}']),
            "leads out of the lock file's folder",
        ),
        (
            package(
                wheels=[f'{{ path = "x\\\\..\\\\..\\\\a-1.0-py3-none-any.whl", hashes = {{ sha256 = "{HEX_A}" }} }}']
            ),
            "leads out",
        ),
        (
            package(
                wheels=[f'{{ url = "ftp://x.example/a-1.0-py3-none-any.whl", hashes = {{ sha256 = "{HEX_A}" }} }}']
            ),
            "do not come by ftp",
        ),
        (package(wheels=[wheel(extra=', name = "../a-1.0-py3-none-any.whl"')]), ""),
        (
            entry(f'archive = {{ url = "https://x.example/a.zip", subdirectory = "../x", {HASHES} }}'),
            "leads out of the archive",
        ),
        (package(more="marker = \"nonsense == '1'\""), "marker"),
        (package(more="marker = \"python_version ~= 'new'\""), "compares what has no such order"),
        (package(more='marker = "' + "(" * 3000 + "os_name == 'x'" + ")" * 3000 + '"'), ""),
    ],
)
def test_r13_entries_that_break_the_specification_are_refused(text, reason):
    assert reason in refused(text)


@pytest.mark.parametrize(
    ("url", "path"), [("file:///srv/a.zip", None), (None, "/srv/a.zip"), (None, "C:/a.zip"), (None, "a/../../b.zip")]
)
def test_r13_a_lock_file_from_the_network_names_no_local_files(url, path):
    place = f'url = "{url}"' if url else f'path = "{path}"'
    text = entry(f'archive = {{ {place}, hashes = {{ sha256 = "{HEX_A}" }} }}')

    assert "pylock.toml:3: a: " in refused(text, path="https://x.example/pylock.toml")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ((HEAD + HEAD + package()).encode(), "pylock.toml:3: this is no valid TOML: cannot overwrite a value"),
        (b"lock-version = \n", "pylock.toml:1: this is no valid TOML"),
        (b"\xef\xbb\xbf" + (HEAD + package()).encode(), "without a byte order mark"),
        ((HEAD + package()).encode("utf-16"), "without a byte order mark"),
        ((HEAD + package()).encode() + b"# \xff\n", "not valid utf-8"),
        ((HEAD + package() + "# a\u2028b\n").encode(), "U+2028"),
        ((HEAD + "x = " + "[" * 5000 + "]" * 5000).encode(), ""),
        ((HEAD + "x = " + "9" * 5000 + "\n" + package()).encode(), ""),
        (b"", "'lock-version'"),
        (HEAD.replace("1.0", "2.0").encode() + package().encode(), "2.0"),
        (HEAD.replace('"1.0"', "1.0").encode() + package().encode(), "lock-version"),
    ],
)
def test_r15_a_file_that_is_no_lock_file_is_refused(content, reason):
    assert reason in refused(content)


def test_numbers_that_are_not_finite_do_no_harm_where_nothing_reads_them():
    assert len(pins("[tool.x]\ny = nan\nz = inf\n" + package()).pins) == 1


def test_a_newer_minor_version_is_read_with_a_warning(caplog):
    found = pins((HEAD.replace("1.0", "1.7") + package()).encode())

    assert len(found.pins) == 1
    assert "lock-version 1.7 is newer than 1.0" in found.warnings[0]
    assert not caplog.records


@pytest.mark.parametrize("digest", ["", "a" * 63, "z" * 64, HEX_A + " "])
def test_r7_a_digest_that_is_none_is_an_error_also_for_another_platform(digest):
    elsewhere = package("b", wheels=[wheel("b", digest=digest)], more="marker = \"sys_platform == 'win32'\"")

    assert "b: " in refused(package() + elsewhere)
