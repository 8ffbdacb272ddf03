"""Each build backend of `peep lock --allow-build` is asked once for all that it can say, and never twice the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from peep.cli.main import run
from support.fake_index import FakeIndex
from support.wheels import ASKING_PYPROJECT, IN_TREE_BACKEND, sdist_bytes, sdist_filename, wheel_bytes, wheel_filename

pytestmark = pytest.mark.process
TARGETS = ("--target", "here", "--target", "cp311-win_amd64")
ASKING = "\n\ndef get_requires_for_build_wheel(config_settings=None):\n    return {asks!r}\n"


def index_of(asks: list[str]) -> FakeIndex:
    """An index with a source archive whose backend asks for `asks`, and with the tools for it."""
    backend = IN_TREE_BACKEND.format(name="lib", version="1.0", folder="lib") + ASKING.format(asks=asks)
    files = {"PKG-INFO": "Metadata-Version: 2.1\nName: lib\nVersion: 1.0\n", "in_tree_backend.py": backend}
    tools = {name: {wheel_filename(name, "1.0"): wheel_bytes(name, "1.0")} for name in ("saw", "oil")}
    return FakeIndex(
        {
            "lib": {sdist_filename("lib", "1.0"): sdist_bytes("lib", "1.0", pyproject=ASKING_PYPROJECT, files=files)},
            **tools,
        }
    )


@pytest.mark.slow
@pytest.mark.parametrize(("asks", "times"), [([], 1), (["oil"], 2)])
def test_a_backend_is_asked_again_only_with_other_tools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], asks: list[str], times: int
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "requirements.in").write_text("lib\n")
    with index_of(asks) as index:
        words = ["lock", "-i", index.simple_url, *TARGETS, "--allow-build", "lib"]
        assert run(words) == 0
        assert capsys.readouterr().out.count("asking the build backend of lib-1.0.tar.gz") == times
        tools = (tmp_path / "build-constraints.txt").read_text()
        assert [f"{name}==1.0" in tools for name in ("saw", "oil")] == [True, bool(asks)]
        assert run([*words, "--upgrade"]) == 0
        assert "asking the build backend" not in capsys.readouterr().out
        assert (tmp_path / "build-constraints.txt").read_text() == tools
