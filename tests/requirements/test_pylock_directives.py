"""peep's own options in a lock file."""

import pytest

from peep.errors import RequirementsErrors
from peep.requirements.pylock import every_pin_of_pylock
from peep.requirements.pylock_directives import lock_directives

HEAD = 'lock-version = "1.0"\ncreated-by = "x"\npackages = []\n'


def read(table: str) -> list[tuple[str, str]]:
    pinned = every_pin_of_pylock(f"{HEAD}\n[tool.peep]\n{table}\n".encode(), "pylock.toml")
    assert all(str(one.location) == "pylock.toml:5" for one in pinned.directives)
    return [(one.option, one.value) for one in pinned.directives]


@pytest.mark.parametrize(
    ("table", "directives"),
    [
        ("", []),
        ("require-sandbox = true", [("--require-sandbox", "")]),
        ("require-sandbox = false", []),
        ("require-examined = true", [("--require-examined", "")]),
        ('require-examined = "safe-to-deploy"', [("--require-examined", "safe-to-deploy")]),
        ('build-constraint = "b.txt"', [("--build-constraint", "b.txt")]),
        ('locked-for = ["a", "b"]', [("--locked-for", "a"), ("--locked-for", "b")]),
    ],
)
def test_keys_are_directives_without_dashes(table, directives):
    assert read(table) == directives


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("future = true", "future: peep knows no such directive"),
        ('require-sandbox = "yes"', "require-sandbox: wants true or false"),
        ("build-constraint = true", "build-constraint: wants a text, or a list of texts"),
        ("build-constraint = []", "build-constraint: wants a text"),
        ('build-constraint = [""]', "build-constraint: wants a text"),
        ("require-examined = 1", "require-examined: wants a text"),
    ],
)
def test_what_means_nothing_is_an_error_with_its_place(table, reason):
    with pytest.raises(RequirementsErrors) as caught:
        read(table)

    assert str(caught.value).startswith(f"pylock.toml:5: [tool.peep] {reason}")


def test_other_tools_have_tables_of_their_own():
    assert lock_directives({"uv": {"x": 1}}, "", "pylock.toml") == ((), ())
    assert lock_directives(None, "", "pylock.toml") == ((), ())
    assert len(lock_directives({"peep": 1}, "", "pylock.toml")[1]) == 1
