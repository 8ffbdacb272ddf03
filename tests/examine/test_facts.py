"""Facts of one Python file: names resolved through every detour, and what runs at import."""

import pytest

from peep.examine.facts import facts_of
from peep.examine.import_scan import is_scan_certain, scanned_imports
from peep.examine.syntax_tree import SyntaxTree, same_but_docstrings


def uses(source):
    return {(use.kind, use.name, use.when) for use in facts_of(source.encode()).uses}


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.system('x')",
        "import os as o\no.system('x')",
        "from os import system\nsystem('x')",
        "from os import system as s\ns('x')",
        "import os\nf = os.system\nf('x')",
        "__import__('os').system('x')",
        "import importlib\nimportlib.import_module('o' + 's').system('x')",
        "import os\ngetattr(os, 'sys' + 'tem')('x')",
        "import os\ngetattr(os, 'metsys'[::-1])('x')",
        "import os\ngetattr(os, ''.join(['sys', 'tem']))('x')",
        "import os\ngetattr(os, chr(115) + 'ystem')('x')",
        "import os\nglobals()['os'].system('x')",
        "import sys\nsys.modules['os'].system('x')",
        "import os\nvars(os)['system']('x')",
        "import os\nos.__dict__['system']('x')",
        "import os\nNAME = 'system'\ngetattr(os, NAME)('x')",
        "import base64, os\ngetattr(os, base64.b64decode('c3lzdGVt').decode())('x')",
        "import builtins\nbuiltins.__import__('os').system('x')",
        "m = __import__('os')\ng = getattr\ng(m, 'system')('x')",
        "(o := __import__('os')).system('x')",
    ],
)
def test_detours_lead_to_the_same_name(source):
    assert ("process", "os.system", "import") in uses(source)


@pytest.mark.parametrize(
    ("source", "when"),
    [
        ("import os\ndef f():\n    os.system('x')\n", "call"),
        ("import os\ndef f():\n    os.system('x')\nf()\n", "import"),
        ("import os\ndef f():\n    os.system('x')\ndef g():\n    f()\ng()\n", "import"),
        ("import os\nclass A:\n    os.system('x')\n", "import"),
        ("import os\nclass A:\n    def __init__(self):\n        os.system('x')\nA()\n", "import"),
        ("import os\nclass A:\n    def run(self):\n        os.system('x')\nA().run()\n", "import"),
        ("import os\nclass A:\n    def run(self):\n        os.system('x')\n", "call"),
        ("import os\ndef f(x=os.system('x')):\n    pass\n", "import"),
        ("import os\ndef deco(f):\n    os.system('x')\n@deco\ndef g(): pass\n", "import"),
        ("import os\nif True:\n    try:\n        os.system('x')\n    except OSError: pass\n", "import"),
        ("import os\nx = [os.system(y) for y in 'ab']\n", "import"),
        ("import os\nif __name__ == '__main__':\n    os.system('x')\n", "call"),
        (
            "import os\nclass M(type):\n    def __new__(c, *a):\n        os.system('x')\nclass B(metaclass=M): pass\n",
            "import",
        ),
        ("import os\nclass P:\n    def __init_subclass__(c):\n        os.system('x')\nclass C(P): pass\n", "import"),
    ],
)
def test_when_it_runs(source, when):
    assert {use for use in uses(source) if use[0] == "process"} == {("process", "os.system", when)}


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("import base64\nexec(base64.b64decode('aaaa'))", "decoded"),
        ("import zlib\ncode = zlib.decompress(b'x')\neval(code)", "decoded"),
        ("import marshal\ndef load():\n    return marshal.loads(b'')\nexec(load())", "decoded"),
        ("import codecs\nexec(codecs.decode('vzcbeg bf', 'rot13'))", "decoded"),
        ("exec(bytes.fromhex('70').decode())", "decoded"),
        ("exec('cnff'.encode('rot13'))", "decoded"),
        ("x = ''.join(map(chr, [101, 118, 97, 108]))", "hidden-name"),
        ("x = ''.join(map(chr, CODES))", "hidden-name"),
        ("import urllib.request\nexec(urllib.request.urlopen('https://x.example').read())", "decoded"),
        ("x = bytes([112, 114, 105, 110])", "hidden-name"),
        ("__builtins__['ev' + 'al']('1')", "hidden-name"),
        ("import os\ngetattr(os, input())('x')", "hidden-name"),
        ("x = ''.join(chr(n ^ 3) for n in DATA)", "hidden-name"),
        ("import ctypes\nctypes.CDLL(None)", "libc"),
        ("import sys\nsys.path.insert(0, '/tmp/x')", "path-insert"),
        ("async def f(loop):\n    await loop.subprocess_exec(None, 'x')", "loop-process"),
        ("import webbrowser\nwebbrowser.open('x')", "browser"),
        ("import requests\ndef __getattr__(name):\n    requests.get('x')", "lazy-network"),
        ("import requests\nrequests.get = print", "patch"),
        ("import json\nsetattr(json, 'loads', print)", "patch"),
        ("from threading import Thread\nThread(target=print).start()", "hook"),
        ("import sys\nsys.meta_path.insert(0, None)", "hook"),
        ("import os\nsend = str(dict(os.environ))", "environ"),
        ("import os\nfor name in os.environ: print(name)", "environ"),
        ("import os, x\nenv = os.environ.copy()\nx.send(env)", "environ"),
        ("import os, x\nenv = dict(os.environ)\nx.start(env=env)\nx.send(env.items())", "environ"),
        ("import os, x\nx.send(json={**os.environ})", "environ"),
        ("open('x', 'w')", "write"),
        ("from pathlib import Path\nPath('x').write_text('')", "write"),
        ("import importlib\nimportlib.import_module(NAME)", "computed-import"),
        ("from setuptools import setup\nsetup(cmdclass={})", "cmdclass"),
        ("import pickle\npickle.loads(b'')", "deserialise"),
    ],
)
def test_suspicions(source, kind):
    assert kind in {use[0] for use in uses(source)}


