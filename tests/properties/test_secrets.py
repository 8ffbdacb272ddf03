"""THREATS N18, N19: whichever way a password comes, no text and no file that a run leaves behind holds it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.cli.main import run
from peep.cli.output.text import redact_text
from peep.formats import url_secrets
from peep.formats.url_secrets import is_ambiguous, redacted, redacted_in, redacted_in_result, shareable
from peep.http.credentials import credentials_in, netrc_lookup
from support.environment_tree import make_environment
from support.secret_index import FILENAME, USER, WHEEL, SecretIndex, files_below, traces

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DIGEST = hashlib.sha256(WHEEL).hexdigest()
PIN = f"demo==1.0 --hash=sha256:{DIGEST}"
HALVES = ("Kanarie", "Vogel")
ENDING = "/#?@"
"""Characters that end the part of a URL where passwords stand."""
OTHERS = "!$&'()*+,;=:%~^|{}[]<>\\\"` "

passwords = st.text("abcXYZ" + ENDING + OTHERS, min_size=1, max_size=12).filter(lambda text: text != "")


# -- as a function of texts ------------------------------------------------------------------------


@given(
    st.sampled_from(["http://", "https://", "HTTPS://", "git+https://", "ssh://", "https:/", "https:///"]),
    st.text("ab1:.-_[]%\u0661\u00e9 \\?#", max_size=8),
    st.sampled_from(["", "/", "/simple/", "?a=b", "#c", "/x:y@z"]),
)
def test_a_host_that_is_plain_at_a_glance_hides_nothing(head: str, host: str, rest: str) -> None:
    quick = redacted(head + host + rest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(url_secrets, "_has_plain_host", lambda _: False)
        assert redacted(head + host + rest) == quick


@given(st.text("QXZ", min_size=1, max_size=3), st.text("QXZ019" + ENDING + ":%=&;.\\", max_size=12))
def test_a_password_is_refused_or_ends_where_everybody_sees_it_end(head: str, tail: str):
    url = f"https://user:{head}{tail}@host.example/simple"
    if is_ambiguous(url):
        assert redacted(url) == "https://****@host.example/simple"
    else:
        assert urlsplit(url).hostname == "host.example"
        assert not set(head + tail) & set(ENDING + "\\")
        assert redacted(url) == "https://****@host.example/simple"
    assert head not in redact_text(f"asked {url} for it")


@given(passwords)
def test_a_percent_encoded_password_is_never_refused(password: str):
    url = f"https://user:{quote(password, safe='')}@host.example/simple"
    assert not is_ambiguous(url)
    assert credentials_in(url).password == password


@pytest.mark.parametrize(
    "url",
    [
        "https://host.example/path/pkg@1.0.tar.gz",
        "https://host.example:8080/path/pkg@1.0.tar.gz",
        "https://host.example:8080/feed@Release/simple/",
        "https://token@host.example/feed@Release/simple/",
        "https://host.example/_packaging/feed@Release/simple/",
        "https://host.example/x-1.0.tar.gz?mail=me@corp.example",
        "https://host.example:8443/x-1.0.tar.gz?mail=me@corp.example",
        "https://host.example/x-1.0.tar.gz#egg=x@1",
        "https://[::1]:8080/a@b.example/x",
        "http://127.0.0.1:8080/me@corp.example/simple",
        "http://localhost:3141/me@corp.example/simple",
        "https://me@corp.example:token@host.example/simple",
        f"git+https://host.example/repo@{COMMIT}",
        f"git+https://host.example:8443/repo.git@{COMMIT}#egg=repo",
        f"git+https://user:token@host.example/repo.git@{COMMIT}#subdirectory=a&egg=repo",
        f"git+ssh://git@host.example/group/repo.git@{COMMIT}",
        f"git+ssh://git@host.example:group/repo.git@{COMMIT}",
        f"git+file:///srv/a:b/repo@{COMMIT}",
        "file:///srv/a:b/pkg@1.0.tar.gz",
    ],
)
def test_an_at_sign_in_a_path_is_fine_where_no_password_stands(url: str):
    assert not is_ambiguous(url)
    assert unquote(url).rpartition("@")[2] in redacted(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:pa/ss@host.example/simple",
        "https://user:/pass@host.example",
        "https://user:123456/7@host",
        "https://user:12/34@127.0.0.1/simple",
        "https://user:12/34@proxy:3128",
        "https:/user:pa/ss@host.example/simple",
        f"git+https://user:pa/ss@host.example/repo@{COMMIT}",
        f"git+https://user:pa#ss@host.example/repo@{COMMIT}#egg=x",
        f"git+ssh://user:pa?ss@host.example/repo@{COMMIT}",
        "git+https://user:pa/ss@host.example",
        "http:///user:pa/ss@host.example/simple",
        "git+https:////user:pa/ss@host.example",
    ],
)
def test_an_at_sign_behind_the_host_of_a_url_with_a_password(url: str):
    assert is_ambiguous(url)
    assert "ss@" not in redacted(url)
    assert "user" not in redact_text(f"error: {url}: no")


@pytest.mark.parametrize(
    "url",
    [
        "http:///user:Kanarie@host.example/simple",
        "HTTPS:////user:Kanarie@host.example",
        "https:/user:Kanarie@host.example/simple",
        "git+https:///user:Kanarie@host.example/x",
        "https://host.example/simple/?access%5Ftoken=Kanarie",
        "https://host.example/simple/?bearer=Kanarie",
        "https://host.example/x.whl#session_id=Kanarie",
        "https://host.example/?__gda__=Kanarie",
        "https://host.example/?url=https%3A%2F%2Fuser%3AKanarie%40other.example%2Fsimple",
        "https://host.example/?url=https%3a//user:Kanarie@other.example/simple",
        "https://host.example/?url=https://user:Kanarie@other.example/simple",
    ],
)
def test_a_secret_is_hidden_wherever_it_stands_in_a_url(url: str):
    for text in (url, f"asked {url}: no", f'{{"url": "{url}"}}'):
        assert "Kanarie" not in redact_text(text)
        assert "Kanarie" not in redacted_in_result(text)
        assert "host.example" in redacted_in_result(text)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:Kanarie@host.example/a.whl", "https://host.example/a.whl"),
        ("https://Kanarie@host.example:8443/a.whl?x=1", "https://host.example:8443/a.whl?x=1"),
        ("https://host.example/a.whl?X-Amz-Signature=Kanarie&x=1", "https://host.example/a.whl"),
        ("https://host.example/a.whl?u=https%3A%2F%2Fa%3AKanarie%40b", "https://host.example/a.whl"),
        ("https://host.example/pkg@1.0.whl?x=1", "https://host.example/pkg@1.0.whl?x=1"),
        ("file:///srv/a.whl", "file:///srv/a.whl"),
    ],
)
def test_a_lock_names_a_file_without_what_opens_it(url: str, shown: str):
    assert shareable(url) == shown


@pytest.mark.parametrize(
    "text",
    [
        "file:///@scope/pkg@1.0.tar.gz",
        "https://host.example/x-1.0.tar.gz#egg=x&subdirectory=a",
        "https://host.example/x?project=demo&session",
        "https://host.example/x-1.0.whl#sha256=0123",
        "100%3A1 of user@host",
    ],
)
def test_what_is_no_secret_stays(text: str):
    assert redact_text(text) == redacted_in_result(text) == text


# -- as a run --------------------------------------------------------------------------------------


@dataclass
class Case:
    """One run: its words, variables and files, with a password written in one of them."""

    here: Path
    index: SecretIndex
    written: str

    def channel(self, name: str) -> list[str]:
        """The words that follow `peep install --target …`; what else is needed is put in its place."""
        return getattr(self, f"_{name}")()

    def _file(self, name: str, text: str) -> str:
        (self.here / name).write_text(text)
        return str(self.here / name)

    @property
    def _pins(self) -> list[str]:
        return ["-r", self._file("pins.txt", f"{PIN}\n")]

    @property
    def _url(self) -> str:
        return self.index.place(self.written)

    @property
    def _archive(self) -> str:
        return self.index.place(self.written, self.index.file_path("demo", FILENAME))

    def _option_index(self) -> list[str]:
        return [*self._pins, "--index-url", self._url]

    def _option_extra(self) -> list[str]:
        return [*self._pins, "--no-cache-dir", f"--extra-index-url={self._url}", "-i", self._empty()]

    def _option_links(self) -> list[str]:
        return [*self._pins, "--no-index", "-f", self.index.place(self.written, self._links())]

    def _option_requirements(self) -> list[str]:
        self.index.serve("/pins.txt", f"{PIN}\n")
        return [
            "-r",
            self.index.place(self.written, "/pins.txt"),
            "-i",
            self.index.place(quote(unquote(self.written), "")),
        ]

    def _variable_index(self) -> list[str]:
        os.environ["PIP_INDEX_URL"] = self._url
        return self._pins

    def _variable_links(self) -> list[str]:
        os.environ["PIP_FIND_LINKS"] = self.index.place(self.written, self._links())
        return [*self._pins, "--no-index"]

    def _file_index(self) -> list[str]:
        return ["-r", self._file("pins.txt", f"--index-url {self._url}\n{PIN}\n")]

    def _file_variable(self) -> list[str]:
        os.environ["SECRET"] = self.written
        url = self.index.place("${SECRET}")
        return ["-r", self._file("pins.txt", f"--extra-index-url {url}\n{PIN}\n"), "-i", self._empty()]

    def _file_url(self) -> list[str]:
        return ["-r", self._file("pins.txt", f"demo @ {self._archive} --hash=sha256:{DIGEST}\n")]

    def _file_include(self) -> list[str]:
        self.index.serve("/pins.txt", f"{PIN}\n")
        url = self.index.place(self.written, "/pins.txt")
        return ["-r", self._file("top.txt", f"-r {url}\n"), "-i", self.index.place(quote(unquote(self.written), ""))]

    def _argument_url(self) -> list[str]:
        return [f"demo @ {self._archive} --hash=sha256:{DIGEST}"]

    def _lock_index(self) -> list[str]:
        listed = (
            f'wheels = [{{name = "{FILENAME}", url = {json.dumps(self._archive)}, hashes = {{sha256 = "{DIGEST}"}}}}]'
        )
        return ["-r", self._file("pylock.toml", _LOCK + listed + "\n")]

    def _lock_archive(self) -> list[str]:
        listed = f'archive = {{url = {json.dumps(self._archive)}, hashes = {{sha256 = "{DIGEST}"}}}}'
        return ["-r", self._file("pylock.toml", _LOCK + listed + "\n")]

    def _configuration(self) -> list[str]:
        text = f"[global]\nindex-url = {self._url}\n"
        os.environ["PIP_CONFIG_FILE"] = self._file("pip.conf", text)
        return self._pins

    def _empty(self) -> str:
        (self.here / "empty").mkdir(exist_ok=True)
        return str(self.here / "empty")

    def _links(self) -> str:
        path = self.index.file_path("demo", FILENAME)
        self.index.content.pages["/links/"] = ("text/html", f'<a href="{path}">{FILENAME}</a>'.encode())
        return "/links/"


_LOCK = """lock-version = "1.0"
created-by = "hand"
[[packages]]
name = "demo"
version = "1.0"
"""
CHANNELS = sorted(
    name.removeprefix("_") for name in vars(Case) if name.startswith(("_option", "_vari", "_file_", "_arg"))
)
CHANNELS += ["lock_index", "lock_archive", "configuration"]


@dataclass
class Play:
    """A folder to run in, and everything that runs left behind."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    asked: list[str]
    monkeypatch: pytest.MonkeyPatch

    def peep(self, *words: str) -> tuple[int, str]:
        self.monkeypatch.setattr(sys, "argv", ["peep", *words])
        status = run(list(words))
        told = self.capture.readouterr()
        return status, told.out + told.err

    def left(self) -> dict[str, bytes]:
        home = Path(os.environ["HOME"])
        return files_below(
            *(self.folder / name for name in ("out", "target", "env") if (self.folder / name).exists()), home
        )


