"""All files of a port in one text: the same requirements with the same hashes, and nothing included twice."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from peep.errors import RequirementsErrors, UsageError
from peep.requirements.files import parse_requirements_files
from peep.requirements.port import port_to_pip
from peep.requirements.porting import PortedFile, ported_files
from peep.workflows.port import one_text, replace_file
from support.corpus import CORPUS, needs_corpus

HASH = "7eqv8_F3StKIhnN3DG1kCX45G8Ni19b7NJgt3w79GMs"


def ported(path: str) -> list[PortedFile]:
    return list(ported_files([path], lambda name: Path(name).read_bytes(), {}, port_to_pip))


def facts(path: str, read: dict[str, bytes] | None = None) -> set[tuple[str, tuple[str, ...]]]:
    """Each requirement of a file and of what it includes, with its hashes."""

    def reader(name: str) -> bytes:
        return Path(name).read_bytes() if read is None else read[name]

    files = parse_requirements_files([path], reader, {})
    return {(line.parsed.name.lower(), tuple(sorted(map(str, line.hashes)))) for file in files for line in file.lines}


CORPUS_FILES = sorted((CORPUS / "peep").rglob("*.txt")) if CORPUS.is_dir() else []


@needs_corpus
@pytest.mark.parametrize("path", CORPUS_FILES, ids=lambda path: str(path.relative_to(CORPUS)))
def test_one_text_of_a_real_file_means_the_same(path: Path):
    try:
        expected, files = facts(str(path)), ported(str(path))
    except RequirementsErrors:
        return  # what cannot be read is told by other tests
    if any(file.errors for file in files):
        return
    text = one_text(files, [str(path)])
    assert text.startswith(f"# from {path}\n")
    ported_facts = facts("one.txt", {"one.txt": text.encode()})
    assert {name for name, _ in ported_facts} == {name for name, _ in expected}
    hashes = dict(expected)
    # a hash above a commented-out requirement stays with it when ported (R6): fewer hashes, never others
    assert all(set(listed) <= set(hashes[name]) for name, listed in ported_facts)
    assert sum(bool(listed) for _, listed in ported_facts) >= sum(bool(listed) for _, listed in expected) - 1


def test_includes_are_commented_out_and_constraints_stay_out(tmp_path: Path):
    (tmp_path / "a.txt").write_text(f"# sha256: {HASH}\nsix==1.0\n-r \\\n  b.txt\n-c c.txt")
    (tmp_path / "b.txt").write_text("attrs\n")
    (tmp_path / "c.txt").write_text("attrs==1\n")
    text = one_text(ported(str(tmp_path / "a.txt")), [str(tmp_path / "a.txt")])
    lines = text.splitlines()
    assert lines[3:6] == ["# -r ", "#   b.txt", "-c c.txt"]
    assert lines[6:] == [f"# from {tmp_path / 'b.txt'}", "attrs"]


def test_constraints_are_named_from_the_folder_of_the_whole(tmp_path: Path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.txt").write_text("-r sub/b.txt\n-c c.txt  # of c.txt\n")
    (tmp_path / "sub" / "b.txt").write_text(
        f"attrs\n-cc.txt\n-c {tmp_path}/d.txt\n-c https://x.example/c.txt\n-c ../c.txt"
    )
    for name in ("c.txt", "d.txt", "sub/c.txt"):
        (tmp_path / name).write_text("attrs==1\n")

    def read(name: str) -> bytes:
        return b"" if name.startswith("https:") else Path(name).read_bytes()

    files = list(ported_files([str(tmp_path / "a.txt")], read, {}, port_to_pip))
    lines = one_text(files, [str(tmp_path / "a.txt")]).splitlines()

    assert [line for line in lines if line.startswith("-c")] == [
        "-c c.txt  # of c.txt",
        "-csub/c.txt",
        f"-c {tmp_path}/d.txt",
        "-c https://x.example/c.txt",
        "-c c.txt",
    ]


def test_constraints_of_a_file_from_the_network_are_named_by_url():
    content = {"https://x.example/a/r.txt": b"six\n-c c.txt\n", "https://x.example/a/c.txt": b"six==1\n"}
    files = list(ported_files(["https://x.example/a/r.txt"], content.__getitem__, {}, port_to_pip))

    assert one_text(files, ["https://x.example/a/r.txt"]).splitlines()[2] == "-c https://x.example/a/c.txt"


def test_a_constraints_file_that_was_named_is_ported_too(tmp_path: Path):
    (tmp_path / "a.txt").write_text("-c c.txt\n")
    (tmp_path / "c.txt").write_text(f"# sha256: {HASH}\nsix==1.0\n")
    paths = [str(tmp_path / "a.txt"), str(tmp_path / "c.txt")]
    files = list(ported_files(paths, lambda name: Path(name).read_bytes(), {}, port_to_pip))
    assert "--hash=sha256:" in one_text(files, paths)


def test_a_declared_encoding_is_declared_no_more(tmp_path: Path):
    """The text of several files is written as UTF-8, whatever they were."""
    (tmp_path / "a.txt").write_bytes("# coding: latin-1\n# é\nsix\n".encode("latin-1"))
    text = one_text(ported(str(tmp_path / "a.txt")), [str(tmp_path / "a.txt")])
    assert text.splitlines()[1:] == ["# coding was: latin-1", "# é", "six"]
    assert facts("one.txt", {"one.txt": text.encode()}) == {("six", ())}


@pytest.mark.skipif(os.name == "nt", reason="modes and links of POSIX")
def test_a_file_is_replaced_with_its_mode_and_through_its_link(tmp_path: Path):
    real = tmp_path / "real.txt"
    real.write_bytes(f"# sha256: {HASH}\r\nsix==1.0\r\n".encode())
    real.chmod(0o640)
    link = tmp_path / "link.txt"
    link.symlink_to(real)
    [file] = ported(str(link))
    replace_file(file)
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert real.read_bytes().startswith(b"six==1.0 \\\r\n    --hash=sha256:")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.txt", "real.txt"]


@pytest.mark.parametrize("path", ["-", "https://x.example/r.txt"])
def test_what_is_no_file_stays_where_it_is(path: str):
    [file] = ported_files([path], lambda _name: b"six\n", {}, port_to_pip)
    with pytest.raises(UsageError, match="in place"):
        replace_file(file)


@pytest.mark.skipif(os.name == "nt", reason="file names that Windows has not")
@pytest.mark.parametrize(
    ("name", "shown"), [("\udcff.txt", "\\udcff.txt"), ("a\nsix==1.0 #.txt", "a\\nsix==1.0 #.txt")]
)
def test_a_file_name_stays_a_comment_in_utf_8(name: str, shown: str, tmp_path: Path):
    path = tmp_path / name
    path.write_text("six==1.0\n")
    text = one_text(ported(str(path)), [str(path)])
    assert text.encode().decode().splitlines() == [f"# from {tmp_path}/{shown}", "six==1.0"]
