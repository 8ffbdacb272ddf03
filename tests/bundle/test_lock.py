import io
import sys

import pytest
from packaging.pylock import Pylock

from peep.bundle.lock import bundle_lock
from peep.bundle.manifest import BundleInput, InputRole
from peep.bundle.tree import FilesTree
from peep.dataclass import replace
from peep.errors import TransportError
from peep.requirements.pylock import pins_from_pylock
from peep.system.bounded import LISTS
from support.requirements_files import LINUX
from support.small_bundle import LONG, SDIST, WHEEL, listed, small_bundle

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MANIFEST, CONTENTS = small_bundle()
NAME = LONG.partition("-")[0]
ALL = f"demo==1.0 ; sys_platform != 'x'\nother @ https://x.example/y.zip\n-c c.txt\n{NAME}\n"


HEAD = 'lock-version = "1.0"\ncreated-by = "test"\n'
FILES = f'wheels = [{{ url = "https://x.example/demo-1.0-py3-none-any.whl", hashes = {{ sha256 = "{"a" * 64}" }} }}]'


def locked(files, role=InputRole.REQUIREMENTS, manifest=MANIFEST):
    contents = {f"locks/{path}": text.encode() for path, text in files.items()}
    roles = [role, *([InputRole.INCLUDED] * len(files))]
    inputs = tuple(BundleInput(listed(*one), read) for one, read in zip(contents.items(), roles, strict=False))
    return bundle_lock(replace(manifest, inputs=inputs), FilesTree(contents))


class Far(FilesTree):
    """Files that cannot be had just now."""

    def open(self, path):
        raise TransportError(path, "the line is dead")


def test_no_lock_is_not_what_a_dead_line_means():
    with pytest.raises(TransportError):
        bundle_lock(MANIFEST, Far({}))
    assert bundle_lock(MANIFEST, FilesTree({})) is None


def test_all_inputs_become_one_lock_that_any_reader_takes():
    content = locked({"requirements.txt": ALL, "c.txt": f"{NAME}==1.0\n"})
    table = tomllib.loads(content.decode())
    lock = Pylock.from_dict(table)
    assert [package.name for package in lock.packages] == ["demo", NAME, "other"]
    assert str(lock.packages[0].marker) == 'sys_platform != "x"'
    [wheel] = lock.packages[0].wheels
    assert (wheel.name, wheel.path, wheel.url) == (WHEEL, f"archives/{WHEEL}", f"https://files.example/{WHEEL}")
    assert lock.packages[2].sdist.path == f"archives/{SDIST}"


def test_peep_reads_its_own_lock_with_paths(tmp_path):
    content = locked({"requirements.txt": ALL, "c.txt": f"{NAME}==1.0\n"})
    pins = pins_from_pylock(content, str(tmp_path / "pylock.toml"), LINUX).pins
    assert [pin.listed_files[0].path for pin in pins] == [
        str(tmp_path / "archives" / name) for name in (WHEEL, LONG, SDIST)
    ]


def test_versions_that_markers_divide_stand_side_by_side():
    second, _ = small_bundle("1.1")
    manifest = replace(MANIFEST, archives=(*MANIFEST.archives, second.archives[0]))
    lines = f"demo==1.0 ; os_name == 'nt'\ndemo==1.1 ; os_name == 'posix'\nother==2.0\n{NAME}==1\n"
    table = tomllib.loads(locked({"requirements.txt": lines}, manifest=manifest).decode())
    assert [(one["version"], one.get("marker")) for one in table["packages"]][:2] == [
        ("1.0", "(os_name == 'nt')"),
        ("1.1", "(os_name == 'posix')"),
    ]
    assert locked({"requirements.txt": lines.replace(" ; os_name == 'nt'", "")}, manifest=manifest) is None


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("demo==1.0\n", InputRole.REQUIREMENTS),
        ("", InputRole.REQUIREMENTS),
        ("-r missing.txt\n", InputRole.REQUIREMENTS),
        ("not toml [", InputRole.LOCK),
        ("packages = 1", InputRole.LOCK),
        (f'{HEAD}extras = ["x"]\n[[packages]]\nname = "demo"\nmarker = "\'x\' in extras"\n{FILES}\n', InputRole.LOCK),
    ],
)
def test_what_no_lock_can_say_has_none(text, role):
    assert locked({"requirements.txt": text}, role) is None


def test_a_lock_among_the_inputs_is_taken_over():
    packages = [("demo", "1.0", "os_name == 'nt'"), ("other", "2.0", ""), (NAME, "1.0", "")]
    text = HEAD + "".join(
        f'[[packages]]\nname = "{name}"\nversion = "{version}"\n'
        + FILES.replace("demo-1.0", f"{name}-{version}")
        + "\n"
        + (f'marker = "{marker}"\n' if marker else "")
        for name, version, marker in packages
    )
    table = tomllib.loads(locked({"pylock.toml": text}, InputRole.LOCK).decode())
    assert {one["name"]: one.get("marker") for one in table["packages"]} == {
        "demo": '(os_name == "nt")',
        "other": None,
        NAME: None,
    }


def test_the_contents_do_not_depend_on_the_order_of_anything():
    backwards = replace(MANIFEST, archives=MANIFEST.archives[::-1])
    files = {"requirements.txt": ALL, "c.txt": f"{NAME}==1.0\n"}
    assert locked(files, manifest=backwards) == locked(files)


class Counted(io.RawIOBase):
    """A file that never ends, and counts what is read of it."""

    count = 0

    def readable(self):
        return True

    def readinto(self, buffer):
        Counted.count += len(buffer)
        return len(buffer)


class Endless(FilesTree):
    def open(self, path):
        assert path
        return io.BufferedReader(Counted())


def test_an_input_without_end_has_no_lock():
    assert bundle_lock(MANIFEST, Endless({})) is None
    assert LISTS < Counted.count < 2 * LISTS
