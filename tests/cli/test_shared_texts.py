from __future__ import annotations

import pytest

from peep.cli.main import run


@pytest.mark.parametrize(
    "words",
    [
        ["vetting", "object", "foo", "1.0", "--why", "see https://me:geheim@a.example/x"],
        ["certify", "foo", "1.0", "--notes", "see https://a.example/x?token=geheim"],
    ],
)
def test_a_text_with_a_password_is_not_written_to_shared_files(words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(words) == 2
    told = capsys.readouterr()
    assert "write the URL without it" in told.err
    assert "geheim" not in told.err + told.out
    assert list(tmp_path.iterdir()) == []
