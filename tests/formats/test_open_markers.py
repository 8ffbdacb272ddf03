import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import InvalidMarker, Marker, UndefinedComparison

from peep.formats.open_markers import Truth, judge

CP311 = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_version": "3.11",
    "sys_platform": "linux",
}
WHOLE = {**CP311, "platform_release": "6.1", "platform_version": "#1"}


def full(micro):
    version = f"3.11.{micro}"
    return {**WHOLE, "python_full_version": version, "implementation_version": version}


@pytest.mark.parametrize(
    ("marker", "truth"),
    [
        ("python_full_version >= '3.11.4'", Truth.OPEN),
        ("python_full_version < '3.11.4'", Truth.OPEN),
        ("python_full_version == '3.11.4'", Truth.OPEN),
        ("python_full_version != '3.11.4'", Truth.OPEN),
        ("'3.11.4' <= python_full_version", Truth.OPEN),
        ("python_full_version >= '3.11.0'", Truth.TRUE),
        ("python_full_version >= '3.10.4'", Truth.TRUE),
        ("python_full_version < '3.11'", Truth.FALSE),
        ("python_full_version < '3.12'", Truth.TRUE),
        ("python_full_version == '3.11.*'", Truth.TRUE),
        ("python_full_version == '3.12.*'", Truth.FALSE),
        ("implementation_version >= '3.11.4'", Truth.OPEN),
        ("implementation_version >= '3.9'", Truth.TRUE),
        ("python_version >= '3.11'", Truth.TRUE),
        ("platform_release >= '5'", Truth.OPEN),
        ("platform_version == 'x'", Truth.OPEN),
        ("sys_platform == 'win32' and platform_release >= '5'", Truth.FALSE),
        ("sys_platform == 'linux' or platform_release >= '5'", Truth.TRUE),
        ("sys_platform == 'win32' or platform_release >= '5' and os_name == 'posix'", Truth.OPEN),
        ("(sys_platform == 'win32' or platform_release >= '5') and os_name == 'nt'", Truth.FALSE),
        ("python_full_version >= '3.11.4' and extra == 'x'", Truth.FALSE),
        ("'linux' in sys_platform and platform_version not in 'and or ( )'", Truth.OPEN),
    ],
)
def test_what_is_unknown_is_open_unless_it_does_not_matter(marker, truth):
    assert judge(Marker(marker), CP311) is truth


def test_pypy_has_a_version_of_its_own():
    pypy = {**CP311, "implementation_name": "pypy", "platform_python_implementation": "PyPy"}
    assert judge(Marker("implementation_version >= '3.9'"), pypy) is Truth.OPEN
    assert judge(Marker("python_full_version >= '3.9'"), pypy) is Truth.TRUE


def test_the_running_interpreter_does_not_count():
    assert judge(Marker("python_version >= '2'"), {}) is Truth.OPEN
    assert judge(Marker("os_name == 'posix' or os_name == 'nt'"), {}) is Truth.OPEN


ATOMS = st.sampled_from(
    [
        "python_full_version >= '3.11.4'",
        "python_full_version != '3.11.9'",
        "python_full_version < '3.11.2'",
        "python_version < '3.12'",
        "sys_platform == 'win32'",
        "'x86' in platform_machine",
        "extra == 'x'",
    ]
)
MARKERS = st.recursive(
    ATOMS, lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner), max_leaves=6
)


@given(MARKERS, st.integers(0, 20))
def test_what_is_decided_holds_for_every_version(marker, micro):
    """The oracle is `packaging` itself, asked with everything known."""
    parsed = Marker(marker)
    expected = parsed.evaluate({"extra": "", **full(micro)})
    assert judge(parsed, full(micro)) is (Truth.TRUE if expected else Truth.FALSE)
    truth = judge(parsed, WHOLE)
    assert truth is Truth.OPEN or (truth is Truth.TRUE) is expected


def test_sets_of_a_lock_file_are_known():
    values = {**CP311, "extras": frozenset({"a"}), "dependency_groups": frozenset()}
    assert judge(Marker("'a' in extras"), values, "lock_file") is Truth.TRUE
    assert judge(Marker("'a' in dependency_groups and platform_release > '5'"), values, "lock_file") is Truth.FALSE


def test_what_cannot_be_judged_raises_as_ever():
    with pytest.raises(UndefinedComparison):
        judge(Marker("python_version >= 'x' or sys_platform ~= 'y'"), CP311)
    with pytest.raises(InvalidMarker):
        Marker("nothing")
