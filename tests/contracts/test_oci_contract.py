"""What every repository of a registry must do: one in memory, and Debian's docker-registry."""

from __future__ import annotations

import hashlib
import io
import json
import urllib.request

import pytest

from peep.bundle.oci_manifest import (
    ARCHIVE_TYPE,
    BUNDLE_TYPE,
    FILE_TYPE,
    MANIFEST_TYPE,
    TITLE,
    ForeignArtifact,
    agreed_layers,
    artifact_of,
    oci_manifest,
    parse_oci_manifest,
)
from peep.dataclass import replace
from peep.errors import UsageError
from peep.http.oci import OciReference, RegistryError, compared, digest_of, open_repository, parse_reference
from support.registry import MemoryRepository, has_registry, registry
from support.small_bundle import LONG, SDIST, WHEEL, small_bundle

MANIFEST, CONTENTS = small_bundle()
ARTIFACT = artifact_of(MANIFEST, {})


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    if not has_registry():
        pytest.skip("docker-registry or oras is not installed")
    with registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture(params=["memory", "docker-registry"])
def repository(request, tmp_path):
    if request.param == "memory":
        return MemoryRepository()
    host = request.getfixturevalue("server")
    name = hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]
    return open_repository(parse_reference(f"oci://{host}/team/{name}:1"))


def put(repository, body):
    repository.put_blob(digest_of(body), io.BytesIO(body))
    return digest_of(body)


def pushed(repository):
    for content in (*CONTENTS.values(), MANIFEST.content):
        put(repository, content)
    content = oci_manifest(ARTIFACT, MANIFEST)
    repository.put_manifest("1.0", content, MANIFEST_TYPE)
    return content


@pytest.mark.parametrize("size", [0, 1, 300_000])
def test_a_blob_that_was_put_is_there(repository, size):
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    assert not repository.has_blob(digest_of(body))
    digest = put(repository, body)
    assert repository.has_blob(digest)
    assert b"".join(repository.blob(digest, len(body))) == body
    if body:
        with pytest.raises(RegistryError, match="more bytes than"):
            list(repository.blob(digest, len(body) - 1))


def test_a_blob_under_another_digest_is_refused(repository):
    with pytest.raises(RegistryError):
        repository.put_blob(digest_of(b"one"), io.BytesIO(b"two"))
    assert not repository.has_blob(digest_of(b"one"))


def test_what_is_not_there(repository):
    assert repository.manifest("1.0", MANIFEST_TYPE) is None
    with pytest.raises(RegistryError):
        b"".join(repository.blob(digest_of(b"absent"), 6))


def test_a_whole_bundle_comes_back_under_tag_and_digest(repository):
    content = pushed(repository)
    for reference in ("1.0", digest_of(content)):
        assert repository.manifest(reference, MANIFEST_TYPE) == content
    layers = agreed_layers(parse_oci_manifest(content), MANIFEST)
    assert {path: b"".join(repository.blob(blob.digest, blob.size)) for path, blob in layers.items()} == CONTENTS


def test_a_second_push_of_the_same_is_the_same_manifest(repository):
    assert pushed(repository) == pushed(repository)


def test_a_manifest_whose_blobs_are_missing_is_refused_by_a_registry(server):
    repository = open_repository(parse_reference(f"oci://{server}/empty:1"))
    with pytest.raises(RegistryError):
        repository.put_manifest("1", oci_manifest(ARTIFACT, MANIFEST), MANIFEST_TYPE)


def test_another_client_sees_the_same_files(server):
    repository = open_repository(parse_reference(f"oci://{server}/other/client:1"))
    pushed(repository)
    with urllib.request.urlopen(
        urllib.request.Request(f"http://{server}/v2/other/client/manifests/1.0", headers={"Accept": MANIFEST_TYPE})
    ) as answer:
        seen = json.load(answer)
    assert {layer["annotations"][TITLE] for layer in seen["layers"]} == set(CONTENTS)


def test_bytes_of_another_digest_are_noticed_at_their_end():
    pieces = compared(iter([b"on", b"e"]), digest_of(b"two"), 3, "registry.example")
    with pytest.raises(RegistryError, match="other bytes"):
        list(pieces)


