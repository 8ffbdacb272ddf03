"""Extras: what takes one says so, with how to get it; the page of the one-file edition names every extra."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from peep.cli.main import run
from peep.cli.verbs.help import EXTRAS as NAMED
from peep.formats.documents import parse_toml
from support.fake_index import FakeIndex

ROOT = Path(__file__).parents[2]
EXTRAS = parse_toml((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
FREE_PORT = "127.0.0.1:9"


def without(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let importing a library fail as if it were not installed, for it and for whatever of peep imports it."""
    for name in [
        name for name in sys.modules if re.match(rf"{library}\b|peep\.(proof\.inventory_|advisories\.vex_c)", name)
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)


@pytest.mark.parametrize(
    ("extra", "library", "words"),
    [
        ("oci", "oras.client", ["bundle", "pull", f"oci://{FREE_PORT}/team/app:1", "carried"]),
        ("object-store", "obstore", ["mirror", "publish", "mirror", "s3://bucket/folder"]),
        ("inventory", "cyclonedx", ["inventory", "--format", "cyclonedx"]),
        ("inventory", "spdx_tools", ["inventory", "--format", "spdx"]),
        ("socks", "urllib3.contrib.socks", ["download", "--proxy", f"socks5://{FREE_PORT}", "-d", "out", "-r", "list"]),
    ],
)
def test_what_takes_an_extra_says_how_to_get_it(
    extra: str, library: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    with FakeIndex({}) as index:
        Path("list").write_text(f"-i {index.simple_url}\na==1 --hash=sha256:{'0' * 64}\n")
        assert run(["mirror", "init", "mirror"]) == 0
        without(library, monkeypatch)
        status = run(words)
    told = " ".join("".join(capfd.readouterr()).split())

    assert status in {1, 2}
    assert f"takes peep's extra {extra}, which is not installed" in told
    assert f"pip install '.[{extra}]'" in told


@pytest.mark.parametrize("extra", sorted(EXTRAS))
def test_the_page_of_the_one_file_edition_names_every_extra(extra: str) -> None:
    page = (ROOT / "docs" / "embedding.md").read_text("utf-8")
    rows = re.findall(r"(?m)^\| `([\w-]+)` \|", page)

    assert extra in rows
    assert set(rows) == set(EXTRAS) == set(NAMED)
