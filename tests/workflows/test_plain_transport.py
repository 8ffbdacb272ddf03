"""How the options of the command line become a transport."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec

import pytest

from peep.errors import MissingExtra
from peep.pipeline.open_transport import uses_keyring
from peep.pipeline.options import NetworkOptions


@pytest.mark.parametrize(
    ("provider", "may_ask", "is_used"),
    [
        (None, True, True),
        ("auto", True, True),
        (None, False, False),
        ("auto", False, False),
        ("import", False, True),
        ("subprocess", False, True),
        ("disabled", True, False),
    ],
)
def test_a_keyring_that_nobody_named_is_left_alone_under_no_input(
    provider: str | None, may_ask: bool, is_used: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", module_from_spec(ModuleSpec("keyring", None)))
    assert uses_keyring(NetworkOptions(keyring_provider=provider, may_ask=may_ask)) is is_used


def test_a_keyring_that_was_named_and_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(MissingExtra, match="keyring"):
        uses_keyring(NetworkOptions(keyring_provider="import"))
