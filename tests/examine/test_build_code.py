"""What a build runs of an sdist: by imports inside functions, by its configuration, and by name."""

import pytest

from peep.examine.build_scripts import is_plain_value
from support.comparing import compared_releases
from support.releases import PACKAGE, SOURCES, TextRelease

BAD = "import os\n\n\ndef get():\n    os.system('true')\n    return '1'\n"
AT_ONCE = "import os\n\nos.system('true')\nVERSION = str(1)\n\n\nclass Build:\n    pass\n"
SETUP = "from setuptools import setup\nfrom setuptools.command.build_py import build_py\n\n\n"
BY_A_COMMAND = (
    f"{SETUP}class Build(build_py):\n    def run(self):\n        from build_tools import stamp\n\n"
    "        stamp.get()\n        super().run()\n\n\nsetup(cmdclass={'build_py': Build})\n"
)
PYPROJECT = str(SOURCES["pyproject.toml"])


def among(tmp_path, path, content, sdist):
    """The moment of a file that is changed while all else of the sdist stays, and the rules that name it."""
    old = TextRelease("1.0", sdist={**sdist, path: "def get():\n    return '1'\n"})
    found = compared_releases(tmp_path, old, TextRelease("1.1", sdist={**sdist, path: content}))
    moment = next(change.moment for change in found.changes if change.path == path)
    return moment, {hit.rule for hit in found.signals if hit.path == path}


IN_TREE = {
    "pyproject.toml": '[build-system]\nrequires = ["setuptools"]\n'
    'build-backend = "backend"\nbackend-path = ["tools"]\n',
    "tools/backend.py": "from setuptools.build_meta import *\n\n\ndef build_wheel(*given):\n"
    "    from stamp import get\n\n    return get()\n",
}


@pytest.mark.parametrize(
    ("path", "sdist"),
    [
        ("build_tools/stamp.py", {"setup.py": BY_A_COMMAND, "build_tools/__init__.py": ""}),
        (
            "stamp.py",
            {
                "setup.py": "from setuptools import setup\nfrom mine import Build\n\nsetup(cmdclass={'b': Build})\n",
                "mine.py": "class Build:\n    def run(self):\n        import stamp\n\n        stamp.get()\n",
            },
        ),
        ("tools/stamp.py", IN_TREE),
        ("src/inert/_stamp.py", {"setup.py": "import sys\n\nsys.path.insert(0, 'src')\nfrom inert import _stamp\n"}),
        ("helpers/stamp.py", {"setup.py": "import sys\n\nsys.path.insert(0, 'helpers')\nfrom stamp import get\n"}),
    ],
    ids=["a command's method", "a method of what is imported", "a hook of a backend", "src on the path", "a folder"],
)
def test_imports_in_functions_of_unchanged_build_code(tmp_path, path, sdist):
    assert among(tmp_path, path, BAD, sdist) == ("build", {"build-process"})


@pytest.mark.parametrize(
    ("path", "sdist"),
    [
        ("own.py", {"setup.cfg": "[options]\ncmdclass =\n    build_py = own.Build\n"}),
        ("own.py", {"setup.cfg": "[metadata]\nversion = attr: own.VERSION\n"}),
        ("own.py", {"pyproject.toml": PYPROJECT + '[tool.setuptools.cmdclass]\nbuild_py = "own.Build"\n'}),
        ("own.py", {"pyproject.toml": PYPROJECT + '[tool.setuptools.dynamic]\nversion = {attr = "own.VERSION"}\n'}),
        ("tools/own.py", {"pyproject.toml": PYPROJECT + '[tool.hatch.build.hooks.custom]\npath = "tools/own.py"\n'}),
        ("tools/own.py", {"pyproject.toml": PYPROJECT + '[tool.poetry.build]\nscript = "tools/own.py"\n'}),
        ("own.py", {"pyproject.toml": PYPROJECT + '[tool.pdm.version]\nsource = "call"\ngetter = "own:get"\n'}),
        ("pdm_build.py", {}),
        ("tools/own.py", {"meson.build": "project('inert')\nrun_command('python', 'tools/own.py')\n"}),
        ("tools/own.py", {"tools/CMakeLists.txt": "execute_process(COMMAND python own.py)\n"}),
        ("tools/own.py", {"setup.py": "import runpy\n\nrunpy.run_path(str(HERE / 'tools' / 'own.py'))\n"}),
        ("tools/own.py", {"setup.py": "import subprocess\n\nsubprocess.run(['python', 'tools/own.py'])\n"}),
    ],
)
def test_what_the_configuration_or_a_script_of_the_build_names(tmp_path, path, sdist):
    moment, rules = among(tmp_path, path, AT_ONCE, sdist)
    assert (moment, "build-process" in rules) == ("build", True)


@pytest.mark.parametrize(
    "sdist",
    [
        {"Makefile": "publish:\n\tpython tools/own.py\n"},
        {"pyproject.toml": PYPROJECT + '[tool.ruff.lint.per-file-ignores]\n"tools/own.py" = ["ALL"]\n'},
        {"setup.cfg": "[flake8]\nexclude = tools/own.py\n", "pyproject.toml": "[tool.setuptools\n"},
    ],
    ids=["a makefile", "a linter's setting", "settings that are none"],
)
def test_what_a_developer_runs_is_no_build_code(tmp_path, sdist):
    assert among(tmp_path, "tools/own.py", BAD, sdist) == ("code", set())


def test_a_module_whose_version_is_read_is_not_run(tmp_path):
    """`setup.py` names the package's own module to take a version from its text."""
    setup = "import re\n\nre.search('x', open('src/inert/core.py').read())\n"
    old = TextRelease("1.0", sdist={"setup.py": setup})
    core = f"{PACKAGE['inert/core.py']!s}\n\ndef go():\n    __import__('subprocess').run(['true'])\n"
    found = compared_releases(
        tmp_path, old, TextRelease("1.1", sdist={"setup.py": setup}, both={"inert/core.py": core})
    )
    assert {change.path: change.moment for change in found.changes}["inert/core.py"] == "import"


@pytest.mark.parametrize(
    ("text", "is_plain"),
    [
        ("VERSION = '1'\n", True),
        ("VERSION: str = '1'\n", True),
        ("VERSION = str(1)\n", False),
        ("VERSION: str\n", False),
        ("from x import VERSION\n", False),
        ("VERSION = (\n", False),
    ],
)
def test_a_value_that_setuptools_reads_without_importing(text, is_plain):
    assert is_plain_value(text.encode(), "VERSION") is is_plain
