"""`peep bundle` as its users meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.bundle_verbs import peep_here
from support.registry import has_registry, registry
from support.small_bundle import LONG, NAMES, SDIST, WHEEL, locked_bundle


def peep(folder: Path, *words: str, status: int = 0) -> str:
    asked = peep_here(folder, "bundle", *words, status=status, environ={"NO_COLOR": "1"})
    return asked.stdout if status in {0, 1} and asked.stdout else asked.stderr


def told(folder: Path, *words: str, status: int = 0) -> dict:
    return json.loads(peep(folder, *words, "--format", "json", status=status))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_check_tells_what_is_there_and_how_it_is_named(tmp_path):
    digest = locked_bundle(tmp_path / "b")
    lines = peep(tmp_path, "check", "b").splitlines()
    assert lines[-1] == f"bundle {digest}"
    assert [line.partition(":")[0] for line in lines[:-1]] == list(NAMES)
    assert peep(tmp_path, "check", "-q", "b") == f"bundle {digest}\n"
    value = told(tmp_path, "check", "b", "--digest", digest)
    assert (value["digest"], value["problems"]) == (digest, [])
    assert [(one["archives"], one["complete"]) for one in value["targets"]] == [(3, True), (3, True)]


def test_check_names_just_what_is_wrong(tmp_path):
    locked_bundle(tmp_path / "b")
    (tmp_path / "b" / "archives" / SDIST).unlink()
    (tmp_path / "b" / "archives" / LONG).write_bytes(b"other")
    (tmp_path / "b" / "notes\x1b.txt").write_bytes(b"")
    value = told(tmp_path, "check", "b", status=1)
    assert value["problems"] == [
        {"kind": "bundle-file", "path": f"archives/{LONG}", "state": "changed"},
        {"kind": "bundle-file", "path": f"archives/{SDIST}", "state": "missing"},
        {"kind": "bundle-file", "path": "notes\x1b.txt", "state": "foreign"},
    ]
    assert [one["complete"] for one in value["targets"]] == [False, False]
    text = peep(tmp_path, "check", "b", status=1)
    assert f"archives/{SDIST}: is missing" in text
    assert "\x1b" not in text


def test_another_digest_is_told_with_both(tmp_path):
    digest = locked_bundle(tmp_path / "b")
    wrong = "sha256:" + "0" * 64
    value = told(tmp_path, "check", "b", "--digest", wrong, status=1)
    assert value["problems"] == [{"kind": "bundle-digest", "expected": wrong, "got": digest}]
    value = told(tmp_path, "unpack", "b", "c", "--digest", wrong, status=1)
    assert value["problems"][0]["kind"] == "bundle-digest"
    assert not (tmp_path / "c").exists()


def test_a_tar_is_checked_and_unpacked_to_the_same_files(tmp_path):
    digest = locked_bundle(tmp_path / "b")
    value = told(tmp_path, "pack", "b", "-o", "b.tar")
    assert (value["digest"], value["bytes"]) == (digest, (tmp_path / "b.tar").stat().st_size)
    assert told(tmp_path, "check", "b.tar")["problems"] == []
    value = told(tmp_path, "unpack", "b.tar", "c", "--digest", digest)
    assert (len(value["added"]), value["kept"]) == (6, 0)
    assert tree(tmp_path / "c") == tree(tmp_path / "b")
    assert told(tmp_path, "unpack", "b.tar", "c")["kept"] == 6
    first = (tmp_path / "b.tar").read_bytes()
    peep(tmp_path, "pack", "c", "-o", "b.tar")
    assert (tmp_path / "b.tar").read_bytes() == first


def test_a_delta_makes_the_old_bundle_new(tmp_path):
    old, new = locked_bundle(tmp_path / "old"), locked_bundle(tmp_path / "new", "1.1")
    value = told(tmp_path, "diff", "old", "new", "-o", "d.tar")
    assert value["archives"] == {"added": [WHEEL.replace("1.0", "1.1")], "removed": [WHEEL]}
    assert (value["old"], value["new"], value["inputs"]) == (old, new, ["locks/requirements.txt"])
    assert (tmp_path / "d.tar").stat().st_size < value["bytes"] + 20_000
    applied = told(tmp_path, "apply", "old", "d.tar")
    assert [(one["name"], one["complete"]) for one in applied["targets"]] == [(name, True) for name in NAMES]
    assert tree(tmp_path / "old") == tree(tmp_path / "new")
    assert told(tmp_path, "apply", "old", "d.tar")["added"] == [], "again changes nothing"


def test_a_delta_of_another_base_touches_nothing(tmp_path):
    locked_bundle(tmp_path / "old"), locked_bundle(tmp_path / "new", "1.1"), locked_bundle(tmp_path / "third", "3.0")
    peep(tmp_path, "diff", "old", "new", "-o", "d.tar")
    before = tree(tmp_path / "third")
    value = told(tmp_path, "apply", "third", "d.tar", status=1)
    assert value["problems"][0]["kind"] == "bundle-digest"
    assert tree(tmp_path / "third") == before


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("burn",),
        ("check",),
        ("check", "a", "b"),
        ("pack", "b"),
        ("check", "b", "--digest", "md5:1"),
        ("push", "b", "oci://host"),
        ("push", "b", "oci://127.0.0.1:9/x"),
    ],
)
def test_mistakes_on_the_command_line(tmp_path, words):
    locked_bundle(tmp_path / "b")
    assert "error: " in peep(tmp_path, *words, status=2)


@pytest.mark.parametrize(
    "words", [("check", "absent"), ("check", "file"), ("unpack", "file", "c"), ("apply", "b", "file")]
)
def test_what_is_no_bundle_is_said_to_be_none(tmp_path, words):
    locked_bundle(tmp_path / "b")
    (tmp_path / "file").write_bytes(b"PK\x03\x04")
    assert "error: " in peep(tmp_path, *words, status=1)


def test_nothing_is_written_into_the_bundle_that_is_read(tmp_path):
    locked_bundle(tmp_path / "b"), locked_bundle(tmp_path / "n", "1.1")
    (tmp_path / "link").symlink_to("n")
    for words in (("pack", "b", "-o", "b/b.tar"), ("diff", "b", "n", "-o", "link/archives/d.tar")):
        assert "holds nothing but its own files" in peep(tmp_path, *words, status=2)
    peep(tmp_path, "pack", "b", "-o", "b.tar")
    assert {path.name for path in tmp_path.iterdir()} >= {"b", "n", "b.tar"}
    for folder in ("b", "n"):
        peep(tmp_path, "check", folder)


def test_a_delta_and_a_bundle_are_not_taken_for_each_other(tmp_path):
    locked_bundle(tmp_path / "b"), locked_bundle(tmp_path / "n", "1.1")
    peep(tmp_path, "diff", "b", "n", "-o", "d.tar")
    peep(tmp_path, "pack", "b", "-o", "b.tar")
    assert "d.tar: is a delta, and no whole bundle" in peep(tmp_path, "check", "d.tar", status=1)
    assert "b.tar: is a bundle, where a delta is wanted" in peep(tmp_path, "apply", "b", "b.tar", status=1)


def test_a_folder_of_somebody_else_is_not_unpacked_into(tmp_path):
    locked_bundle(tmp_path / "b")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "thesis.txt").write_text("years")
    assert "neither empty nor a bundle" in peep(tmp_path, "unpack", "b", "c", status=1)
    assert tree(tmp_path / "c") == {"thesis.txt": b"years"}


def test_a_registry_carries_it(tmp_path):
    if not has_registry():
        pytest.skip("docker-registry or oras is not installed")
    digest = locked_bundle(tmp_path / "b")
    locked_bundle(tmp_path / "b2", "1.1")
    (tmp_path / "r").mkdir()
    with registry(tmp_path / "r") as host:
        first = told(tmp_path, "push", "b", f"oci://{host}/team/app:1")
        again = told(tmp_path, "push", "b", f"oci://{host}/team/app:2")
        assert (first["sent"], again["sent"]) == (first["bytes"], 0)
        assert first["sha256"] == again["sha256"]
        newer = told(tmp_path, "push", "b2", f"oci://{host}/team/app:3")
        assert 0 < newer["sent"] < newer["bytes"]
        pulled = told(tmp_path, "pull", f"oci://{host}/team/app@sha256:{first['sha256']}", "c")
        assert pulled["digest"] == digest
        assert tree(tmp_path / "c") == tree(tmp_path / "b")
        value = told(tmp_path, "pull", f"oci://{host}/team/app:3", "c")
        assert (sorted(value["removed"]), value["kept"]) == (sorted([WHEEL, f"{WHEEL}.metadata"]), 3)
        assert tree(tmp_path / "c") == tree(tmp_path / "b2")
        assert "there is no manifest" in peep(tmp_path, "pull", f"oci://{host}/team/app:9", "d", status=1)
        assert not (tmp_path / "d").exists()
