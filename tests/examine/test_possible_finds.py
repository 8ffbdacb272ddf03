"""Old files that are not analysed are those that cannot hold what was found: by calls, by lines, by constants."""

import ast
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peep.examine import text_rules
from peep.examine.facts import Literal, facts_of
from peep.examine.import_scan import scanned_imports
from peep.examine.possible_finds import may_call, may_have_lines
from peep.examine.text_rules import character_findings, literal_findings

CALLS = [
    "import os\nos.system('x')\n",
    "from os import system as s\ns('x')\n",
    "import os as o\ngetattr(o, 'sys' + 'tem')('x')\n",
    "__import__('o' + 's').system('x')\n",
    "import importlib\nimportlib.import_module('so'[::-1]).system('x')\n",
    "import sys\nsys.modules['o' 's'].system('x')\n",
    "import os\nos.__dict__['sys' 'tem']('x')\n",
    "import os\nos.\uff53ystem('x')\n",
    "# coding: utf-7\nimport os\nos.+AHM-ystem('x')\n",
    "import os\nvars(os)['met'[::-1]]('x')\nvars(os)['metsys'[::-1]]('x')\n",
]


@pytest.mark.parametrize("text", CALLS)
def test_a_file_that_makes_a_call_is_never_passed_over(text):
    content = text.encode()

    assert may_call({"os.system"})(content)


@pytest.mark.parametrize("text", CALLS[:8] + CALLS[9:])
def test_the_samples_do_make_the_call(text):
    assert "os.system" in {use.name for use in facts_of(text.encode()).uses}


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("*.decode", "x.encode('hex')\n"),
        ("os.environ", "import os\nprint(os.environb)\n"),
        ("ctypes.CDLL(None)", "nothing of the kind\n"),
        ("exec", "exec(x)\n"),
    ],
)
def test_calls_that_are_written_otherwise(call, text):
    assert may_call({call})(text.encode())


@pytest.mark.parametrize("text", ["import os\nos.remove('x')\n", "system = 1\n", "close = systems\nimport ossify\n"])
def test_a_file_without_the_words_is_passed_over(text):
    assert not may_call({"os.system"})(text.encode())


def test_lines_are_looked_for_by_their_longest_words():
    test = may_have_lines(["os.system(command)", "x = 1"])

    assert test(b"run(command)")
    assert test(b"x")
    assert not test(b"os.system()")


# -- constants ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "pattern"), [pytest.param(rule, pattern, id=rule) for rule, pattern, _, _ in text_rules._CONSTANT_RULES]
)
@settings(max_examples=40)
@given(data=st.data())
def test_whatever_a_pattern_matches_holds_one_of_its_parts(rule, pattern, data):
    text = data.draw(st.from_regex(pattern))

    assert rule in {name for name, _, _ in text_rules._possible_rules([text])}


def test_other_letters_that_patterns_take_for_ascii_count():
    taken_so = {
        character
        for character in map(chr, range(128, 0x3000))
        for letter in string.ascii_lowercase
        if text_rules.re.fullmatch(letter, character, text_rules.re.IGNORECASE)
    }

    assert {chr(one) for one in text_rules._ASCII_TWINS} == taken_so
    assert list(literal_findings([Literal("https://PA\u017fTEB\u0130N.COM/x", 3)])) != []


def test_findings_are_told_of_each_constant_alone():
    literals = [Literal("discord.com/api", 1), Literal("/webhooks", 2), Literal("a .netrc file", 3)]

    assert [(rule, line) for rule, line, _ in literal_findings(literals)] == [("secret-file", 3)]


# -- hostile lengths ----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["x" + " " * 200_000 + "\n", ("\t" * 29 + ";\n") * 7_000])
def test_blanks_take_linear_time(text):
    started = time.process_time()

    assert list(character_findings(text, is_code=True, is_python=True)) == []
    assert time.process_time() - started < 5, "quadratic time is minutes"


@pytest.mark.parametrize(
    "text", ["from a import (\n" * 20_000, "from a import (" + "#a\n" * 60_000, "import a\\\n" * 60_000]
)
def test_imports_without_an_end_take_linear_time(text):
    started = time.process_time()
    scanned_imports(text.encode())

    assert time.process_time() - started < 5, "quadratic time is minutes"


@pytest.mark.parametrize(
    "text",
    [
        "from a import (  # type: ignore[import-not-found]\n    b,\n    c,\n)\n",
        "from a import (\n    b,  # import)\n    c,\n)\nx = 1\n",
        "import a\ndef f():\n    '''import x\n\n    import y\n    '''\n",
        "import a, \\\n    b\nx = 'import c'\n# import d\n",
        "try:\n    import a\nexcept ImportError:\n    from b import c; import d\n",
        "importlib = 1\nfrom important import (b)\n",
        "x = 1\n",
    ],
)
def test_a_scan_that_ends_early_misses_no_import_of_module_level(text):
    written = {
        alias.name if isinstance(node, ast.Import) else f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    found = {
        name
        for fact in scanned_imports(text.encode()).imports
        for name in ([f"{fact.module}.{one}" for one in fact.names] or [fact.module])
    }

    assert found >= written - {"d"}
    assert found <= written
