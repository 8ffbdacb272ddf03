"""The printed configurations, started unchanged."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request

import pytest

from peep.formats.simple_pages import JSON_TYPE
from peep.mirror.facts import ArchiveFacts, ProjectFacts
from peep.mirror.layout import View, project_pages, root_pages
from peep.mirror.server_config import IMMUTABLE, PAGES, server_config
from support.mirror_servers import find_server, served_mirror

SHA = "ab" * 32
FACTS = ProjectFacts(
    "demo",
    "ours",
    files=(ArchiveFacts("demo-1.0-py3-none-any.whl", "1.0", SHA, 3, "ours", "2026-01-01T00:00:00.000000Z"),),
)
FILE = FACTS.files[0].path
PIP = f"{JSON_TYPE}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def server(request, tmp_path_factory):
    if find_server(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    mirror = tmp_path_factory.mktemp("mirror")
    files = {FILE: b"PK\x03", f"{FILE}.metadata": b"Name: demo\n", "mirror.toml": b"format = 1\n"}
    for path, content in {
        **files,
        **project_pages(FACTS, (View.JSON_ROOT,)),
        **root_pages(["demo"], (View.JSON_ROOT,)),
    }.items():
        (mirror / path).parent.mkdir(parents=True, exist_ok=True)
        (mirror / path).write_bytes(content)
    with served_mirror(request.param, mirror, tmp_path_factory.mktemp("scratch")) as url:
        yield url, mirror


def asked(url, accept="*/*"):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": accept})) as answer:
            return answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        if error.code != 308:  # which urllib follows from Python 3.11 on
            raise
        error.close()
        return asked(urllib.parse.urljoin(url, error.headers["Location"]), accept)


@pytest.mark.parametrize("path", ["simple/", "simple/demo/"])
@pytest.mark.parametrize(
    ("accept", "page", "media_type"),
    [
        (PIP, "index.v1_json", JSON_TYPE),
        ("application/vnd.pypi.simple.latest+json", "index.v1_json", JSON_TYPE),
        ("text/html", "index.html", "text/html"),
        ("*/*", "index.html", "text/html"),
        ("application/vnd.pypi.simple.v1+html", "index.html", "text/html"),
        ("image/png", "index.html", "text/html"),
    ],
)
def test_every_client_gets_the_page_that_it_can_read_never_a_406(server, path, accept, page, media_type):
    url, mirror = server
    body, headers = asked(f"{url}/{path}", accept)
    assert body == (mirror / path / page).read_bytes()
    assert headers.get_content_type() == media_type
    assert headers["Vary"] == "Accept"
    assert headers["Cache-Control"] == PAGES


def test_a_root_without_a_choice(server):
    url, mirror = server
    body, headers = asked(f"{url}/json/demo/", "text/html")
    assert body == (mirror / "json/demo/index.v1_json").read_bytes()
    assert headers.get_content_type() == JSON_TYPE


def test_files_never_change(server):
    url, mirror = server
    for path in (FILE, f"{FILE}.metadata"):
        body, headers = asked(f"{url}/{path}")
        assert body == (mirror / path).read_bytes()
        assert headers["Cache-Control"] == IMMUTABLE
        assert headers["Content-Encoding"] is None


def test_a_missing_slash_leads_to_the_page(server):
    url, mirror = server
    body, _ = asked(f"{url}/simple/demo", "text/html")
    assert body == (mirror / "simple/demo/index.html").read_bytes()


@pytest.mark.parametrize("path", ["simple/absent/", f"{FILE}.other", "mirror.toml", "json/absent/"])
def test_what_is_not_there_is_a_404(server, path):
    url, _ = server
    with pytest.raises(urllib.error.HTTPError) as failed:
        asked(f"{url}/{path}", PIP)
    failed.value.close()
    assert failed.value.code == 404


@pytest.mark.parametrize(
    ("root", "listen"), [('/srv/"x', "127.0.0.1:1"), ("/srv/{x}", "127.0.0.1:1"), ("/srv", "127.0.0.1:1;")]
)
def test_what_no_configuration_can_hold_is_refused(root, listen):
    with pytest.raises(ValueError, match="cannot stand"):
        server_config("nginx", root, listen)