@pytest.mark.parametrize(
    "source",
    [
        "import os, x\nenv = os.environ.copy()\nenv['A'] = '1'\nenv.update(B='2')\nx.start(env=env)\n",
        "import os, x\nx.start(env={**os.environ, 'A': '1'})\nx.start(env=dict(os.environ))\n",
        "import os\nos.environ['A']\nos.environ.get('A')\n'A' in os.environ\nos.environ['B'] = '1'\n",
        "import re\nre.compile('x')\n",
        "LETTERS = ''.join(chr(n) for n in range(97, 123))\n",
        "x = bytes([0, 1, 2, 255])\n",
        "BLANKS = ''.join(chr(c) for c in (9, 10, 11, 12, 13, 32, 160))\n",
        "def exec(x): pass\nexec('x')\n",
        "import os\npath = os.path.join('a', 'b')\n",
        "self = object()\nself.name = 1\n",
        "import logging\nlog = logging.getLogger()\nlog.level = 1\n",
        "x = 'text'.encode('utf-8').decode('latin-1')\n",
        "open('x')\nopen('x', 'rb')\n",
    ],
)
def test_ordinary_code_says_nothing(source):
    assert {use for use in uses(source) if use[0] != "environ-extended"} == set()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"def f(:\n", "line 1"),
        (b"x = '\0'", "null"),
        (b"# coding: nonsense\n", "encoding"),
        (("(" * 5000 + ")" * 5000).encode(), ""),
        (b"x = " + b"-" * 200_000 + b"1", ""),
    ],
)
def test_what_cannot_be_parsed_is_said(content, word):
    found = facts_of(content)
    assert found.error
    assert word in found.error
    assert found.uses == ()


def test_docstrings_are_no_literals():
    source = '"""module"""\nX = "constant"\ndef f():\n    """function"""\n    return "value"\n'
    assert [one.text for one in facts_of(source.encode()).literals] == ["constant", "value"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("def f():\n    '''a'''\n    return 1\n", "def f():\n    # b\n    return  1\n", True),
        ("x = 1\n", "x = 2\n", False),
        ("x = 'a'\n", "x = 'b'\n", False),
        ("x = 1\n", "x = True\n", False),
        ("a = b\n", "a.b\n", False),
    ],
)
def test_same_code(one, other, same):
    assert same_but_docstrings(SyntaxTree(one.encode()).root, SyntaxTree(other.encode()).root) is same


def test_the_quick_scan_finds_what_runs_at_import():
    source = (
        '"""import docstring\nimport nothing\n"""\n'
        "import a, b.c as d\n"
        "from . import e, f\n"
        "from .g import (\n    h,\n    i,  # import comment\n)\n"
        "x = 'import j'\n"
        "if True: import k\n"
        "try:\n    from l.m import n\nexcept ImportError: pass\n"
        "def late():\n    import o\n\n    '''\n0\n'''\n    import p\n"
        "class A:\n    import q\n"
        "x = 1; import r\n"
        "if TYPE_CHECKING:\n    import s\n"
        "import t\n"
        "from .importer import u\n"
    )
    found = {("." * fact.level + fact.module, fact.names) for fact in scanned_imports(source.encode()).imports}
    assert found == {
        ("a", ()), ("b.c", ()), (".", ("e", "f")), (".g", ("h", "i")), ("k", ()), ("l.m", ("n",)), ("q", ()), ("r", ()),
        ("t", ()), (".importer", ("u",)),
    }  # fmt: skip


def test_the_quick_scan_keeps_apart_what_functions_import():
    source = b"def load(\n    one,\n) -> None:\n    import own.later\n\n\nimport own.now\n"
    found = scanned_imports(source)
    assert ([fact.module for fact in found.imports], [fact.module for fact in found.local]) == (
        ["own.now"],
        ["own.later"],
    )


@pytest.mark.parametrize(
    ("line", "certain"),
    [
        ("", True),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import own.types\n", True),
        ("if not TYPE_CHECKING:\n    import own.types\n", False),
        ("import importlib\n", False),
        ("globals()['__im' 'port__']('own')\n", False),
        ("if __name__ == '__main__':\n    import own.program\n", False),
    ],
)
def test_when_a_scan_is_certain(line, certain):
    assert is_scan_certain(f"import own\n{line}".encode()) is certain


@pytest.mark.parametrize(
    ("call", "makes_objects"),
    [
        ("torch.load(f)", True),
        ("torch.load(f, weights_only=False)", True),
        ("torch.load(f, weights_only=flag)", True),
        ("torch.load(f, **{'weights_only': True})", True),
        ("torch.load(f, weights_only=True)", False),
        ("pickle.load(f, weights_only=True)", True),
        ("yaml.load(f)", True),
        ("yaml.load(f, Loader=yaml.Loader)", True),
        ("yaml.load(f, SafeLoader)", True),
        ("yaml.load(f, yaml.SafeLoader)", False),
        ("yaml.load(f, Loader=yaml.CSafeLoader)", False),
    ],
)
def test_loaders_that_are_told_to_make_no_objects_load_plain_values(call, makes_objects):
    found = uses(f"import pickle, torch, yaml\nclass SafeLoader: pass\n{call}\n")
    assert any(kind == "deserialise" for kind, *_ in found) is makes_objects
