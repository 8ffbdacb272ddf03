"""Backends written for the occasion, each with one habit; they run in whatever sandbox this system has."""

from __future__ import annotations

import os
import sys
import textwrap

import pytest

from peep.build.build_system import BuildSystem
from peep.build.hooks import Backend, Workplace
from peep.build.variables import build_variables
from peep.errors import BackendFailed, BuildError
from peep.system.sandbox import BuildArea, Sandbox, SandboxLimits, find_isolation, interpreter_folders

PYTHON = os.path.realpath(sys.executable)


@pytest.fixture
def backend(tmp_path):
    """A backend module's source in, the backend ready to be asked out."""

    def make(code, system=None):
        isolation = find_isolation().isolation
        area = BuildArea(str(tmp_path / "area"), isolation)
        os.mkdir(area.root)
        area.make_folders()
        tree = tmp_path / "area" / "build" / "source" / "tiny-1.0"
        tree.mkdir()
        (tree / "inside.py").write_text(textwrap.dedent(code))
        sandbox = Sandbox(
            isolation,
            interpreter_folders(PYTHON, sys.base_prefix, os.path.expanduser("~")),
            SandboxLimits(seconds=60.0),
        )
        variables = build_variables(area, area.inside("environment", "bin"), 1_000_000_000, {})
        workplace = Workplace(area, sandbox, PYTHON, variables, str(tmp_path / "log"))
        system = system or BuildSystem((), "inside", (".",))
        return Backend("tiny-1.0.tar.gz", system, area.inside("build", "source", "tiny-1.0"), workplace)

    return make


def test_a_wheel_comes_back_as_the_backend_made_it(backend):
    made = backend("""
        import os
        def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
            with open(os.path.join(wheel_directory, "tiny-1.0-py3-none-any.whl"), "wb") as file:
                file.write(b"content " + str(config_settings).encode())
            return "tiny-1.0-py3-none-any.whl"
    """)
    assert made.requires_for_wheel({}) == ()
    assert made.build_wheel({"key": "value"}) == ("tiny-1.0-py3-none-any.whl", b"content {'key': 'value'}")


def test_requirements_are_asked_for(backend):
    made = backend("""
        def get_requires_for_build_wheel(config_settings=None):
            return ["wheel>=0.3", "cython ; python_version > '3'"]
    """)
    assert made.requires_for_wheel({}) == ("wheel>=0.3", "cython ; python_version > '3'")


def test_the_environment_is_the_same_on_every_machine(backend):
    made = backend("""
        import os, time
        def get_requires_for_build_wheel(config_settings=None):
            mask = os.umask(0o022)
            seen = [os.environ["SOURCE_DATE_EPOCH"], os.environ["LC_ALL"], time.tzname[0], oct(mask), str(hash("x"))]
            print("SEEN", *seen, *sorted(os.environ))
            raise SystemExit(9)
    """)
    with pytest.raises(BackendFailed) as caught:
        made.requires_for_wheel({})
    seen = next(line for line in caught.value.last_lines if line.startswith("SEEN")).split()
    assert seen[1:5] == ["1000000000", "C.UTF-8", "UTC", "0o22"]
    allowed = {"HOME", "PATH", "TMPDIR", "LANG", "LC_ALL", "TZ", "SOURCE_DATE_EPOCH", "LC_CTYPE"}
    unexpected = [n for n in seen[6:] if n not in allowed and not n.startswith(("PYTHON", "PIP_", "_PYPROJECT_HOOKS"))]
    assert unexpected == []


def test_a_failure_names_sdist_hook_status_cause_and_log(backend, tmp_path):
    made = backend("""
        def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
            print("compiling")
            import Cython_of_another_planet
    """)
    with pytest.raises(BackendFailed) as caught:
        made.build_wheel({})
    error = caught.value
    assert (error.sdist, error.hook, error.status) == ("tiny-1.0.tar.gz", "build_wheel", 1)
    assert "imports Cython_of_another_planet" in error.cause
    assert "compiling" in (tmp_path / "log").read_text()
    for text in ("tiny-1.0.tar.gz", "build_wheel", "exit status 1", "Cython_of_another_planet"):
        assert text in str(error)
    assert str(tmp_path / "log") in error.hint


