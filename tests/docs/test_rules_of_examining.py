"""The table of rules in docs/examining.md, held to the rules that there are."""

import re
from pathlib import Path

from peep.examine.rules import RULES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "examining.md"


def test_every_rule_stands_in_the_table_with_its_grade_and_meaning():
    listed = re.findall(r"^\| `([a-z-]+)` \| (stop|look|note) \| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted((name, rule.grade, rule.meaning) for name, rule in RULES.items())
