from __future__ import annotations

import pytest

from peep.advisories.foreign_text import cleaned


@pytest.mark.parametrize("before", [0, 20, 30, 70, 150])
def test_a_password_that_the_cut_goes_through_is_hidden(before: int):
    text = "x" * before + " https://user:geheimnis@host.example/" + "y" * 500
    assert "user" not in cleaned(text, 40)
    assert "geh" not in cleaned(text, 40)
