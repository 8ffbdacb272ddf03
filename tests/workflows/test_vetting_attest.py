"""`peep vetting attest`: what indexes say of who published archives, verified, kept, and compared over releases."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from peep.cli.main import run
from peep.errors import PeepError, UsageError, VettingError
from peep.pipeline.context import RunContext
from peep.pipeline.options import GivenIndexes, InstallOptions, SourceOptions
from peep.pipeline.vetting.attestation_environment import AttestedArchive, Outcome
from peep.reporting import SilentReporter
from peep.vetting.attestations import PUBLISH, NotRecordable, VerifiedAttestation, published_archive, publisher_of
from peep.workflows.vetting_attest import AttestOptions, AttestResult, attest
from support.attesting import attested_index
from support.fake_index import FakeIndex
from support.misbehaviour import Fail

OLD, NEW = "idna-3.19.tar.gz", "idna-3.20.tar.gz"
FILES = {OLD: b"an archive", NEW: b"another archive"}
CLAIMS = {
    "9": "https://github.com/kjd/idna/.github/workflows/deploy.yml@refs/tags/v3",
    "11": "github-hosted",
    "13": "a" * 40,
    "14": "refs/tags/v3",
    "15": "9234567",
    "17": "123456",
    "20": "release",
}


def claims(**other: str) -> dict[str, str]:
    found = {**CLAIMS, **{number.strip("_"): claim for number, claim in other.items()}}
    return {f"1.3.6.1.4.1.57264.1.{number}": claim for number, claim in found.items()}


def verified(**other: str) -> tuple[VerifiedAttestation, ...]:
    return (VerifiedAttestation(f"https://index.example{PUBLISH}", claims(**other), date(2026, 6, 1)),)


def digest(filename: str) -> str:
    return sha256(FILES[filename]).hexdigest()


class Verifier:
    """Answers by file name, and keeps what it was asked."""

    def __init__(self, **outcomes: Outcome) -> None:
        self.outcomes = outcomes
        self.asked: list[AttestedArchive] = []

    def __call__(self, archives: Sequence[AttestedArchive]) -> Sequence[Outcome]:
        self.asked += archives
        return [self.outcomes[f"v{one.filename[5:9].replace('.', '_')}"] for one in archives]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [f"idna==3.{minor} --hash=sha256:{digest(name)}" for minor, name in ((19, OLD), (20, NEW))]
    Path("old.txt").write_text(lines[0])
    Path("new.txt").write_text(lines[1])


def attested(index: FakeIndex, verifier: Verifier, *words: str, files: Sequence[str] = ("new.txt",)) -> AttestResult:
    options = InstallOptions(
        sources=SourceOptions(requirement_files=tuple(files)), indexes=GivenIndexes(index_url=index.simple_url)
    )
    context = RunContext(dict(os.environ), SilentReporter())
    return attest(AttestOptions(options, tuple(words)), context, verifier)


def serving(provenance: dict[str, object]) -> FakeIndex:
    return attested_index({"idna": FILES}, provenance)


def test_what_was_verified_is_kept_and_trusted_as_the_policy_says(capsys):
    verifier = Verifier(v3_20=verified())
    with serving({NEW: b'{"version": 1}'}) as index:
        (one,) = attested(index, verifier).archives

    assert verifier.asked == [AttestedArchive(NEW, digest(NEW), '{"version": 1}')]
    assert (one.status.value, one.change, one.is_trusted, one.is_wrong) == ("verified", None, False, False)
    assert Path("vetting/published.toml").read_text() == (
        'format = "peep published 1"\n\n[[published]]\nproject = "idna"\n'
        f'archive = "{digest(NEW)}  {NEW}"\npublisher = "github:kjd/idna/.github/workflows/deploy.yml"\n'
        f'repository-id = "9234567"\nowner-id = "123456"\ncommit = "{"a" * 40}"\nref = "refs/tags/v3"\n'
        'trigger = "release"\nrunner = "github-hosted"\non = 2026-06-01\n'
    )
    words = ["idna", one.published[0].publisher, "--since", "2026-01-01", "--until", "2027-01-01", "--why", "known"]
    assert run(["vetting", "trust", *words]) == 0
    Path("vetting/policy.toml").write_text(f'format = "peep policy 1"\n{capsys.readouterr().out}')
    with serving({NEW: b"{}"}) as index:
        assert attested(index, verifier).archives[0].is_trusted
    with serving({NEW: b"{}"}) as index:
        (impostor,) = attested(index, Verifier(v3_20=verified(_17="666"))).archives
        assert (impostor.is_trusted, impostor.is_impostor, impostor.is_wrong) == (False, True, True)
        assert attested(index, verifier).archives[0].is_wrong is False
    assert run(["examine", "-q", "-r", "new.txt", "--suggest", "0", "--no-index"]) == 0
    assert run(["vetting", "fmt", "--check"]) == 0


@pytest.mark.parametrize(
    ("spoil", "status", "reason"),
    [
        (None, "none", ""),
        (404, "none", ""),
        (403, "none", "its index has provenance disabled"),
        (418, "failed", "answered 418"),
    ],
)
def test_archives_without_provenance_and_indexes_that_fail(spoil, status, reason):
    with serving({} if spoil is None else {NEW: b"{}"}) as index:
        if spoil is not None:
            index.misbehave(f"/integrity/{NEW}/provenance", Fail(spoil))
        (one,) = attested(index, Verifier()).archives

    assert one.status.value == status
    assert reason in one.reason
    assert one.is_wrong == (status == "failed")
    assert not Path("vetting").exists()


def test_what_is_wrong_with_one_attestation_keeps_nothing_of_it():
    with serving({OLD: b"{}", NEW: b"{}"}) as index:
        done = attested(index, Verifier(v3_19=verified(), v3_20="bad signature"), files=("old.txt", "new.txt"))

    assert [(one.status.value, one.reason) for one in done.archives] == [("verified", ""), ("failed", "bad signature")]
    assert digest(NEW) not in Path("vetting/published.toml").read_text()


@pytest.mark.parametrize(
    ("provenance", "other", "change"),
    [
        ({NEW: b"{}"}, {}, None),
        ({}, {}, "provenance-lost"),
        ({NEW: b"{}"}, {"_15": "1"}, "provenance-changed"),
        ({NEW: b"{}"}, {"_17": "1"}, "provenance-changed"),
        ({NEW: b"{}"}, {"_9": "https://github.com/other/idna/.github/workflows/w.yml@v3"}, "provenance-changed"),
    ],
)
def test_a_publisher_that_changed_or_is_gone_since_the_release_before_is_told(provenance, other, change):
    with serving({OLD: b"{}"}) as index:
        attested(index, Verifier(v3_19=verified()), files=("old.txt",))
    with serving(provenance) as index:
        (one,) = attested(index, Verifier(v3_20=verified(**other))).archives

    assert (one.change.value if one.change else None) == change
    assert one.is_wrong == (change is not None)
    if change == "provenance-lost":
        assert one.evidence.endswith("(repository 9234567, owner 123456) -> none")


def test_archives_that_no_index_offers_are_told():
    Path("new.txt").write_text(f"idna==3.20 --hash=sha256:{'ab' * 32}")
    with serving({}) as index:
        (one,) = attested(index, Verifier()).archives

    assert one.is_wrong
    assert f"no index offers it (sha256 {'ab' * 32})" in one.reason


def test_what_it_does_not_understand():
    with serving({}) as index:
        with pytest.raises(UsageError, match="nothing of flask is listed"):
            attested(index, Verifier(), "flask")
        with pytest.raises(UsageError, match="wants the files"):
            attested(index, Verifier(), "idna", files=())
        with pytest.raises(PeepError, match=r"idna 9: no index offers"):
            attested(index, Verifier(), "idna", "9", files=())


def test_a_trust_root_of_ones_own_is_named_by_its_bytes():
    Path("vetting").mkdir()
    Path("vetting/root.json").write_text("{}")
    Path("vetting/policy.toml").write_text(f'format = "peep policy 1"\ntrust-root = "{"ab" * 32}  root.json"\n')
    options = InstallOptions(sources=SourceOptions(requirement_files=("new.txt",)))
    with serving({NEW: b"{}"}) as index:
        options = replace(options, indexes=GivenIndexes(index_url=index.simple_url))
        with pytest.raises(VettingError, match=r"root\.json: is not the trust root"):
            attest(AttestOptions(options, use_sandbox=False), RunContext(dict(os.environ), SilentReporter()))


def test_publishers_are_named_by_their_workflow():
    assert publisher_of("https://gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main") == "gitlab:g/p//.gitlab-ci.yml"
    assert publisher_of("https://forge.example/o/n/w.yml@v1") == "forge.example:o/n/w.yml"
    for text in ("", "http://github.com/o/n@v1", "https://@v1", "o/n"):
        with pytest.raises(NotRecordable):
            publisher_of(text)


@pytest.mark.parametrize(("number", "word"), [("13", "commit"), ("15", "repository id"), ("17", "owner id")])
def test_claims_that_name_nobody_make_no_record(number, word):
    from peep.formats.digest_lines import DigestLine  # noqa: PLC0415 - of this test alone

    (attestation,) = verified(**{f"_{number}": ""})
    with pytest.raises(NotRecordable, match=f"names no {word}"):
        published_archive("idna", DigestLine(digest(NEW), NEW), attestation)
