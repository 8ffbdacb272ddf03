"""The circle as README shows it: table, picture and text against the places of the verbs."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from peep.cli.verb_places import PLACES
from support.documents import ROOT

README = (ROOT / "README.md").read_text("utf-8")
PICTURE = ROOT / "docs" / "circle.svg"
SHOWN = PLACES[:-1]
"""Those that are in the circle or go across it; the last are around it."""


def test_the_table_has_every_verb_at_its_place():
    section = README.split("## The verbs, by their places in the circle")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (?!place)([A-Z][^|]+?) \| (.*) \|$", section, re.MULTILINE)
    found = tuple((place, tuple(dict.fromkeys(re.findall(r"`peep ([a-z-]+)", verbs)))) for place, verbs in rows)

    assert found == tuple((place, tuple(verbs)) for place, verbs in PLACES)


def test_the_picture_has_every_verb_at_its_place():
    texts = ["".join(one.itertext()) for one in ET.parse(PICTURE).iter("{http://www.w3.org/2000/svg}text")]

    assert texts == [text for place, verbs in SHOWN for text in (place, ", ".join(verbs))]


def test_the_text_beside_the_picture_says_the_same():
    block = README.split("```text\n")[1].split("```")[0]
    lines = [re.sub(r"^\W+", "", line) for line in block.splitlines()]

    assert [re.split(r" {2,}", line) for line in lines] == [[place, ", ".join(verbs)] for place, verbs in SHOWN]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_can_be_read_on_light_and_on_dark_pages(scheme: str):
    """Contrast of every text with what it stands on, by WCAG 2 level AA."""
    style = PICTURE.read_text("utf-8").split("<style>")[1].split("</style>")[0]
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    colours = dict(re.findall(r"^ *(\S+) \{ fill: (#\w{6})", light if scheme == "light" else dark, re.MULTILINE))

    assert {"text", ".verbs", "rect"} <= set(colours)
    for text in ("text", ".verbs"):
        assert contrast(colours[text], colours["rect"]) >= 4.5, (text, colours)


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
