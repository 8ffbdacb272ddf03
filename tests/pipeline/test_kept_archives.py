"""Archives that were looked at are fetched once, whatever is done with the folder that keeps them."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import pytest

from peep.model import Digest, IndexFile
from peep.pipeline.examining import kept_archives
from peep.pipeline.examining.kept_archives import KeptArchives, kept_folder
from peep.reporting import SilentReporter
from support.certifying import CHANGED, compared, offered
from support.releases import HARMLESS

CONTENT = b"an archive"
STATED = hashlib.sha256(CONTENT).hexdigest()


class Server:
    """Counts what is asked of it."""

    def __init__(self, content: bytes = CONTENT) -> None:
        self.content = content
        self.asked = 0

    def fetch(self, _file: IndexFile) -> io.BytesIO:
        self.asked += 1
        return io.BytesIO(self.content)


def offer(*, digest: str = STATED, url: str = "https://files.example/a.whl", size: int | None = None) -> IndexFile:
    hashes = (Digest("sha256", digest),) if digest else ()
    return IndexFile("a-1-py3-none-any.whl", url, hashes, size=size)


def looked_at(server: Server, folder: Path | None, file: IndexFile) -> bytes:
    with KeptArchives(server.fetch, str(folder) if folder else None, SilentReporter())(file) as body:
        body.seek(0)
        return body.read()


def test_the_second_look_fetches_nothing(tmp_path: Path) -> None:
    server, folder = Server(), tmp_path / "new" / "kept"
    assert [looked_at(server, folder, offer()) for _ in range(3)] == [CONTENT] * 3
    assert server.asked == 1
    assert [path.name for path in folder.iterdir()] == [STATED]
    assert os.name == "nt" or folder.stat().st_mode & 0o777 == 0o700


def test_what_was_changed_in_the_folder_is_fetched_again(tmp_path: Path) -> None:
    server = Server()
    looked_at(server, tmp_path, offer())
    (tmp_path / STATED).write_bytes(b"something else")
    assert looked_at(server, tmp_path, offer()) == CONTENT
    assert (tmp_path / STATED).read_bytes() == CONTENT
    assert server.asked == 2


@pytest.mark.parametrize(
    "file", [offer(digest=""), offer(url="file:///srv/a.whl"), offer(size=1 << 40)], ids=["no-digest", "local", "large"]
)
def test_what_is_not_kept(tmp_path: Path, file: IndexFile) -> None:
    server = Server()
    assert [looked_at(server, tmp_path, file) for _ in range(2)] == [CONTENT] * 2
    assert (server.asked, list(tmp_path.iterdir())) == (2, [])


def test_what_is_not_as_the_index_states_is_handed_on_and_not_kept(tmp_path: Path) -> None:
    server = Server(b"other bytes")
    assert looked_at(server, tmp_path, offer()) == b"other bytes"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_used_only_costs_fetching(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    server = Server()
    assert looked_at(server, tmp_path / "file" / "kept", offer()) == CONTENT


def test_the_oldest_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_archives, "_MOST_BYTES", 2 * len(CONTENT))
    for age, name in enumerate("cba"):
        (tmp_path / name).write_bytes(CONTENT)
        os.utime(tmp_path / name, (age, age))
    looked_at(Server(), tmp_path, offer())
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["a", STATED])


def test_where_it_lies(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PEEP_STORE": "/elsewhere"}
    assert kept_folder(environ, is_kept=False) is None
    folder = kept_folder(environ, is_kept=True)
    assert folder is not None
    assert os.path.basename(folder) == "looked-at-v1"
    assert not folder.startswith("/elsewhere")


@pytest.mark.process
def test_a_second_diff_asks_for_no_archive(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with offered(HARMLESS, CHANGED) as index:
        first = compared(capsys, index, "1.0", "1.1")
        asked = [request.path for request in index.requests if request.path.startswith("/files/")]
        assert compared(capsys, index, "1.0", "1.1") == first
        assert [request.path for request in index.requests if request.path.startswith("/files/")] == asked
        assert len(asked) == 4
