"""Commands for who works on peep: those of CONTRIBUTING, of the pages of the benchmarks, and of dev.py."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest

from support.documents import ROOT

PAGES = ("README.md", "CONTRIBUTING.md", "benchmarks/README.md", "docs/audit.md", "docs/performance.md")
TEXTS = {name: (ROOT / name).read_text("utf-8") for name in PAGES}
QUOTED = re.compile(r"`([^`\n]+)`|^((?:python3?) [^\n#]+)", re.MULTILINE)


def commands_with(word: str) -> list[list[str]]:
    """The words of each command, in back quotes or on a line of its own, that has `word` in it."""
    found = [one or other for text in TEXTS.values() for one, other in QUOTED.findall(text)]
    return [shlex.split(re.sub(r"[][]", "", one)) for one in dict.fromkeys(found) if word in one]


def test_dev_has_the_verbs_that_are_named():
    verbs = set(re.findall(r'"(\w+)": \w+', (ROOT / "dev.py").read_text("utf-8").split("verbs = {")[1].split("}")[0]))
    named = [words[words.index("dev.py") + 1] for words in commands_with("python3 dev.py ")]

    assert set(named) == verbs


def test_benchmarks_have_the_options_that_are_named():
    called = [
        (word, words)
        for words in commands_with("benchmarks/")
        for word in words
        if re.search(r"benchmarks/\w+\.py$", word)
    ]
    wrong = [
        (script, option)
        for script, words in called
        for option in words
        if option.startswith("--") and f'add_argument("{option}"' not in (ROOT / script).read_text("utf-8")
    ]

    assert len(called) > 3
    assert wrong == []


@pytest.mark.slow
def test_the_ways_to_run_one_test_find_tests():
    called = [words[words.index("pytest") + 1 :] for words in commands_with(" -m pytest ")]

    assert len(called) > 3
    for words in called:
        asked = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", *words]
        collected = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
        assert collected.returncode == 0, (words, collected.stdout[-500:])