def test_a_backend_that_is_not_there(backend):
    made = backend("", BuildSystem((), "hatchling_of_another_planet.build"))
    with pytest.raises(BackendFailed, match="nor among its build requirements"):
        made.build_wheel({})


def test_t13_a_backend_is_imported_from_the_tree_only_when_backend_path_says_so(backend):
    made = backend("def build_wheel(*a, **k): return 'x.whl'", BuildSystem((), "inside"))
    with pytest.raises(BackendFailed, match="nor among its build requirements"):
        made.build_wheel({})


@pytest.mark.parametrize("name", ["../x.whl", "/etc/passwd", "x.tar.gz", ""])
def test_t13_a_wheel_elsewhere_is_not_taken(backend, name):
    made = backend(f"def build_wheel(*a, **k): return {name!r}")
    with pytest.raises(BackendFailed, match="file name"):
        made.build_wheel({})


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
@pytest.mark.parametrize(
    "trick",
    [
        "os.symlink('/etc/hostname', os.path.join(d, 'x.whl'))",
        "os.mkfifo(os.path.join(d, 'x.whl'))",
        "os.mkdir(os.path.join(d, 'x.whl'))",
        "os.rmdir(d); os.symlink('/etc', d)",
        "pass",
    ],
)
def test_t13_links_pipes_and_nothing_in_the_place_of_the_wheel(backend, trick):
    made = backend(
        f"import os\ndef build_wheel(d, config_settings=None, metadata_directory=None):\n {trick}\n return 'x.whl'"
    )
    with pytest.raises(BackendFailed, match="cannot be read"):
        made.build_wheel({})


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_t13_a_folder_that_the_backend_put_in_the_way_is_noticed(backend):
    made = backend("""
        import os
        def get_requires_for_build_wheel(config_settings=None):
            os.symlink("/", "../../wheel")
            return []
    """)
    made.requires_for_wheel({})
    with pytest.raises(BuildError, match="in the place of wheel"):
        made.build_wheel({})


@pytest.mark.parametrize("answer", ["'setuptools'", "[1]", "['not a requirement at all']", "{'a': 1}"])
def test_requirements_that_are_none_are_refused(backend, answer):
    made = backend(f"def get_requires_for_build_wheel(config_settings=None): return {answer}")
    with pytest.raises(BackendFailed):
        made.requires_for_wheel({})


@pytest.mark.parametrize("content", ["", "[]", "[" * 100_000, '{"return_val": ['])
def test_answers_that_are_none_are_refused(backend, content):
    made = backend(f"""
        import atexit, os, sys
        def get_requires_for_build_wheel(config_settings=None):
            with open(os.path.join(sys.argv[2], "output.json"), "w") as file:
                file.write({content!r})
            os._exit(0)
    """)
    with pytest.raises(BackendFailed, match="answer"):
        made.requires_for_wheel({})


def test_an_editable_without_the_hook_says_so(backend):
    made = backend("def build_wheel(*a, **k): return 'x.whl'")
    with pytest.raises(BackendFailed, match="does not have this hook"):
        made.build_wheel({}, editable=True)


def test_an_editable(backend):
    made = backend("""
        import os
        def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
            open(os.path.join(wheel_directory, "e-1-py3-none-any.whl"), "wb").close()
            return "e-1-py3-none-any.whl"
    """)
    assert made.requires_for_wheel({}, editable=True) == ()
    assert made.build_wheel({}, editable=True) == ("e-1-py3-none-any.whl", b"")


def test_warnings_of_a_backend_stay_in_its_log(backend, tmp_path):
    made = backend("""
        import warnings
        def get_requires_for_build_wheel(config_settings=None):
            print("asked")
            warnings.warn("deprecated, of course")
            return []
    """)
    assert made.requires_for_wheel({}) == ()
    assert "asked" in (tmp_path / "log").read_text()