def test_a_registry_that_does_not_answer_is_told_in_one_line():
    if not has_registry():
        pytest.skip("oras is not installed")
    repository = open_repository(OciReference("127.0.0.1:9", "x", "1"))
    with pytest.raises(RegistryError) as failed:
        repository.has_blob(digest_of(b""))
    assert str(failed.value).splitlines()[0] == "oci://127.0.0.1:9/x: does not answer: Connection refused"


# -- the manifest ----------------------------------------------------------------------------------


def test_the_manifest_is_a_function_of_the_bundle():
    document = json.loads(oci_manifest(ARTIFACT, MANIFEST))
    assert document["artifactType"] == BUNDLE_TYPE
    assert document["config"]["digest"] == str(MANIFEST.digest)
    assert {layer["annotations"][TITLE]: layer["mediaType"] for layer in document["layers"]} == {
        "locks/requirements.txt": FILE_TYPE,
        "peep.pyz": FILE_TYPE,
        f"archives/{WHEEL}.metadata": FILE_TYPE,
        f"archives/{WHEEL}": ARCHIVE_TYPE,
        f"archives/{LONG}": ARCHIVE_TYPE,
        f"archives/{SDIST}": ARCHIVE_TYPE,
    }
    assert "created" not in json.dumps(document)
    backwards = replace(MANIFEST, archives=MANIFEST.archives[::-1])
    assert oci_manifest(artifact_of(backwards, {}), backwards) == oci_manifest(ARTIFACT, MANIFEST)


def test_what_a_manifest_contradicts_is_named():
    other, _ = small_bundle("1.1")
    with pytest.raises(ForeignArtifact, match="contradicts its"):
        agreed_layers(ARTIFACT, other)
    changed = replace(MANIFEST, tools=(replace(MANIFEST.tools[0], sha256="0" * 64),))
    with pytest.raises(ForeignArtifact, match=r"about peep\.pyz"):
        agreed_layers(ARTIFACT, changed)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (BUNDLE_TYPE.encode(), b"application/vnd.other"),
        (TITLE.encode(), b"title"),
        (b'"digest":"sha256:', b'"digest":"md5:'),
        (b'"layers"', b'"slices"'),
        (b'"config"', b'"configuration"'),
        (f'"{SDIST}'.encode(), b'"'),
        (b"archives/" + WHEEL.encode() + b".metadata", b"archives/" + WHEEL.encode()),
    ],
)
def test_other_artifacts_are_refused(old, new):
    content = oci_manifest(ARTIFACT, MANIFEST)
    if old not in content:
        old = f"archives/{SDIST}".encode()
        new = f"archives/{LONG}".encode()
    with pytest.raises(ForeignArtifact):
        parse_oci_manifest(content.replace(old, new))


def test_a_config_that_no_manifest_is_as_large_as_is_not_asked_for():
    huge = replace(ARTIFACT, config=replace(ARTIFACT.config, size=1 << 40))
    with pytest.raises(ForeignArtifact, match="larger than"):
        parse_oci_manifest(oci_manifest(huge, MANIFEST))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"config": 1, "layers": [1]}'])
def test_what_is_no_manifest_is_refused(content):
    with pytest.raises(ForeignArtifact):
        parse_oci_manifest(content)


# -- references ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("oci://registry.example/team/app:1.0", ("registry.example", "team/app", "1.0", "")),
        ("oci://127.0.0.1:5000/app", ("127.0.0.1:5000", "app", "", "")),
        (f"oci://localhost:5000/a/b-c_d@sha256:{'a' * 64}", ("localhost:5000", "a/b-c_d", "", f"sha256:{'a' * 64}")),
        (f"oci://r.example/a:t@sha256:{'a' * 64}", ("r.example", "a", "t", f"sha256:{'a' * 64}")),
    ],
)
def test_references(text, parts):
    reference = parse_reference(text)
    assert (reference.host, reference.repository, reference.tag, reference.digest) == parts
    assert str(reference) == text


@pytest.mark.parametrize(
    "text",
    ["", "oci://", "oci://host", "oci:///x", "host/x:1", "oci://h/X", "oci://h/x:", "oci://h/x@md5:1", "oci://u:p@h/x"],
)
def test_what_names_no_place_is_a_mistake_on_the_command_line(text):
    with pytest.raises(UsageError):
        parse_reference(text)
