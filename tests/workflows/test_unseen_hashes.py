"""A file whose hashes are comments never reaches pip by way of a verb that fetches."""

from __future__ import annotations

import pytest

from peep.errors import UsageError
from peep.pipeline.comment_hash_guard import named_files, refuse_unseen_hashes

COMMENT = "# sha256: iyvGVXdsDtsnBG60VbI16X5bVY4aw8ta6qmzBnPFWoQ\nsix==1.0\n"
OPTION = f"six==1.0 --hash=sha256:{'a' * 64}\n"


@pytest.mark.parametrize(
    ("words", "files"),
    [
        (["lock", "-r", "f"], ["f"]),
        (["lock", "-rf", "--requirement=g", "--requirement", "h"], ["f", "g", "h"]),
        (["lock", "-qrf", "-qr", "g", "--requirem", "h", "--requi=i"], ["f", "g", "h", "i"]),
        (["lock", "-crf", "-ofoor", "--require-hashes", "--requirements-from-script=x", "six"], []),
        (["lock", "-r"], [""]),
    ],
)
def test_every_spelling_names_its_file(words, files):
    assert list(named_files(words)) == files


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "comments.txt").write_text(COMMENT)
    (tmp_path / "including.txt").write_text("-r comments.txt\n")
    (tmp_path / "options.txt").write_text(OPTION)
    (tmp_path / "remote.txt").write_text("-r https://x.example/r.txt\n")
    return tmp_path


@pytest.mark.parametrize(
    "file", ["comments.txt", "including.txt", "-", "https://u:secret@x.example/r.txt", "remote.txt"]
)
@pytest.mark.usefixtures("folder")
def test_what_pip_would_not_see_is_refused(file):
    with pytest.raises(UsageError) as refused:
        refuse_unseen_hashes(["lock", "-r", file], {})
    assert "secret" not in str(refused.value)


@pytest.mark.usefixtures("folder")
def test_a_variable_of_pips_names_files_too():
    with pytest.raises(UsageError, match=r"comments\.txt:2"):
        refuse_unseen_hashes(["lock"], {"PIP_REQUIREMENT": "options.txt comments.txt"})


@pytest.mark.parametrize(
    "words",
    [["lock", "-r", "options.txt"], ["lock", "six"], ["uninstall", "-r", "comments.txt"], ["lock", "-r", "x"]],
)
@pytest.mark.usefixtures("folder")
def test_all_else_goes_to_pip(words):
    refuse_unseen_hashes(words, {})
