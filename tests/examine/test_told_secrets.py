"""Secrets in what a release holds: wherever one stands and wherever texts are cut, no piece of it is shown."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from peep.cli.output.diff_json import diff_as_json
from peep.cli.output.diff_text import Painter, changes_text, screen_text
from peep.examine.page import page_of
from peep.examine.summary import summary_lines
from peep.examine.types import Comparison, UnvouchedArchive
from peep.workflows.diff import DiffResult, ReleaseDescription
from support.comparing import compared_releases
from support.releases import CORE_TEXT, HARMLESS, SOURCES, TextRelease

SECRETS = st.text("JKQVWXYZ", min_size=8, max_size=40)
PADDING = st.integers(0, 1_100)
URLS = st.sampled_from(
    ["https://u:{}@169.254.169.254/x", "https://{}@host.example/x", "https://host.example/x?token={}"]
)


def release(url: str, padding: int) -> TextRelease:
    """A release that names a URL wherever rules and rows repeat what stands there, at any distance."""
    pad = "p" * padding
    core = (
        f'{CORE_TEXT}\nimport os\nimport requests\nos.system("{pad} {url}")\nA = "{pad} {url}"\n'
        f'B = "{pad}"{" " * 130}; C = "{url}"\nD = "{"QmFz" * padding} {url}"\nE = "\u202e {pad}", "{url}"\n'
        f'requests.get = "{url} {pad}"\nF = ["{pad}", "discord.com/api/webhooks {url} {pad}"]\n'
    )
    return TextRelease(
        "1.1",
        both={"inert/core.py": core, "inert/broken.py": f'x = (\n"{url} {pad}\n'},
        wheel={"inert.pth": f'import os; os.getcwd("{pad} {url}")\n'},
        sdist={
            "run": f"#!/bin/sh {pad[:60]} {url}\n",
            "setup.cfg": f"[metadata]\nname = {url} {pad}\n",
            "pyproject.toml": f"{SOURCES['pyproject.toml']}\n# {pad} {url}\n",
        },
        requires=(f"helper-{pad[:200]} @ {url}",),
        owner=f"{pad[:10]} {url}",
        generator=f"made-by {url}",
    )


def everything_shown(comparison: Comparison) -> str:
    archive = UnvouchedArchive("inert-1.1-py3-none-any.whl", "0" * 64, 1, "/x")
    result = DiffResult("inert", None, ReleaseDescription("1.1", (archive,)), comparison)
    lines = summary_lines(comparison, [archive])
    painter = Painter(is_coloured=True)
    return "\n".join(
        [
            screen_text("inert", lines, painter),
            *changes_text(comparison, comparison.changes, painter),
            json.dumps(diff_as_json(result, frozenset())),
            page_of("inert", lines, comparison, base=result.reading_base()),
        ]
    )


@given(SECRETS, PADDING, URLS)
@settings(max_examples=20)
def test_no_piece_of_a_secret_is_shown(secret: str, padding: int, url: str) -> None:
    with TemporaryDirectory() as folder:
        shown = everything_shown(compared_releases(Path(folder), HARMLESS, release(url.format(secret), padding)))
    assert {"os.system", "startup-code", "requires-url", "host.example" if "host" in url else "169.254"} <= {
        word for word in ("os.system", "startup-code", "requires-url", "host.example", "169.254") if word in shown
    }
    assert not [piece for piece in (secret[start : start + 4] for start in range(len(secret) - 3)) if piece in shown]


def test_another_secret_behind_the_same_words_is_a_new_signal(tmp_path: Path) -> None:
    """Evidence is compared whole: what is hidden, or cut away, may be what changed."""
    for number, change in enumerate((("{}", "hidden"), ("x" * 400 + "{}", "cut"))):
        line = (
            'import os; os.getcwd("https://u:{}@host.example/")\n'
            if change[1] == "hidden"
            else f"import os  # {change[0]}\n"
        )
        old = TextRelease("1.0", wheel={"inert.pth": line.format("one")})
        new = TextRelease("1.1", wheel={"inert.pth": line.format("two")})
        found = compared_releases(tmp_path / str(number), old, new)
        assert [hit.rule for hit in found.signals if hit.rule == "startup-code"] == ["startup-code"]
