"""No module of peep needs itself: neither packages nor modules import each other in a circle."""

import pytest

grimp = pytest.importorskip("grimp", reason="grimp, which import-linter brings, is among the tools of lint")


def circles(imports):
    """Modules that import each other, directly or by way of others: `imports` is module -> what it imports."""
    reached = {}
    for start in imports:
        found, waiting = set(), [start]
        while waiting:
            new = imports[waiting.pop()] - found
            found |= new
            waiting += new
        reached[start] = found
    return {frozenset({module, *(one for one in found if module in reached[one])}) for module, found in reached.items()
            if module in found}  # fmt: skip


def test_a_circle_is_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"d"}}) == {frozenset("bc"), frozenset("d")}


@pytest.mark.parametrize("with_types", [True, False])
def test_no_modules_import_each_other(with_types):
    """Neither at run time, function-level imports included, nor for type checkers."""
    graph = grimp.build_graph("peep", cache_dir=None, exclude_type_checking_imports=not with_types)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}

    assert len(imports) > 200
    assert circles(imports) == set()
