"""`peep certify` on a terminal of its own: the editor with the sentence to uncomment, and questions about signals."""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from peep.cli.main import run
from support.certifying import BY, STARTING, certify, compared, offered, save_reading
from support.releases import HARMLESS, NAME

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals of this kind", allow_module_level=True)

EDITOR = """import sys
path = sys.argv[1]
text = open(path, encoding="utf-8").read()
open("shown.txt", "w", encoding="utf-8").write(text)
exec(open("edit.py", encoding="utf-8").read())
open(path, "w", encoding="utf-8").write(text)
"""
UNCOMMENT = 'text = text.replace("# I, ", "I, ") + "nothing odd\\n"'


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("editor.py").write_text(EDITOR)
    digest = sha256(b"an archive").hexdigest()
    Path("requirements.txt").write_text(f"inert==1.0 --hash=sha256:{digest}\n")


def on_terminal(*words: str, typed: str = "") -> tuple[int, str]:
    """Run peep with a pseudo-terminal as its three streams; give back status and all that was shown."""
    import pty  # noqa: PLC0415 - Windows has none

    master, slave = pty.openpty()
    environ = {**os.environ, "EDITOR": f"{sys.executable} {os.path.abspath('editor.py')}", "TERM": "dumb"}
    environ.pop("VISUAL", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "peep", *words], stdin=slave, stdout=slave, stderr=slave, env=environ
    )
    os.close(slave)
    os.write(master, typed.encode())
    shown = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # Linux says so when the last process let go of the other end
            break
        if not piece:
            break
        shown += piece
    os.close(master)
    return process.wait(timeout=60), shown.decode("utf-8", "replace")


WORDS = ("certify", "-r", "requirements.txt", "--no-index", *BY, NAME, "1.0")


def test_the_editor_shows_the_sentence_and_what_is_written_below_becomes_the_notes():
    Path("edit.py").write_text(UNCOMMENT)

    status, shown = on_terminal(*WORDS)

    assert status == 0, shown
    asked = Path("shown.txt").read_text()
    assert "# I, Alice <alice@example.org>, read all of these archives, and they are safe-to-run." in asked
    assert all(line.startswith("#") or not line for line in asked.splitlines())
    assert 'notes = "nothing odd"' in Path("vetting/audits.toml").read_text()


def test_n18_a_password_in_what_is_written_below_is_left_out_of_the_record():
    edit = '\ntext += "see https://ann:Kanarie@wiki.example/review?token=Vogel\\n"\n'
    Path("edit.py").write_text(UNCOMMENT + edit)

    status, shown = on_terminal(*WORDS)

    assert status == 0, shown
    assert "is left out of the record, which is shared" in " ".join(shown.split())
    assert "see https://****@wiki.example/review?token=****" in Path("vetting/audits.toml").read_text()


@pytest.mark.parametrize("edit", ["", 'text = text.replace("# I, ", "I, ").replace("read all", "read some")'])
def test_who_does_not_state_it_records_nothing(edit):
    Path("edit.py").write_text(edit)

    status, shown = on_terminal(*WORDS)

    assert status == 1
    assert "nothing was stated, so nothing was recorded" in shown
    assert not Path("vetting").exists()


def test_an_editor_that_fails_records_nothing():
    Path("edit.py").write_text("sys.exit(3)")

    status, shown = on_terminal(*WORDS)

    assert status == 1
    assert "ended with status 3; nothing was recorded" in " ".join(shown.split())
    assert not Path("vetting").exists()


def test_answers_to_stop_signals_are_asked_for(capsys):
    with offered(HARMLESS, STARTING) as index:
        assert certify(index, "1.0", "--full", "--notes", "read") == 0
        save_reading(compared(capsys, index, "1.0", "1.1"))
        words = ("certify", "-q", "-i", index.simple_url, *BY, "--from", "r.json", NAME, "1.1")
        status, shown = on_terminal(*words, typed="starts nothing\n\n")
        assert status == 1, shown
        assert "startup-code inert.pth=TEXT" in " ".join(shown.split())
        before = Path("vetting/audits.toml").read_text()
        assert "answers" not in before

        status, shown = on_terminal(
            *words, typed="starts nothing\nthe build makes it: https://a:Kanarie@ci.example/1\n"
        )

    assert status == 0, shown
    assert "runs at every start of the interpreter: import inert" in shown
    written = Path("vetting/audits.toml").read_text()
    assert 'why = "starts nothing"' in written
    assert 'why = "the build makes it: https://****@ci.example/1"' in written
    assert run(["vetting", "fmt", "--check"]) == 0
