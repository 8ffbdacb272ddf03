"""An index that fails is needed or not, depending on what the others offer; the hash decides, not the index."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from support.command import peep
from support.fake_index import FakeIndex
from support.misbehaviour import CaptivePortal, Fail, Redirect, Reset
from support.wheels import wheel_bytes, wheel_filename

NAME = wheel_filename("demo", "1.0")
WHEEL = wheel_bytes("demo", "1.0")
PAGE = FakeIndex.project_path("demo")
FILE = FakeIndex.file_path("demo", NAME)
NOBODY = "http://127.0.0.1:9/simple"
FAILURES = {
    "401": Fail(401),
    "403": Fail(403),
    "404": Fail(404),
    "500": Fail(500),
    "503": Fail(503),
    "no answer": Reset(),
    "sign-in page": CaptivePortal(),
}


@pytest.fixture
def good():
    with FakeIndex({"demo": {NAME: WHEEL}}) as index:
        yield index


@pytest.fixture
def optional():
    with FakeIndex({"demo": {NAME: WHEEL}}) as index:
        yield index


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    file = tmp_path / "requirements.txt"
    file.write_text(f"demo==1.0 --hash=sha256:{hashlib.sha256(WHEEL).hexdigest()}\n")
    return file


def download(listed: Path, *arguments: object, **environ: str):
    ended = peep(
        *("download", "-q", "--retries", "0", "-r", listed, "-d", listed.parent / "out", *map(str, arguments)),
        cwd=listed.parent,
        environ=environ,
    )
    return ended, (listed.parent / "out" / NAME).exists()


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("comes_first", [True, False])
def test_an_index_that_fails_costs_a_warning_where_another_has_the_file(
    good, optional, listed, failure, *, comes_first: bool
):
    optional.misbehave(PAGE, FAILURES[failure])
    urls = [optional.simple_url, good.simple_url] if comes_first else [good.simple_url, optional.simple_url]
    ended, is_there = download(listed, "--index-url", urls[0], "--extra-index-url", urls[1])
    assert (ended.returncode, is_there) == (0, True), ended
    if failure != "404":  # which says that the project is not there
        assert "warning" in ended.stderr
        assert optional.simple_url.rstrip("/") in ended.stderr


@pytest.mark.parametrize("failure", FAILURES)
def test_it_is_named_where_it_is_the_only_one(good, optional, listed, failure):
    listed.write_text(listed.read_text().replace("1.0", "1.1"))  # which the good index has not
    optional.misbehave(PAGE, FAILURES[failure])
    ended, _ = download(listed, "--index-url", good.simple_url, "--extra-index-url", optional.simple_url)
    assert ended.returncode == 1
    assert (
        "no index offers version 1.1" if failure in {"404", "sign-in page"} else optional.simple_url.rstrip("/")
    ) in (ended.stdout + ended.stderr)


def test_a_folder_that_states_no_digest_serves_as_well(optional, listed, tmp_path):
    folder = tmp_path / "wheels"
    folder.mkdir()
    (folder / NAME).write_bytes(WHEEL)
    optional.misbehave(PAGE, Fail(403))
    ended, is_there = download(listed, "--index-url", optional.simple_url, "--find-links", folder)
    assert (ended.returncode, is_there) == (0, True), ended
    assert "403" in ended.stderr

    (folder / NAME).write_bytes(wheel_bytes("demo", "1.0", files={"other.py": ""}))
    (tmp_path / "out" / NAME).unlink()
    ended, is_there = download(listed, "--index-url", optional.simple_url, "--find-links", folder)
    assert (ended.returncode, is_there) == (1, False)
    assert "DIDN'T MATCH" in ended.stdout
    assert "HTTP status 403" in ended.stdout


def test_a_page_of_links_that_fails_is_a_source_like_others(good, optional, listed):
    optional.misbehave("/links/", Fail(500))
    ended, is_there = download(
        listed, "--index-url", good.simple_url, "--find-links", optional.simple_url.replace("/simple", "/links")
    )
    assert (ended.returncode, is_there) == (0, True), ended
    assert "/links/: HTTP status 500" in ended.stderr


def test_without_a_hash_every_index_must_answer(good, listed):
    listed.write_text("demo==1.0\n")
    ended, _ = download(listed, "--index-url", good.simple_url, "--extra-index-url", NOBODY)
    assert ended.returncode == 1
    assert NOBODY in ended.stdout


@pytest.mark.parametrize("failure", [Fail(403), Fail(404), Fail(500), Reset()])
def test_a_file_that_does_not_come_is_taken_from_another_index(good, optional, listed, failure):
    optional.misbehave(FILE, failure)
    ended, is_there = download(listed, "--index-url", optional.simple_url, "--extra-index-url", good.simple_url)
    assert (ended.returncode, is_there) == (0, True), ended
    assert f"{NAME} is taken from" in ended.stderr


def test_an_index_that_never_answers_is_asked_once(tmp_path):
    names = [f"demo{number}" for number in range(60)]  # more than are asked for at once
    wheels = {name: wheel_bytes(name, "1.0") for name in names}
    lines = [f"{name}==1.0 --hash=sha256:{hashlib.sha256(wheels[name]).hexdigest()}\n" for name in names]
    (tmp_path / "r.txt").write_text("".join(lines))
    with (
        FakeIndex({name: {wheel_filename(name, "1.0"): wheels[name]} for name in names}) as index,
        FakeIndex({}) as silent,
    ):
        for name in names:
            silent.misbehave(FakeIndex.project_path(name), Reset())
        ended, _ = download(tmp_path / "r.txt", "--index-url", index.simple_url, "--extra-index-url", silent.simple_url)
        where = silent.simple_url.rstrip("/")
    assert ended.returncode == 0, ended
    assert len(silent.requests) < len(names)
    assert ended.stderr.count(where) == 1
    assert "demo0, demo1, demo2 and 57 more" in ended.stderr


@pytest.mark.parametrize(
    ("userinfo", "status", "hint"),
    [
        ("", 401, "no user name and password were sent"),
        ("", 403, "no user name and password were sent"),
        ("me:sesame@", 401, "the user name and password from the URL were not accepted"),
        ("me:sesame@", 403, "what that user may read"),
        ("${INDEX_USER}:${INDEX_TOKEN}@", 401, "set ${INDEX_USER} and ${INDEX_TOKEN}, which its URL names"),
        ("me:sesame${INDEX_TOKEN}@", 403, "a variable that its URL names as ${NAME} is not set"),
    ],
)
def test_hints_fit_the_case(optional, listed, userinfo, status, hint):
    optional.misbehave(PAGE, Fail(status))
    url = optional.simple_url.replace("://", f"://{userinfo}")
    listed.write_text(f"--index-url {url}\n{listed.read_text()}")
    ended, _ = download(listed)
    text = " ".join(ended.stdout.split())
    assert ended.returncode == 1
    assert hint in text
    assert "sesame" not in ended.stdout + ended.stderr


def test_credentials_of_netrc_are_named_as_such(optional, listed, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password sesame\n")
    optional.misbehave(PAGE, Fail(401))
    ended, _ = download(listed, "--index-url", optional.simple_url, NETRC=str(tmp_path / "netrc"))
    assert "the user name and password from netrc were not accepted" in " ".join(ended.stdout.split())
    assert "sesame" not in ended.stdout + ended.stderr


@pytest.mark.parametrize("what", [PAGE, FILE])
@pytest.mark.parametrize("failure", [Fail(403), Fail(404), Fail(500), None])
def test_behind_a_redirect_the_last_hop_is_named(good, optional, listed, what, failure):
    optional.misbehave(what, Redirect(good.url + what if failure else "http://127.0.0.1:9" + what))
    if failure:
        good.misbehave(what, failure)
    ended, _ = download(listed, "--index-url", optional.simple_url)
    assert ended.returncode == 1
    if what == PAGE and failure is not None and failure.status == 404:
        assert "no index and no --find-links place offers" in ended.stdout
    else:
        assert f"redirected to {(good.url if failure else 'http://127.0.0.1:9') + what}".rstrip("/") in ended.stdout
