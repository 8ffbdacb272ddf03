import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.bundle.manifest import (
    ArchiveRole,
    BundleArchive,
    BundleFile,
    BundleInput,
    BundleManifest,
    BundleTarget,
    InputRole,
    parse_manifest,
)
from peep.dataclass import replace
from peep.formats.canonical_json import canonical_json
from peep.formats.json_fields import ManifestError
from peep.formats.target_ids import parse_target_id
from peep.model import ArchiveKind

SHA, OTHER = "ab" * 32, "cd" * 32
TARGETS = tuple(
    BundleTarget.of(parse_target_id(text)) for text in ("cp312-manylinux_2_28_x86_64", "cp3.11.4-win_amd64")
)
NAMES = tuple(target.name for target in TARGETS)


def archive(filename="demo-1.0-py3-none-any.whl", **changes):
    kind = ArchiveKind.WHEEL if filename.endswith(".whl") else ArchiveKind.SDIST
    return replace(BundleArchive(filename, "demo", "1.0", kind, SHA, 7, (ArchiveRole.INSTALL,), NAMES[:1]), **changes)


FULL = archive(
    requires_python=">=3.8",
    core_metadata=BundleFile("archives/demo-1.0-py3-none-any.whl.metadata", OTHER, 3),
    provenance=OTHER,
    upload_time="2026-01-02T03:04:05Z",
    yanked="",
    origin="https://index.example/simple/",
    url="https://files.example/demo-1.0-py3-none-any.whl",
    roles=(ArchiveRole.BUILD, ArchiveRole.INSTALL),
    is_optional=True,
)
MANIFEST = BundleManifest(
    targets=tuple(sorted(TARGETS, key=lambda target: target.name)),
    inputs=(BundleInput(BundleFile("locks/requirements.txt", SHA, 5), InputRole.REQUIREMENTS, ("x",)),),
    archives=(FULL, archive("demo-1.0.tar.gz", sha256=OTHER)),
    tools=(BundleFile("peep.pyz", OTHER, 9),),
    advisories=(BundleFile("advisories/PyPI.zip", OTHER, 9),),
)


def test_what_is_written_is_read():
    assert parse_manifest(MANIFEST.content) == MANIFEST
    assert parse_manifest(BundleManifest().content) == BundleManifest()


def test_the_bytes_name_the_bundle_and_no_machine_or_day():
    content = MANIFEST.content.decode()
    assert content.startswith('{\n "advisories": [\n')
    assert set(json.loads(content)) == {"format", "targets", "inputs", "archives", "tools", "advisories"}
    assert str(MANIFEST.digest).startswith("sha256:")


@given(st.permutations(MANIFEST.archives), st.permutations(TARGETS))
def test_the_order_of_anything_changes_nothing(archives, targets):
    again = replace(MANIFEST, archives=tuple(archives), targets=tuple(targets))
    assert again.content == MANIFEST.content


def test_targets_are_spelled_out():
    exact = TARGETS[1]
    assert (exact.python, exact.abi, exact.platform) == ("3.11.4", "cp311", "win_amd64")
    assert TARGETS[0].python == "3.12"


def changed(**changes):
    """The manifest's document with a top-level value, or values of its first archive, replaced."""
    document = json.loads(MANIFEST.content)
    for key, value in changes.items():
        name = key.replace("_", "-")
        if name in document:
            document[name] = value
        elif key.startswith("top"):
            document[key] = value
        else:
            document["archives"][0][name] = value
    return canonical_json(document, indented=True)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": "peep bundle 2"}, "of the format 'peep bundle 2'"),
        ({"top": 1}, "not known: 'top'"),
        ({"archives": {}}, "should be a list"),
        ({"archives": [1]}, "entry 1 of 'archives' should be an object"),
        ({"targets": []}, "does not declare"),
        ({"filename": "../demo-1.0-py3-none-any.whl"}, "as a file name"),
        ({"filename": "con.whl"}, "Windows device"),
        ({"filename": "demo-1.0.tar.gz"}, "of the kind wheel"),
        ({"filename": "z-1.0-py3-none-any.whl"}, "out of order"),
        ({"name": "Demo"}, "not normalised"),
        ({"sha256": SHA.upper()}, "sha256"),
        ({"sha256": None}, "should be a printable text"),
        ({"size": -1}, "number of bytes"),
        ({"size": True}, "number of bytes"),
        ({"kind": "egg"}, "one of wheel, sdist"),
        ({"roles": ["install", "build"]}, "sorted"),
        ({"roles": ["x"]}, "one of build, install"),
        ({"targets": NAMES[0]}, "list"),
        ({"yanked": True}, "false or a text"),
        ({"optional": 1}, "true or false"),
        ({"provenance": "x"}, "should be an object"),
        ({"url": "a\nb"}, "printable"),
        ({"inputs": [{"path": "../x", "sha256": SHA, "size": 1}]}, "lacks 'role'"),
        (
            {"inputs": [{"path": "x", "sha256": SHA, "size": 1, "role": "lock", "extras": [], "groups": []}]},
            "only files in locks/",
        ),
        ({"tools": [{"path": "a/b", "sha256": SHA, "size": 1}]}, "only files in its root"),
        ({"advisories": [{"path": "advisories/../x", "sha256": SHA, "size": 1}]}, "'..' part"),
    ],
)
def test_everything_else_is_refused_with_a_reason(changes, reason):
    with pytest.raises(ManifestError) as refused:
        parse_manifest(changed(**changes))
    assert reason in str(refused.value)


def test_keys_of_later_formats_are_ignored_below_the_top():
    assert parse_manifest(changed(later={"anything": 1})) == MANIFEST


@pytest.mark.parametrize("content", [b"", b"[]\n", MANIFEST.content[:-1], MANIFEST.content + b"\n", b"\x00"])
def test_bytes_that_are_not_canonical_are_none(content):
    with pytest.raises(ManifestError):
        parse_manifest(content)


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_and_nothing_else_is_raised(content):
    with pytest.raises(ManifestError):
        parse_manifest(content)
