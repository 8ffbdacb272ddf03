"""Native files: what they newly use of the system, with the machine's own libraries and small made-up ones."""

import glob
import sys

import pytest

from peep.examine.binaries import BinaryFacts, binary_facts, binary_findings
from support.comparing import compared_releases
from support.releases import HARMLESS, TextRelease


def library():
    found = sorted(glob.glob("/lib/*/libc.so.6") + glob.glob("/lib64/libc.so.6"))
    if not found:
        pytest.skip("no C library of GNU here")
    with open(found[0], "rb") as file:
        return file.read()


def test_an_elf_library_is_read():
    pytest.importorskip("elftools", reason="pyelftools is not installed")
    content = library()
    facts = binary_facts("elf", content)
    assert facts.error == ""
    assert facts.has_ifuncs
    assert facts.overlay == 0
    assert len(facts.build_id) == 40
    assert binary_facts("elf", content + b"payload" * 100).overlay == 700


@pytest.mark.skipif(sys.platform != "linux", reason="an ELF program is wanted")
def test_sharp_functions_are_named():
    pytest.importorskip("elftools", reason="pyelftools is not installed")
    with open("/bin/sh", "rb") as file:
        facts = binary_facts("elf", file.read())
    assert {"execve", "fork"} & facts.imports or {"vfork", "execv"} & facts.imports


@pytest.mark.parametrize("kind", ["elf", "pe", "macho"])
@pytest.mark.parametrize(
    "content", [b"", b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe" + b"\xff" * 100, b"\x7fELF" + b"\xff" * 500]
)
def test_hostile_files_are_told_and_raise_nothing(kind, content):
    facts = binary_facts(kind, content)
    assert facts.error
    assert list(binary_findings(None, facts)) == []


def test_other_formats_are_not_looked_into():
    assert binary_facts("wasm", b"\0asm").error == "wasm is not looked into"


def test_only_what_is_new_is_found():
    old = BinaryFacts(imports=frozenset({"socket"}), build_id="ab", runpaths=("/opt/x",))
    new = BinaryFacts(
        imports=frozenset({"socket", "execve"}), has_ifuncs=True, overlay=99, runpaths=("/opt/x", "/tmp/y", "$ORIGIN")
    )
    assert list(binary_findings(old, new)) == [
        ("binary-import", "execve"),
        ("binary-ifunc", "indirect functions"),
        ("binary-overlay", "99 bytes"),
        ("binary-runpath", "/tmp/y"),
        ("binary-no-build-id", "ab"),
    ]
    assert list(binary_findings(new, new)) == []


def test_a_changed_library_in_a_release(tmp_path):
    pytest.importorskip("elftools", reason="pyelftools is not installed")
    content, tag = library(), "cp311-cp311-linux_x86_64"
    old = TextRelease("1.0", wheel={"inert/fast.so": content}, tag=tag)
    new = TextRelease("1.1", wheel={"inert/fast.so": content + b"payload" * 10}, tag=tag)
    found = compared_releases(tmp_path, old, new)
    assert [(hit.rule, hit.path, hit.evidence) for hit in found.signals] == [
        ("binary-overlay", "inert/fast.so", "70 bytes")
    ]


def test_without_the_extra_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "elftools.elf.elffile", None)
    new = TextRelease("1.1", wheel={"inert/fast.so": b"\x7fELF" + b"\0" * 99}, tag="cp311-cp311-linux_x86_64")
    found = compared_releases(tmp_path, HARMLESS, new)
    assert [(one.path, one.reason) for one in found.not_analysed] == [
        ("inert/fast.so", "not analysed: peep was installed without its extra `binaries`")
    ]
