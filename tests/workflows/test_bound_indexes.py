"""`[indexes.NAME]`: bound projects come from their index alone, and it is asked for nothing else, by every verb."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from support.command import peep
from support.fake_index import FakeIndex
from support.secret_index import FILENAME as DEMO
from support.secret_index import USER, SecretIndex
from support.secret_index import WHEEL as SECRET_WHEEL
from support.wheels import wheel_bytes, wheel_filename

pytestmark = pytest.mark.process

PASSWORD = "pa55-of-corp"
WEB = wheel_filename("web", "1.0")
ALIEN = wheel_bytes("demo", "9.0")


@pytest.fixture
def public():
    releases = {"web": {WEB: wheel_bytes("web", "1.0")}, "demo": {wheel_filename("demo", "9.0"): ALIEN}}
    with FakeIndex(releases) as index:
        yield index


@pytest.fixture
def corp():
    with SecretIndex(PASSWORD) as index:
        yield index


@pytest.fixture
def project(tmp_path: Path, corp) -> Path:
    url = corp.place("${TOKEN}")
    (tmp_path / "peep.toml").write_text(f'[indexes.corp]\nurl = "{url}"\nprojects = ["dem*"]\n')
    demo, web = (hashlib.sha256(one).hexdigest() for one in (SECRET_WHEEL, wheel_bytes("web", "1.0")))
    (tmp_path / "requirements.txt").write_text(f"demo==1.0 --hash=sha256:{demo}\nweb==1.0 --hash=sha256:{web}\n")
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        ("download", "-r", "requirements.txt", "-d", "out"),
        ("convert", "requirements.txt", "-o", "pylock.toml"),
        ("bundle", "create", "--no-peep", "-r", "requirements.txt", "out"),
        ("audit", "--advisories", "none.zip", "-r", "requirements.txt"),
        ("check", "-r", "requirements.txt"),
    ],
    ids=lambda words: words[0],
)
def test_each_index_is_asked_for_its_own(project, public, corp, words):
    ended = peep(*words, cwd=project, environ={"PIP_INDEX_URL": public.simple_url, "TOKEN": PASSWORD})
    assert ended.returncode == (4 if words[0] == "audit" else 0), ended
    assert [one.path for one in public.requests if "demo" in one.path] == []
    assert [one.path for one in corp.requests if "web" in one.path] == []
    assert "/simple/demo/" in [one.path for one in corp.requests]
    assert PASSWORD not in ended.stdout + ended.stderr
    written = [path.read_bytes() for path in project.rglob("*") if path.is_file()]
    assert not any(PASSWORD.encode() in content for content in written)


def test_files_of_a_lock_file_are_fetched_as_the_user_of_their_index(project, public, corp):
    digest = hashlib.sha256(SECRET_WHEEL).hexdigest()
    url = f"http://127.0.0.1:{corp.port}{FakeIndex.file_path('demo', DEMO)}"
    (project / "pylock.toml").write_text(
        f'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "demo"\nversion = "1.0"\n'
        f'wheels = [{{name = "{DEMO}", url = "{url}", hashes = {{sha256 = "{digest}"}}}}]\n'
    )
    environ = {"PIP_INDEX_URL": public.simple_url, "TOKEN": PASSWORD}
    ended = peep("download", "-r", "pylock.toml", "-d", "out", cwd=project, environ=environ)
    assert (ended.returncode, (project / "out" / DEMO).exists()) == (0, True), ended
    assert public.requests == ()
    assert USER not in ended.stdout + ended.stderr


def test_no_index_rules_them_out_too(project, corp):
    ended = peep("download", "--no-index", "-r", "requirements.txt", "-d", "out", cwd=project)
    assert ended.returncode == 2, ended
    assert corp.requests == ()