@pytest.fixture
def play(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    asked: list[str] = []
    resolve = socket.getaddrinfo

    def recorded(host: str, *rest: object, **more: object) -> object:
        asked.append(str(host))
        return resolve(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", recorded)
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    before = dict(os.environ)
    yield Play(tmp_path, capsys, asked, monkeypatch)
    for name in set(os.environ) - set(before):
        del os.environ[name]
    os.environ.update(before)


@pytest.mark.parametrize("character", ENDING)
@pytest.mark.parametrize("channel", CHANNELS)
def test_an_unencoded_password_is_refused_before_anybody_is_asked(play: Play, channel: str, character: str):
    password = character.join(HALVES)
    with SecretIndex(password) as index:
        words = Case(play.folder / "in", index, password).channel(channel)
        log, report = str(play.folder / "out" / "log"), str(play.folder / "out" / "report")
        target = str(play.folder / "target")
        status, told = play.peep("install", "-v", "--log", log, "--report", report, "--target", target, *words)
        assert index.requests == ()
    assert status in {1, 2}
    assert "percent-encode the password" in told
    assert "Traceback" not in told
    assert not [host for host in play.asked if USER in host or any(half in host for half in HALVES)]
    assert traces(password, (*HALVES, USER), {"told": told.encode(), **play.left()}) == []
    assert not Path(target).exists()


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_password_that_serves_is_written_nowhere(play: Play, channel: str):
    password = "/#?@ :%".join(HALVES)
    with SecretIndex(password) as index:
        words = Case(play.folder / "in", index, quote(password, safe="")).channel(channel)
        log, report = str(play.folder / "out" / "log"), str(play.folder / "out" / "report")
        shared = ["install", "-v", "--log", log, "--report", report]
        status, told = play.peep(*shared, "--target", str(play.folder / "target"), *words)
        assert (status, told.count("installed 1; every archive verified")) == (0, 1), told
        assert len(index.requests) > 0
    assert (play.folder / "out" / "report").exists()
    assert traces(password, HALVES, {"told": told.encode(), **play.left()}) == []


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_password_that_does_not_serve_is_told_nowhere(play: Play, channel: str):
    password = "/#?@ :%".join(HALVES)
    with SecretIndex("another") as index:
        words = Case(play.folder / "in", index, quote(password, safe="")).channel(channel)
        log = str(play.folder / "out" / "log")
        status, told = play.peep("install", "-v", "--log", log, "--target", str(play.folder / "target"), *words)
        as_json, told_json = play.peep("install", "--format", "json", "--target", str(play.folder / "target"), *words)
        assert index.requests
    assert (status, as_json) == (1, 1)
    assert traces(password, HALVES, {"told": told.encode(), "JSON": told_json.encode(), **play.left()}) == []


@pytest.mark.parametrize("where", ["option", "variable", "lower", "configuration", "no-scheme"])
@pytest.mark.parametrize("is_encoded", [True, False])
def test_the_password_of_a_proxy(play: Play, where: str, *, is_encoded: bool):
    password = ("/#?@ :%" if is_encoded else "/").join(HALVES)
    written = quote(password, safe="") if is_encoded else password
    with SecretIndex(password, is_proxy=True) as proxy:
        url = proxy.place(written, "")
        words = ["-r", str(play.folder / "in" / "pins.txt"), "-i", "http://index.example/simple"]
        (play.folder / "in" / "pins.txt").write_text(f"{PIN}\n")
        if where == "option":
            words += ["--proxy", url]
        elif where == "no-scheme":
            words += ["--proxy", url.removeprefix("http://")]
        elif where == "configuration":
            os.environ["PIP_CONFIG_FILE"] = str(play.folder / "in" / "pip.conf")
            (play.folder / "in" / "pip.conf").write_text(f"[global]\nproxy = {url}\n")
        else:
            os.environ["PIP_PROXY" if where == "variable" else "http_proxy"] = url
        log, report = str(play.folder / "out" / "log"), str(play.folder / "out" / "report")
        shared = ["install", "-v", "--log", log, "--report", report, "--target", str(play.folder / "target")]
        status, told = play.peep(*shared, *words)
        assert (len(proxy.requests) > 0) == is_encoded
    assert status == (0 if is_encoded else status or 9)
    assert ("percent-encode the password" in told) is not is_encoded
    assert traces(password, HALVES, {"told": told.encode(), **play.left()}) == []


@pytest.mark.skipif(sys.version_info < (3, 11), reason="netrc of older Pythons reads quotes and colons otherwise")
@given(passwords.filter(lambda text: not set(text) & set('"\\ ')))
def test_netrc_gives_a_password_whatever_it_holds(password: str):
    with tempfile.NamedTemporaryFile("w", suffix="netrc") as file:
        file.write(f'machine host.example login {USER} password "{password}"\n')
        file.flush()
        found = netrc_lookup(file.name)("https://host.example/", None)
    assert found is not None
    assert found.password == password
    assert password not in repr(found) or len(password) < 3


def test_a_password_of_netrc_is_written_nowhere_by_any_verb(play: Play):
    password = "/#?@".join(HALVES)
    netrc = play.folder / "in" / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login {USER} password {password}\n")
    netrc.chmod(0o600)
    os.environ["NETRC"] = str(netrc)
    told = {}
    environment = make_environment(play.folder / "env").python
    pins = play.folder / "in" / "pins.txt"
    with SecretIndex(password) as index:
        pins.write_text(f"-i {index.simple_url}\n{PIN}\n")
        for number, words in enumerate(verbs(str(pins), environment, play.folder / "out")):
            status, told[" ".join(words)] = play.peep(*words, "--log", str(play.folder / "out" / f"log-{number}"))
            assert status == 0, (words, told[" ".join(words)])
        assert any("authorization" in request.headers for request in index.requests)
    assert traces(password, HALVES, {**{name: text.encode() for name, text in told.items()}, **play.left()}) == []


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["file", "url"])
def test_a_password_of_a_url_is_written_nowhere_by_any_verb(play: Play, shape: str):
    password = "/#?@".join(HALVES)
    told = {}
    environment = make_environment(play.folder / "env").python
    pins = play.folder / "in" / "pins.txt"
    with SecretIndex(password) as index:
        written = quote(password, safe="")
        archive = index.place(written, index.file_path("demo", FILENAME))
        lines = {"file": f"-i {index.place(written)}\n{PIN}\n", "url": f"demo @ {archive} --hash=sha256:{DIGEST}\n"}
        pins.write_text(lines[shape])
        for number, words in enumerate(verbs(str(pins), environment, play.folder / "out")):
            status, told[" ".join(words)] = play.peep(*words, "--log", str(play.folder / "out" / f"log-{number}"))
            assert status == 0 or (shape, words[-1]) == ("url", "--refetch"), (words, told[" ".join(words)])
        # The same again, which is answered from memory where that may be kept.
        for _ in range(2):
            status, told["again"] = play.peep("install", "--python", environment, "-r", str(pins))
            assert status == 0
        pins.write_text(lines[shape].replace(DIGEST, "0" * 64))
        status, told["mismatch"] = play.peep("install", "--force-reinstall", "--python", environment, "-r", str(pins))
        assert status == 1
        status, told["JSON"] = play.peep(
            "install", "--force-reinstall", "--format=json", "--python", environment, "-r", str(pins)
        )
        assert status == 1
        json.loads(told["JSON"][: told["JSON"].rindex("}") + 1])
    assert traces(password, HALVES, {**{name: text.encode() for name, text in told.items()}, **play.left()}) == []


def verbs(pins: str, environment: str, out: Path) -> Iterator[list[str]]:
    """Runs of every verb that reads requirements or an environment."""
    python = ["--python", environment]
    yield ["install", *python, "-r", pins, "--report", str(out / "report.json")]
    yield ["install", *python, "-r", pins, "--format", "json", "--force-reinstall"]
    yield ["verify", *python, "-r", pins]
    yield ["verify", *python, "-r", pins, "--format", "json"]
    yield ["verify", *python, "-r", pins, "--refetch"]
    yield ["download", "-r", pins, "-d", str(out / "download")]
    yield ["wheel", "-r", pins, "-w", str(out / "wheel")]
    yield ["sync", *python, "-r", pins]
    yield ["freeze", "--hashes", *python]
    yield ["inventory", *python]
    yield ["digest", *python]


def test_a_configuration_that_pip_cannot_read_is_not_repeated(play: Play):
    (play.folder / "in" / "pip.conf").write_text(f"[global]\nproxy {USER}/{HALVES[0]}@{HALVES[1]}\n")
    (play.folder / "in" / "pins.txt").write_text(f"{PIN}\n")
    os.environ["PIP_CONFIG_FILE"] = str(play.folder / "in" / "pip.conf")
    log, target = str(play.folder / "out" / "log"), str(play.folder / "target")
    status, told = play.peep("install", "--log", log, "--target", target, "-r", str(play.folder / "in" / "pins.txt"))
    assert status == 1
    assert "pip cannot tell its own options" in told
    assert traces("x" * 20, (*HALVES, USER), {"told": told.encode(), **play.left()}) == []


@pytest.mark.parametrize("blank", [" ", "\\", "'", " #"])
def test_a_password_with_what_divides_lines_and_words(play: Play, blank: str):
    url = f"http://{USER}:{blank.join(HALVES)}@127.0.0.1:9/simple"
    place = play.folder / "in" / "pins.txt"
    os.environ["PIP_INDEX_URL"] = "http://127.0.0.1:9/simple"
    told = ""
    for line in (f"--index-url {url}", f"--extra-index-url={url}", f"demo @ {url}/demo-1.0.tar.gz", f"-r {url}/a.txt"):
        place.write_text(f"{line}\n{PIN}\n")
        status, said = play.peep("install", "--no-input", "--retries=0", "--target", "t", "-r", str(place))
        assert status == 1
        told += said
    place.write_text(f"{PIN}\n")
    for option in ("--index-url", "--extra-index-url", "--find-links", "--proxy", "--constraint"):
        status, said = play.peep("install", "--retries=0", "--target", "t", "-r", str(place), option, url)
        assert status in {1, 2}
        told += said
    os.environ["PIP_EXTRA_INDEX_URL"] = url
    status, said = play.peep(
        "install", "--retries=0", "--target", "t", "-r", str(place), "-i", "http://127.0.0.1:9/simple"
    )
    assert status in {1, 2}
    assert "Traceback" not in told + said
    assert traces(url, HALVES, {"told": (told + said).encode(), **play.left()}) == []


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_password_that_git_is_given(play: Play):
    password = "/#?@".join(HALVES)
    with SecretIndex(password) as index:
        url = index.place(quote(password, safe=""), f"/group/demo.git@{COMMIT}").replace("http:", "git+https:")
        place = play.folder / "in" / "pins.txt"
        place.write_text(f"demo @ {url}\n")
        log = str(play.folder / "out" / "log")
        status, told = play.peep("install", "-v", "--log", log, "--target", str(play.folder / "t"), "-r", str(place))
    assert status == 1
    assert "git fetch failed" in told
    assert traces(password, HALVES, {"told": told.encode(), **play.left()}) == []


@pytest.mark.parametrize(
    ("text", "shown", "printed"),
    [
        ("http:u:hid@h/x", "http:****@h/x", "http:****@h/x"),
        ("../HTTP:/u:hid@h", "../HTTP:/****@h", "../HTTP:/****@h"),
        ("s3://u:hid@b/k", "s3://****@b/k", "s3://****@b/k"),
        ("git+ssh://git@h/r", "git+ssh://****@h/r", "git+ssh://git@h/r"),
        ("https://${A}:${B}@h/", "https://****@h/", "https://${A}:${B}@h/"),
        ("http://h/x?a=1&token=hid", "http://h/x?a=1&token=****", "http://h/x?a=1&token=****"),
        ("http://h/x?X-Amz-Signature=hid#f", "http://h/x?X-Amz-Signature=****#f", "http://h/x?X-Amz-Signature=****#f"),
        ("http://h/x?key=${KEY}", "http://h/x?key=${KEY}", "http://h/x?key=${KEY}"),
        ("http://h:8080: no", "http://h:8080: no", "http://h:8080: no"),
        ('{"a":"http://h/x","by":"x@y.example"}', None, '{"a":"http://h/x","by":"x@y.example"}'),
    ],
)
def test_n20_what_is_hidden_of_a_url_and_what_is_left(text: str, shown: str | None, printed: str):
    assert shown is None or redacted_in(text) == shown
    assert redacted_in_result(text) == printed


@pytest.mark.slow
def test_a_url_in_a_place_of_a_file_is_told_without_its_password(play: Play):
    url = "http://user:canary@127.0.0.1:9/x?token=canary"
    (play.folder / "in" / "pins.txt").write_text(f"{PIN}\n")
    pins = str(play.folder / "in" / "pins.txt")
    for words in (
        ["audit", "-r", pins, "--offline", "--advisories", url],
        ["check-wheel", url],
        ["bundle", "check", url],
        ["vetting", "import", "x", url],
        ["vetting", "import", "x", "http://user:canary@[::1/x"],
        ["port", "--retries=0", url],
    ):
        status, told = play.peep(*words)
        assert status in {1, 2, 4}, (words, told)
        assert "canary" not in told, (words, told)


@pytest.mark.parametrize(
    "words",
    [
        ["certify", "--notes", "URL", "demo", "1.0"],
        ["certify", "--by", "URL", "demo", "1.0"],
        ["certify", "--from", "r.json", "--answer", "startup-code a.pth=see URL", "demo", "1.0"],
        ["certify", "--notes", "read", "--skipped", "tests/**", "--skipped", "URL", "demo", "1.0"],
        ["certify", "--notes", "read", "--machine", "reader of URL", "demo", "1.0"],
        ["vetting", "excuse", "-r", "pins.txt", "--until", "2099-01-01", "--why", "URL"],
        ["vetting", "object", "demo", "1.0", "--why", "URL"],
        ["vetting", "trust", "demo", "URL", "--since", "2026-01-01", "--until", "2026-02-01", "--why", "URL"],
        ["mirror", "yank", "shelf", "demo==1.0", "--reason", "URL"],
        ["mirror", "status", "shelf", "demo", "archived", "--reason", "URL"],
    ],
)
@pytest.mark.parametrize("url", ["https://user:Kanarie@host.example/x", "https://host.example/?access_token=Kanarie"])
def test_what_stands_in_shared_files_may_hold_no_password(
    play: Play, words: list[str], url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(play.folder / "in")
    status, told = play.peep(*(word.replace("URL", url) for word in words))
    assert status == 2
    assert "would be written to a shared file" in told
    assert "Kanarie" not in told
    assert list((play.folder / "in").iterdir()) == []
