"""Function-level imports of a release's own modules: analysed only where it matters whether they run."""

from peep.examine import import_reader
from support.comparing import compared_releases
from support.releases import PACKAGE, TextRelease

INIT = str(PACKAGE["inert/__init__.py"])
LATE = "def late():\n    from inert import hidden\n    return hidden\n\n\ndef never():\n    import inert.core\n"


def moment_of_hidden(tmp_path, lazy):
    """The moment of `inert/hidden.py`, which only a function of the unchanged `inert/lazy.py` imports."""
    same = {"inert/__init__.py": INIT + "import inert.lazy\n", "inert/lazy.py": lazy}
    old = TextRelease("1.0", both={**same, "inert/hidden.py": "A = 1\n"})
    new = TextRelease("1.1", both={**same, "inert/hidden.py": "A = 2\n"})
    found = compared_releases(tmp_path, old, new)
    return next(change.moment for change in found.changes if change.path == "inert/hidden.py")


def test_a_function_that_is_called_at_import(tmp_path):
    assert moment_of_hidden(tmp_path, LATE + "\n\nlate()\n") == "import"


def test_a_function_that_waits(tmp_path):
    assert moment_of_hidden(tmp_path, LATE) == "code"


def test_a_function_that_is_called_by_way_of_another(tmp_path):
    assert (
        moment_of_hidden(tmp_path, LATE + "\n\ndef first():\n    late()\n\n\nany(map(late, [first()]))\n") == "import"
    )


def test_what_imports_only_what_runs_in_any_case_is_not_analysed(tmp_path, monkeypatch):
    analysed = []
    real = import_reader.facts_of
    monkeypatch.setattr(import_reader, "facts_of", lambda content: analysed.append(content) or real(content))
    lazy = "def late():\n    import inert.core\n    from inert import core\n"
    assert moment_of_hidden(tmp_path, lazy) == "code"
    assert analysed == []
