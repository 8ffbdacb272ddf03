import io
import os
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peep.archives.carried_metadata import read_carried_metadata
from peep.bundle.assembly import ArchiveNeed, Assembly, GivenInput, ObtainedArchive, assemble, input_paths, public_url
from peep.bundle.check import check_files, read_manifest
from peep.bundle.folder import BundleWriter, claimed_folder
from peep.bundle.manifest import ArchiveRole, InputRole
from peep.bundle.tree import FilesTree, FolderTree
from peep.dataclass import replace
from peep.model import IndexFile
from support.small_bundle import NAMES, SDIST, TARGETS, WHEEL
from support.wheels import sdist_bytes, wheel_bytes


def obtained(folder, filename, content, **source):
    place = folder / sha256(content).hexdigest()
    place.write_bytes(content)
    carried = read_carried_metadata(filename, io.BytesIO(content))
    file = IndexFile(filename, f"https://files.example/{filename}", index="https://index.example/simple", **source)
    return ObtainedArchive(filename, str(place), place.name, len(content), carried, file)


@pytest.fixture
def wheel(tmp_path):
    return obtained(tmp_path, WHEEL, wheel_bytes("demo", "1.0", metadata=["Requires-Python: >=3.8"]), yanked="")


@pytest.fixture
def sdist(tmp_path):
    return obtained(tmp_path, SDIST, sdist_bytes("other", "2.0"))


INPUTS = (
    GivenInput("/srv/app/reqs/main.txt", InputRole.REQUIREMENTS, b"-r ../base.txt\n"),
    GivenInput("/srv/app/base.txt", InputRole.INCLUDED, b"demo==1.0\n"),
)


def needs(*archives, role=ArchiveRole.INSTALL, targets=NAMES, **more):
    return [ArchiveNeed(one.sha256, target, role, **more) for one in archives for target in targets]


def test_what_is_assembled_is_a_whole_bundle(tmp_path, wheel, sdist):
    wanted = [*needs(wheel, sdist), *needs(sdist, role=ArchiveRole.BUILD, targets=NAMES[:1])]
    made = assemble(TARGETS, INPUTS, [wheel, sdist], wanted, {"peep.pyz": b"#!"})
    assert isinstance(made, Assembly)
    folder = str(tmp_path / "bundle")
    with claimed_folder(folder):
        BundleWriter(folder, made.manifest, None).write(FilesTree(made.sources))
    assert check_files(FolderTree(folder), read_manifest(FolderTree(folder)), None) == []
    first, second = made.manifest.archives
    assert (first.requires_python, first.yanked, first.url) == (">=3.8", "", f"https://files.example/{WHEEL}")
    assert first.core_metadata.sha256 == sha256(wheel.carried.metadata).hexdigest()
    assert (second.roles, second.targets) == ((ArchiveRole.BUILD, ArchiveRole.INSTALL), NAMES)
    assert [one.file.path for one in made.manifest.inputs] == ["locks/base.txt", "locks/reqs/main.txt"]


@settings(deadline=None)  # the disk is somebody else's, too
@given(st.randoms(use_true_random=False))
def test_no_order_changes_the_bundle(tmp_path_factory, random):
    folder = tmp_path_factory.mktemp("archives")
    archives = [
        obtained(folder, WHEEL, wheel_bytes("demo", "1.0")),
        obtained(folder, SDIST, sdist_bytes("other", "2.0")),
    ]
    wanted = needs(*archives)
    before = assemble(TARGETS, INPUTS, archives, wanted, {})
    mixed = [random.sample(list(one), len(one)) for one in (TARGETS, INPUTS, archives, wanted)]
    assert assemble(*mixed, {}).manifest.content == before.manifest.content


def test_what_nobody_needs_is_left_out(wheel, sdist):
    made = assemble(TARGETS, INPUTS, [wheel, sdist], needs(wheel), {})
    assert [one.filename for one in made.manifest.archives] == [WHEEL]


def test_an_archive_is_optional_if_nobody_needs_it_for_certain(wheel):
    maybe = needs(wheel, targets=NAMES[:1], is_optional=True)
    assert assemble(TARGETS, (), [wheel], maybe, {}).manifest.archives[0].is_optional
    surely = [*maybe, *needs(wheel, targets=NAMES[1:])]
    assert not assemble(TARGETS, (), [wheel], surely, {}).manifest.archives[0].is_optional


def test_two_archives_of_one_name_are_named_with_both_digests(tmp_path, wheel):
    other = obtained(tmp_path, WHEEL, wheel_bytes("demo", "1.0", files={"x.py": "1"}))
    [taken] = assemble(TARGETS, (), [wheel, other], needs(wheel, other), {})
    assert taken.filename == WHEEL
    assert sorted(digest.hex for digest in taken.hashes) == sorted([wheel.sha256, other.sha256])


def test_names_that_are_one_file_to_some_systems_are_refused(wheel):
    twin = replace(wheel, filename=WHEEL.upper(), sha256="0" * 64)
    [taken] = assemble(TARGETS, (), [wheel, twin], needs(wheel, twin), {})
    assert len(taken.hashes) == 2


def test_provenance_lies_under_its_own_digest(wheel):
    made = assemble(TARGETS, (), [replace(wheel, provenance=b"{}")], needs(wheel), {})
    digest = sha256(b"{}").hexdigest()
    assert made.manifest.archives[0].provenance == digest
    assert made.sources[f"provenance/{digest[:2]}/{digest}.json"] == b"{}"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://x.example/a.whl#sha256=1", "https://x.example/a.whl"),
        ("http://x.example/a.whl", "http://x.example/a.whl"),
        ("https://u:p@x.example/a.whl", None),
        ("https://u@x.example/a.whl", None),
        ("https://x.example/a.whl?token=1", None),
        ("file:///home/me/a.whl", None),
        ("/home/me/a.whl", None),
        ("", None),
        ("https://[x/", None),
    ],
)
def test_a_manifest_holds_no_secret_and_no_local_place(url, expected):
    assert public_url(url) == expected


def test_inputs_keep_their_places_towards_each_other():
    here = os.path.abspath("/srv/a")
    paths = [os.path.join(here, "x.txt"), os.path.join(here, "b", "c.txt")]
    assert list(input_paths(paths).values()) == ["locks/x.txt", "locks/b/c.txt"]
    assert input_paths(paths[1:]) == {paths[1]: "locks/c.txt"}
    assert input_paths([]) == {}
