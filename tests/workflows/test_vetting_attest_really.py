"""`peep vetting attest` on real archives with real attestations, verified in the environment made for it."""

from __future__ import annotations

import base64
import copy
import json
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from peep.pipeline.context import RunContext
from peep.pipeline.options import InstallOptions, StoreOptions
from peep.reporting import SilentReporter
from peep.store.layout import StoreLayout
from peep.workflows.vetting_attest import verifying_environment
from support.attesting import ATTESTATIONS, GITHUB, GITLAB, attestation, attested_index, real_archive, wrapped
from support.command import peep
from support.corpus import needs_corpus

pytestmark = [needs_corpus, pytest.mark.network, pytest.mark.slow]

ARCHIVE, WHEEL, GITLABS = (
    "pypi_attestations-0.0.19.tar.gz",
    "rfc8785-0.1.2-py3-none-any.whl",
    "gitlab_oidc_project-0.0.3.tar.gz",
)
PROJECTS = {
    ARCHIVE: ("pypi-attestations", "0.0.19"),
    WHEEL: ("rfc8785", "0.1.2"),
    GITLABS: ("gitlab-oidc-project", "0.0.3"),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store that holds the environment, installed from the index that pip is configured with."""
    return str(tmp_path_factory.mktemp("attest") / "store")


@pytest.fixture(autouse=True)
def _here(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine_environment: dict[str, str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PEEP_STORE", store)
    context = RunContext({**machine_environment, "PEEP_STORE": store}, SilentReporter())
    folder = verifying_environment(StoreLayout(store), InstallOptions(store=StoreOptions()), context)
    assert os.path.exists(os.path.join(folder, "ready"))


def provenance_of(filename: str) -> dict[str, Any]:
    if filename == ARCHIVE:
        return dict(json.loads((ATTESTATIONS / f"{ARCHIVE}.provenance").read_text()))
    publisher = GITLAB if filename == GITLABS else GITHUB["rfc8785"]
    return wrapped(publisher, attestation(filename))


def attest(filename: str, provenance: Mapping[str, Any] | None, content: bytes | None = None) -> CompletedProcess[str]:
    project, version = PROJECTS[filename]
    body = content or real_archive(filename)
    Path("requirements.txt").write_text(f"{project}=={version} --hash=sha256:{sha256(body).hexdigest()}\n")
    with attested_index({project: {filename: body}}, {filename: provenance} if provenance else {}) as index:
        return peep("vetting", "attest", "-r", "requirements.txt", "-i", index.simple_url)


def records() -> str:
    path = Path("vetting/published.toml")
    return path.read_text() if path.exists() else ""


def test_a_real_archive_is_verified_kept_trusted_and_examined_without_that_environment(monkeypatch):
    done = attest(ARCHIVE, provenance_of(ARCHIVE))

    assert done.returncode == 0, done.stderr
    publisher = "github:trailofbits/pypi-attestations/.github/workflows/release.yml"
    assert (
        f"{ARCHIVE}: {publisher}, commit 08802efe1f8e5fec4ad842d6b8ce97656092ee72 of refs/tags/v0.0.19" in done.stdout
    )
    assert 'repository-id = "772247423"\nowner-id = "2314423"' in records()
    words = ["pypi-attestations", publisher, "--since", "2024-06-01", "--until", "2025-06-01", "--why", "known"]
    trusted = peep("vetting", "trust", *words).stdout
    Path("vetting/policy.toml").write_text(f'format = "peep policy 1"\n{trusted}')
    monkeypatch.setenv("PEEP_STORE", "another-store")
    examined = peep("examine", "-r", "requirements.txt", "--suggest", "0", "--no-index", "--format", "json")
    (one,) = json.loads(examined.stdout)["archives"]
    assert one["verdict"] == "unexamined", "a publisher is trusted for a year, which is over"


def test_a_project_of_another_forge_is_named_by_its_own_words():
    done = attest(GITLABS, provenance_of(GITLABS))

    assert done.returncode == 0, done.stderr
    assert 'publisher = "gitlab:facutuesca/gitlab-oidc-project//.gitlab-ci.yml"' in records()


def flipped(provenance: dict[str, Any]) -> dict[str, Any]:
    spoilt = copy.deepcopy(provenance)
    envelope = spoilt["attestation_bundles"][0]["attestations"][0]["envelope"]
    signature = bytearray(base64.b64decode(envelope["signature"]))
    signature[20] ^= 1
    envelope["signature"] = base64.b64encode(bytes(signature)).decode()
    return spoilt


def swapped(_: dict[str, Any]) -> dict[str, Any]:
    return wrapped(GITHUB["pypi-attestations"], attestation(GITLABS))


def claiming(provenance: dict[str, Any]) -> dict[str, Any]:
    spoilt = copy.deepcopy(provenance)
    spoilt["attestation_bundles"][0]["publisher"]["repository"] = "somebody/else"
    return spoilt


@pytest.mark.parametrize("spoil", [flipped, swapped, claiming, lambda _: {"version": 1}, lambda _: {"a": "b"}])
def test_proofs_that_are_spoilt_swapped_or_of_another_repository_are_told_and_not_kept(spoil):
    done = attest(ARCHIVE, spoil(provenance_of(ARCHIVE)))

    assert done.returncode == 1
    assert f"error: {ARCHIVE}: " in done.stderr
    assert "Traceback" not in done.stderr
    assert records() == ""


def test_the_proof_of_other_bytes_is_none():
    done = attest(ARCHIVE, provenance_of(ARCHIVE), content=b"other bytes")

    assert done.returncode == 1
    assert "digest" in done.stderr
    assert records() == ""


def test_nothing_in_the_users_cache_is_believed(monkeypatch, tmp_path):
    """A trust root in the home folder, which the library would read, is not there for it."""
    for folder in (".local/share", ".cache"):
        place = tmp_path / "home" / folder / "sigstore-python" / "tuf" / "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev"
        place.mkdir(parents=True)
        (place / "trusted_root.json").write_text("{}")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    assert attest(ARCHIVE, provenance_of(ARCHIVE)).returncode == 0


def test_a_trust_root_of_ones_own_is_the_only_one():
    Path("vetting").mkdir()
    Path("vetting/root.json").write_text("{}")
    line = f"{sha256(b'{}').hexdigest()}  root.json"
    Path("vetting/policy.toml").write_text(f'format = "peep policy 1"\ntrust-root = "{line}"\n')

    done = attest(ARCHIVE, provenance_of(ARCHIVE))

    assert done.returncode == 1
    assert records() == ""
