"""Numbers of more digits than Python converts, in versions and all that holds them (THREATS R19)."""

import ast
from pathlib import Path

import pytest
from packaging.markers import InvalidMarker
from packaging.requirements import InvalidRequirement
from packaging.specifiers import InvalidSpecifier
from packaging.version import InvalidVersion

import peep
from peep.errors import RequirementsErrors
from peep.formats.dependency_specifiers import (
    MOST_DIGITS,
    read_marker,
    read_requirement,
    read_specifiers,
    read_version,
    version_or_none,
)
from peep.formats.markers import satisfies
from peep.locking.readers.locked import UnreadableLock, version_of
from peep.requirements.pylock_reader import LockDocument

LONG = "1" * 5000
LONGEST = "1" * MOST_DIGITS
READERS = [
    (read_version, "{}", InvalidVersion),
    (read_specifiers, ">={}", InvalidSpecifier),
    (read_marker, "python_version >= '{}'", InvalidMarker),
    (read_requirement, "demo>={}", InvalidRequirement),
]
SOURCES = Path(peep.__file__).parent
ITS_OWN_WAY = {
    "formats/dependency_specifiers.py",
    "formats/versions.py",  # None for whatever `Version` refuses
    "advisories/ordering.py",  # likewise, and shorter ones
}


@pytest.mark.parametrize(("read", "form", "refusal"), READERS)
def test_a_number_that_python_may_not_convert_is_refused_as_any_wrong_text_is(read, form, refusal):
    assert LONGEST in str(read(form.format(LONGEST)))
    with pytest.raises(refusal, match="more than 640 digits"):
        read(form.format(LONG))


def test_what_reads_such_numbers_tells_of_them_or_does_without():
    assert not satisfies(LONG, ">=1")
    assert version_or_none(LONG) is None
    with pytest.raises(UnreadableLock):
        version_of(LONG, "demo")
    with pytest.raises(RequirementsErrors, match="more than 640 digits"):
        LockDocument.read(f'lock-version = "{LONG}"'.encode(), "pylock.toml")


def makers(source):
    """Calls that make a version, specifiers, a marker or a requirement of anything but a text that stands there."""
    names = {"Version", "SpecifierSet", "Marker", "Requirement"}
    if not any(f"{name}(" in source for name in names):
        return []
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in names
        and node.args
        and not isinstance(node.args[0], ast.Constant)
    ]


def test_nothing_else_makes_them():
    found = {str(path.relative_to(SOURCES)): makers(path.read_text("utf-8")) for path in SOURCES.rglob("*.py")}

    assert found["formats/dependency_specifiers.py"]
    assert {name: calls for name, calls in found.items() if calls and name not in ITS_OWN_WAY} == {}


def test_makers_are_recognised():
    assert makers("Version(text); Version('1.0'); packaging.markers.Marker(text)") == [
        "Version(text)",
        "packaging.markers.Marker(text)",
    ]
