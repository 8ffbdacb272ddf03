"""Whatever stands in the files of a vetting folder: records, or `RecordsErrors` that name a file; nothing else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from peep.errors import RecordsErrors
from peep.vetting.assembly import vetting_of
from support.examples import examples
from support.vetting import audit, excuse, published, trusted, violation

FILES = ["audits.toml", "excused.toml", "published.toml", "imports.toml", "policy.toml", "imports/m.toml"]
PIECES = st.sampled_from(
    [
        *(f'format = "peep {kind} 1"\n' for kind in ("audits", "excused", "published", "imports", "policy")),
        *(audit("a"), audit("a", since=["b"]), violation("a"), excuse("a"), published("a"), trusted()),
        *("[[audit]]\n", "[[violation]]\n", "[[excused]]\n", "[[import]]\n", "[[trusted]]\n", "[[override]]\n"),
        *("[criteria.x]\n", "[criteria]\n", 'text = "x"\n', 'implies = ["x"]\n', "x = 1\n", "\x00", "\ufeff", "'"),
        *('project = "a"\n', "read = []\n", "read = [1]\n", "read = {}\n", "on = 2026-01-01\n", "on = 1\n"),
        *("until = 9999-12-31\n", "on = 0001-01-01\n", 'versions = ">=1"\n', 'versions = "x"\n', "audit = 1\n"),
        *(f"n = {'9' * 5000}\n", "[" * 2000, 'demand = "x"\n', "accept-skipped = 1\n", "\n", "# x\n", 'name = "m"\n'),
        *('source = "x"\n', f'sha256 = "{"a" * 64}"\n', "criteria = 1\n", 'criteria = {x = ["y"]}\n', "how = 'x'\n"),
    ]
)
TEXTS = st.lists(PIECES, max_size=8).map("".join)


def decided(files: dict[str, bytes]) -> None:
    try:
        vetting_of(files, "vetting")
    except RecordsErrors as error:
        assert error.problems  # noqa: PT017 - it is one of two fine outcomes
        assert all(problem.path.startswith("vetting/") and problem.reason for problem in error.problems)  # noqa: PT017


@settings(max_examples=examples(200), deadline=None)
@given(st.dictionaries(st.sampled_from(FILES), TEXTS, max_size=3))
def test_pieces_of_records_in_any_order(texts):
    decided({name: text.encode() for name, text in texts.items()})


@settings(max_examples=examples(60), deadline=None)
@given(st.sampled_from(FILES), st.binary(max_size=200))
def test_any_bytes(name, content):
    decided({name: content})
