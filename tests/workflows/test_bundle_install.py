"""Installs from a bundle: no index, no pip, no socket; the same environment as from the index."""

from __future__ import annotations

import json
import socket
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from peep.archives.carried_metadata import read_carried_metadata
from peep.bundle.assembly import ArchiveNeed, GivenInput, ObtainedArchive, assemble
from peep.bundle.folder import BundleWriter, claimed_folder
from peep.bundle.lock import bundle_lock
from peep.bundle.manifest import ArchiveRole, BundleTarget, InputRole
from peep.bundle.tree import FilesTree
from peep.formats.target_ids import parse_target_id
from peep.model import IndexFile
from support.bundle_verbs import peep_here
from support.environment_tree import make_environment
from support.fake_index import FakeIndex
from support.wheels import sdist_bytes, wheel_bytes

FLASK, SIX = "flask-3.1.0-py3-none-any.whl", "six-1.17.0.tar.gz"
VERSIONS = {"flask": "3.1.0", "six": "1.17.0"}
PROJECTS = {
    "flask": {FLASK: wheel_bytes("flask", "3.1.0", requires=["six"])},
    "six": {SIX: sdist_bytes("six", "1.17.0")},
}
TARGET = BundleTarget.of(parse_target_id("cp312-manylinux_2_28_x86_64"))


def lines() -> str:
    files = [(name, content) for name, held in PROJECTS.items() for content in held.values()]
    return "".join(f"{name}=={VERSIONS[name]} --hash=sha256:{sha256(body).hexdigest()}\n" for name, body in files)


@pytest.fixture
def index():
    with FakeIndex(PROJECTS) as running:
        yield running


@pytest.fixture
def bundle(tmp_path, index) -> str:
    """A bundle of both projects in the folder `bundle`; gives its digest."""
    archives = []
    for name, held in PROJECTS.items():
        for filename, content in held.items():
            place = tmp_path / filename
            place.write_bytes(content)
            with place.open("rb") as file:
                carried = read_carried_metadata(filename, file)
            source = IndexFile(filename, index.file_url(name, filename), index=index.simple_url)
            digest = sha256(content).hexdigest()
            archives.append(ObtainedArchive(filename, str(place), digest, len(content), carried, source))
    needs = [ArchiveNeed(one.sha256, TARGET.name, ArchiveRole.INSTALL) for one in archives]
    given = GivenInput(str(tmp_path / "requirements.txt"), InputRole.REQUIREMENTS, lines().encode())
    made = assemble([TARGET], [given], archives, needs, {})
    files = FilesTree(made.sources)
    with claimed_folder(str(tmp_path / "bundle")):
        BundleWriter(str(tmp_path / "bundle"), made.manifest, bundle_lock(made.manifest, files)).write(files)
    (tmp_path / "requirements.txt").write_text(lines())
    return str(made.manifest.digest)


