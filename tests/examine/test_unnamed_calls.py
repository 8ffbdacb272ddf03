"""Code that runs at import without being called by its name: handed on, annotated, looked up, or by an operator."""

import pytest

from peep.examine.facts import facts_of

RUNS = "os.system('true')"


@pytest.mark.parametrize(
    "source",
    [
        "list(map(os.system, ['true']))",
        "import functools\nfunctools.partial(os.system, 'true')()",
        "import threading\nthreading.Thread(target=os.system, args=('true',)).start()",
        f"import threading\ndef mine():\n    {RUNS}\nthreading.Timer(1, mine).start()",
        f"import atexit\ndef mine():\n    {RUNS}\natexit.register(mine)",
        "from subprocess import *\nrun('true')",
        f"def f(x: {RUNS}): pass",
        f"def f(x) -> {RUNS}: pass",
        f"def f(*, x={RUNS}): pass",
        f"class P:\n    @property\n    def x(self): return {RUNS}\nP().x",
        f"class P:\n    def __class_getitem__(cls, key): return {RUNS}\nP[1]",
        f"class P:\n    def __del__(self): {RUNS}\nP()",
        f"class P:\n    def __getattr__(self, name): {RUNS}\nP().x",
    ],
)
def test_what_runs_without_its_name_runs_at_import(source):
    assert ("process", "import") in {(use.kind, use.when) for use in facts_of(f"import os\n{source}\n".encode()).uses}


@pytest.mark.parametrize(
    "source",
    [
        "import operator\noperator.attrgetter('sys' + 'tem')(os)('true')",
        "import operator\noperator.methodcaller(name, 'true')(os)",
        "[one for one in ().__class__.__base__.__subclasses__()]",
        "object.__subclasses__()",
        "str.__mro__[-1].__subclasses__()",
    ],
)
def test_functions_that_are_looked_up_in_a_roundabout_way_are_hidden_names(source):
    assert "hidden-name" in {use.kind for use in facts_of(f"import os\n{source}\n".encode()).uses}


@pytest.mark.parametrize(
    "source",
    [
        "isinstance(x, subprocess.Popen)",
        "def f(x: subprocess.Popen) -> None: pass",
        "register(subprocess.Popen)",
        f"class P:\n    def x(self): return {RUNS}\nP()",
        f"class P:\n    def __del__(self): {RUNS}",
        "from inert.tools import *\nrun('true')",
        "[one for one in Base.__subclasses__()]",
        "import operator\noperator.attrgetter('name')(thing)",
    ],
)
def test_what_only_looks_like_it_does_not_count(source):
    found = facts_of(f"import os, subprocess\n{source}\n".encode()).uses
    assert not [use for use in found if use.when == "import" and use.kind in ("process", "hidden-name")]
