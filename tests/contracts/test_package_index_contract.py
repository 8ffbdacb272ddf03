"""One suite for everything that stands behind `PackageIndex`: fakes, our own server, and servers made by others."""

import hashlib
from contextlib import contextmanager

import pytest

from peep.errors import TransportError
from peep.http.urllib_transport import HttpOptions, UrllibTransport
from peep.index.client import SimpleIndexes
from peep.model import Digest, IndexOptions
from peep.reporting import SilentReporter
from support.fake_index import FakeIndex, FakeTransport, FileFacts, IndexContent
from support.fake_package_index import FakePackageIndex
from support.real_servers import find_devpi, find_nginx, running_devpi, running_http_server, running_nginx, write_tree
from support.wheels import sdist_bytes, wheel_bytes

PROJECTS = {
    "demo-project": {
        "demo_project-1.0-py3-none-any.whl": wheel_bytes("demo-project", "1.0"),
        "demo_project-1.0.tar.gz": sdist_bytes("demo-project", "1.0"),
        "demo_project-1.1+local.1-py3-none-any.whl": wheel_bytes("demo-project", "1.1+local.1"),
    },
    "other": {"other-2.0-py3-none-any.whl": wheel_bytes("other", "2.0")},
}
FACTS = {"demo_project-1.0.tar.gz": FileFacts(requires_python=">=3.8,<4")}
STARTED = ("json server", "html server", "old api server", "nginx html", "nginx json", "nginx listing", "devpi")
WITHOUT_HASHES = ("file index", "nginx listing", "http.server listing")
"""Folders of archives: nothing is stated but names."""


@contextmanager
def over_http(url):
    transport = UrllibTransport(HttpOptions(environ={}, use_keyring=False))
    try:
        yield SimpleIndexes(transport, IndexOptions(index_urls=(url,)), SilentReporter()), transport
    finally:
        transport.close()


@contextmanager
def fake_server(**more):
    with FakeIndex(PROJECTS, facts=FACTS, **more) as server, over_http(server.simple_url) as pair:
        yield pair


@contextmanager
def nginx(root, folder):
    program = find_nginx()
    if program is None:
        pytest.skip("nginx is not installed")
    with running_nginx(program, root, IndexContent(PROJECTS, facts=FACTS)) as url, over_http(f"{url}/{folder}") as pair:
        yield pair


@contextmanager
def http_server(root):
    with running_http_server(root, IndexContent(PROJECTS)) as url, over_http(f"{url}/listing") as pair:
        yield pair


@contextmanager
def devpi(root):
    programs = find_devpi()
    if programs is None:
        pytest.skip("devpi-server is not installed; PEEP_TEST_DEVPI may name the folder of its programs")
    with running_devpi(programs, root, PROJECTS) as url, over_http(url) as pair:
        yield pair


@contextmanager
def static_tree(root):
    write_tree(root / "tree", IndexContent(PROJECTS, facts=FACTS))
    with over_http((root / "tree" / "listing").as_uri()) as pair:
        yield pair


@contextmanager
def in_memory(make):
    transport = FakeTransport({"https://index.example": IndexContent(PROJECTS, facts=FACTS)})
    yield make(transport), transport


MAKERS = {
    "fake": lambda _: in_memory(lambda _: FakePackageIndex((PROJECTS,))),
    "in-memory transport": lambda _: in_memory(
        lambda transport: SimpleIndexes(
            transport, IndexOptions(index_urls=("https://index.example/simple",)), SilentReporter()
        )
    ),
    "file index": static_tree,
    "json server": lambda _: fake_server(),
    "html server": lambda _: fake_server(formats=("html",)),
    "old api server": lambda _: fake_server(api_version="1.0"),
    "nginx html": lambda root: nginx(root, "simple"),
    "nginx json": lambda root: nginx(root, "json"),
    "nginx listing": lambda root: nginx(root, "listing"),
    "http.server listing": http_server,
    "devpi": devpi,
}


@pytest.fixture(scope="module", params=MAKERS)
def source(request, tmp_path_factory):
    """(name of the implementation, PackageIndex, Transport that its URLs are for)."""
    with MAKERS[request.param](tmp_path_factory.mktemp("source")) as (index, transport):
        yield request.param, index, transport


@pytest.fixture
def index(source):
    return source[1]


def by_name(details):
    return {file.filename: file for detail in details for file in detail.files}


@pytest.mark.parametrize("spelling", ["demo-project", "Demo.Project", "demo__project"])
def test_a_project_is_found_under_every_spelling(index, spelling):
    [detail] = index.project(spelling)
    assert detail.name == "demo-project"
    assert {file.filename for file in detail.files} == PROJECTS["demo-project"].keys()


def test_a_project_that_is_not_there_has_no_details(index):
    assert index.project("no-such-project") == ()


def test_stated_digests_are_those_of_the_files(source):
    for filename, file in by_name(source[1].project("demo-project")).items():
        truth = Digest("sha256", hashlib.sha256(PROJECTS["demo-project"][filename]).hexdigest())
        assert file.hashes == (() if source[0] in WITHOUT_HASHES else (truth,))


def test_stated_sizes_are_those_of_the_files(index):
    for filename, file in by_name(index.project("demo-project")).items():
        assert file.size in {None, len(PROJECTS["demo-project"][filename])}


def test_every_file_says_which_index_it_is_from_without_credentials(index):
    [detail] = index.project("other")
    assert detail.index
    assert {file.index for file in detail.files} == {detail.index}
    assert "@" not in detail.index


def test_the_urls_lead_to_the_files(source):
    name, index, transport = source
    if name == "fake":
        pytest.skip("its URLs lead nowhere")
    for filename, file in by_name(index.project("demo-project")).items():
        with transport.get(file.url) as response:
            assert response.status == 200
            assert response.read(1 << 20) == PROJECTS["demo-project"][filename]


def test_requires_python_arrives_where_the_index_states_it(source):
    file = by_name(source[1].project("demo-project"))["demo_project-1.0.tar.gz"]
    states_it = source[0] not in {"fake", "devpi", *WITHOUT_HASHES}
    assert file.requires_python == (">=3.8,<4" if states_it else None)


def test_n7_the_rest_of_a_file_can_be_asked_for(source):
    """N7: real servers answer Range with the rest or with everything (devpi), as ours pretends they do."""
    name, index, transport = source
    if name not in STARTED:
        pytest.skip("no ranges without a server")
    [file] = by_name(index.project("other")).values()
    whole = PROJECTS["other"][file.filename]
    with transport.get(file.url, {"Range": "bytes=10-"}) as response:
        assert (response.status, response.read(1 << 20)) == ((200, whole) if name == "devpi" else (206, whole[10:]))


def test_a_server_that_is_gone_is_an_error_with_its_address():
    with FakeIndex(PROJECTS) as server:
        url = server.simple_url
    transport = UrllibTransport(HttpOptions(environ={}, use_keyring=False, retries=0))
    gone = SimpleIndexes(transport, IndexOptions(index_urls=(url,)), SilentReporter())
    with pytest.raises(TransportError, match=r"127\.0\.0\.1"):
        gone.project("demo-project")