def peep(folder: Path, *words: str, status: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
    dead = {"PEEP_STORE": str(folder / "store"), "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    return peep_here(folder, *words, status=status, environ={**dead, **variables})


def install(folder: Path, *words: str, status: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
    env = folder / "env"
    if not env.exists():
        make_environment(env)
    return peep(folder, "install", "--no-sandbox", "--python", str(env), *words, status=status, **variables)


def test_a_folder_and_a_tar_bring_what_the_index_brings(tmp_path, index, bundle):
    digests = []
    peep(tmp_path, "bundle", "pack", "bundle", "-o", "b.tar")
    for number, words in enumerate(
        [
            ("-i", index.simple_url, "-r", "requirements.txt"),
            ("--bundle", "bundle", "-r", "requirements.txt"),
            ("--bundle", "b.tar", "-r", "requirements.txt"),
            ("--bundle", "b.tar", "--bundle-digest", bundle),
            ("--bundle", "bundle", "--bundle-digest", bundle, "-r", "bundle/pylock.toml"),
        ]
    ):
        place = tmp_path / str(number)
        place.mkdir()
        for name in ("bundle", "b.tar", "requirements.txt"):
            (place / name).symlink_to(tmp_path / name)
        asked_before = len(index.requests)
        install(place, *words)
        assert (len(index.requests) > asked_before) is (number == 0)
        digests.append(peep(place, "digest", "--python", str(place / "env")).stdout)
    assert len(set(digests[:4])) == 1, digests


def test_without_requirements_the_digest_must_be_given(tmp_path, bundle):
    refused = install(tmp_path, "--bundle", "bundle", status=2)
    assert "the bundle would vouch for itself" in refused.stderr
    assert (
        "no bundle is named" in install(tmp_path, "--bundle-digest", bundle, "-r", "requirements.txt", status=2).stderr
    )


def test_a_wrong_digest_stops_everything(tmp_path, bundle):
    wrong = "sha256:" + "0" * 64
    refused = install(tmp_path, "--bundle", "bundle", "--bundle-digest", wrong, "-r", "requirements.txt", status=1)
    assert bundle in refused.stdout
    assert wrong in refused.stdout


@pytest.mark.usefixtures("bundle")
def test_what_was_changed_is_refused_and_nothing_is_installed(tmp_path):
    (tmp_path / "bundle" / "archives" / FLASK).write_bytes(b"PK")
    refused = install(tmp_path, "--bundle", "bundle", "-r", "requirements.txt", status=1)
    assert "DIDN'T MATCH" in refused.stdout
    (tmp_path / "bundle" / "archives" / FLASK).unlink()
    refused = install(tmp_path, "--bundle", "bundle", "-r", "requirements.txt", "--format", "json", status=1)
    [problem] = json.loads(refused.stdout)["problems"]
    assert problem["kind"] == "fetch-failure"
    site = next((tmp_path / "env").glob("lib/python*/site-packages"))
    assert not list(site.glob("flask*"))


def test_changed_inputs_are_noticed_although_the_digest_is_right(tmp_path, bundle):
    (tmp_path / "bundle" / "locks" / "requirements.txt").write_text("six==1.17.0\n")
    refused = install(tmp_path, "--bundle", "bundle", "--bundle-digest", bundle, status=1)
    assert "locks/requirements.txt: is not what bundle.json says" in refused.stderr


@pytest.mark.usefixtures("bundle")
def test_a_pin_that_the_bundle_lacks_is_a_problem_and_nobody_is_asked(tmp_path):
    (tmp_path / "more.txt").write_text(lines() + "jinja==3.0 --hash=sha256:" + "1" * 64 + "\n")
    refused = install(tmp_path, "--bundle", "bundle", "-r", "more.txt", "--format", "json", status=1)
    [problem] = json.loads(refused.stdout)["problems"]
    assert (problem["kind"], problem["requirement"]["name"]) == ("no-usable-file", "jinja")


@pytest.mark.usefixtures("bundle")
def test_index_options_in_files_have_no_effect_and_no_socket_is_opened(tmp_path):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.1)
        port = listener.getsockname()[1]
        (tmp_path / "options.txt").write_text(f"--index-url http://127.0.0.1:{port}/simple\n" + lines())
        install(tmp_path, "--bundle", "bundle", "-r", "options.txt")
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.parametrize("place", ["bundle", "b.tar"])
@pytest.mark.usefixtures("bundle")
def test_the_other_verbs_take_archives_from_there_too(tmp_path, place):
    peep(tmp_path, "bundle", "pack", "bundle", "-o", "b.tar")
    make_environment(tmp_path / "env")
    words = ["--bundle", place, "-r", "requirements.txt"]
    where = ["--python", str(tmp_path / "env")]
    peep(tmp_path, "sync", "--no-sandbox", *where, *words)
    peep(tmp_path, "verify", "--refetch", "--no-sandbox", *where, *words)
    peep(tmp_path, "download", "-d", "saved", *words)
    assert sorted(path.name for path in (tmp_path / "saved").iterdir()) == [FLASK, SIX]
    peep(tmp_path, "wheel", "--no-sandbox", "-w", "built", *words)
    assert sorted(path.suffix for path in (tmp_path / "built").iterdir()) == [".whl", ".whl"]
