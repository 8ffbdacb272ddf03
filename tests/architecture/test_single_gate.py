"""Verified by construction: the trusted values are made in one place, whatever the rest of the code comes to be."""

import ast
from pathlib import Path

import pytest

import peep
from peep.examine.types import UnvouchedArchive

SOURCES = Path(peep.__file__).parent
GATE = SOURCES / "archives" / "verification.py"


def makers(name, sources):
    """Files in which `name`, imported under any alias or reached through a module, is called or handed to `replace`."""
    found = []
    for path in sources:
        text = path.read_text(encoding="utf-8")
        if name not in text:
            continue
        tree = ast.parse(text)
        aliases = {name} | {
            alias.asname
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if alias.name == name and alias.asname
        }
        if any(_makes(node, aliases) for node in ast.walk(tree)):
            found.append(path)
    return found


def _makes(node, aliases):
    if not isinstance(node, ast.Call) or _only_asks(node):
        return False
    called = node.func
    named = [called, *node.args[:1]]
    if isinstance(called, ast.Attribute):
        # `VerifiedArchive.__new__(…)` and the like; `model.VerifiedArchive(…)` by its last word
        named.append(called.value)
        if called.attr in aliases:
            return True
    return any(isinstance(item, ast.Name) and item.id in aliases for item in named)


def _only_asks(node):
    return isinstance(node.func, ast.Name) and node.func.id in {"isinstance", "issubclass", "cast"}


@pytest.mark.parametrize("name", ["VerifiedArchive", "ReceivedArchive"])
def test_only_verification_makes_it(name):
    assert makers(name, sorted(SOURCES.rglob("*.py"))) == [GATE]


def test_verified_archives_are_not_altered():
    """`dataclasses.replace` would be a second way to make one: no module that uses it names the type in that call."""
    offenders = []
    for path in sorted(SOURCES.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "replace" in text else ():
            is_replace = isinstance(node, ast.Call) and ast.unparse(node.func) in {"replace", "dataclasses.replace"}
            if is_replace and node.args and ast.unparse(node.args[0]) in {"archive", "verified", "verified_archive"}:
                offenders.append((path.name, node.lineno))
    assert offenders == []


@pytest.mark.parametrize(
    "text",
    [
        "from peep.model import VerifiedArchive\nVerifiedArchive()",
        "from peep.model import VerifiedArchive as V\nV()",
        "from peep import model\nmodel.VerifiedArchive()",
        "from peep.model import VerifiedArchive\nVerifiedArchive.__new__(VerifiedArchive)",
        "from peep.model import VerifiedArchive\nobject.__new__(VerifiedArchive)",
        "from peep.model import VerifiedArchive\npartial(VerifiedArchive)",
    ],
)
def test_the_check_finds_what_it_looks_for(tmp_path, text):
    source = tmp_path / "offender.py"
    source.write_text(text, encoding="utf-8")
    assert makers("VerifiedArchive", [source]) == [source]


def test_the_check_allows_types_and_questions(tmp_path):
    source = tmp_path / "user.py"
    source.write_text(
        "from peep.model import VerifiedArchive\n"
        "def f(a: VerifiedArchive) -> None:\n    assert isinstance(a, VerifiedArchive)\n",
        encoding="utf-8",
    )
    assert makers("VerifiedArchive", [source]) == []


UNVOUCHED = "UnvouchedArchive"
LOOKING = {"examine", "pipeline", "workflows", "cli"}


def test_what_nobody_vouched_for_goes_to_nothing_that_stores_builds_or_installs():
    """Only what looks at archives knows the type; and it has no field that those who take archives ask for."""
    knowing = {
        path.relative_to(SOURCES).parts[0] for path in SOURCES.rglob("*.py") if UNVOUCHED in path.read_text("utf-8")
    }
    assert knowing
    assert knowing <= LOOKING
    installing = {"fetch", "builds", "repair", "save_archives", "unpacking", "installed_wheels"}
    assert not [name for name in installing if UNVOUCHED in (SOURCES / "pipeline" / f"{name}.py").read_text("utf-8")]
    assert not {"pin", "file", "digest", "kind"} & set(UnvouchedArchive.__slots__)
