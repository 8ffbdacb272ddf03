"""`peep bundle push` and `pull` with a registry that is not honest: told, status 1, no bundle."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from importlib.util import find_spec
from pathlib import Path

import pytest

from peep.cli.main import run
from support.lying_registry import LyingRegistry, lying_registry
from support.small_bundle import locked_bundle

pytestmark = pytest.mark.skipif(find_spec("oras") is None, reason="oras is not installed")


@pytest.fixture
def kept(tmp_path):
    """A registry that has kept the bundle `b`, honestly until now."""
    locked_bundle(tmp_path / "b")
    with lying_registry() as registry:
        pushed(tmp_path, registry)
        yield registry


def peep(*words: str) -> tuple[int, str]:
    text = io.StringIO()
    with redirect_stdout(text), redirect_stderr(text):
        status = run(["bundle", *words])
    return status, text.getvalue()


def pushed(folder: Path, registry: LyingRegistry) -> tuple[int, str]:
    return peep("push", str(folder / "b"), f"oci://{registry.host}/team/app:1", "--format", "json")


def pulled(folder: Path, registry: LyingRegistry, reference: str = ":1") -> tuple[int, str]:
    return peep("pull", f"oci://{registry.host}/team/app{reference}", str(folder / "c"))


def test_honest_it_gives_what_it_got(tmp_path, kept):
    assert json.loads(pushed(tmp_path, kept)[1])["sent"] == 0
    assert pulled(tmp_path, kept)[0] == 0
    assert (tmp_path / "c" / "bundle.json").read_bytes() == (tmp_path / "b" / "bundle.json").read_bytes()


def test_a_manifest_that_was_changed_is_refused_when_it_is_pushed_and_when_it_is_pulled_by_digest(tmp_path, kept):
    digest = next(name for name in kept.manifests if name.startswith("sha256:"))
    kept.changed_manifest = lambda content: content.replace(b"{", b"{ ", 1)
    status, told = pushed(tmp_path, kept)
    assert (status, "changed the manifest that it was given" in told) == (1, True)
    status, told = pulled(tmp_path, kept, f"@{digest}")
    assert (status, f"gave another manifest than {digest}" in told) == (1, True)
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda content: content.replace(b"archives/demo-1.0", b"archives/demo-1.1"), "contradicts its bundle.json"),
        (lambda content: content.replace(b'"layers":[', b'"layers":[],"x":['), "contradicts its bundle.json"),
        (lambda content: content[: len(content) // 2], "is no bundle"),
    ],
)
def test_a_manifest_that_contradicts_its_bundle_is_refused(tmp_path, kept, change, reason):
    kept.changed_manifest = change
    status, told = pulled(tmp_path, kept)
    assert (status, reason in told) == (1, True), told
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda content: content + bytes(1 << 20), "gave more bytes than sha256:"),
        (lambda content: content[:-1] + bytes([content[-1] ^ 1]), "other bytes than those of sha256:"),
        (lambda content: content[:-1], "other bytes than those of sha256:"),
    ],
)
@pytest.mark.parametrize("which", ["config", "archive"])
def test_a_blob_of_other_bytes_is_refused_and_leaves_no_bundle(tmp_path, kept, change, reason, which):
    wheel = (tmp_path / "b" / "archives" / "demo-1.0-py3-none-any.whl").read_bytes()
    config = (tmp_path / "b" / "bundle.json").read_bytes()
    meant = config if which == "config" else wheel
    kept.changed_blob = lambda content: change(content) if content == meant else content
    status, told = pulled(tmp_path, kept)
    assert (status, reason in told) == (1, True), told
    assert not (tmp_path / "c" / "bundle.json").exists()
    kept.changed_blob = bytes
    assert pulled(tmp_path, kept)[0] == 0
    assert peep("check", str(tmp_path / "c"))[0] == 0
