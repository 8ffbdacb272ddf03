"""Every document that peep reads, with one wrong value: a status that means something, and words (THREATS R15, R19).

Each run is of the command line, in this process; `PEEP_BIG_TESTS` multiplies the examples.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from peep.cli.main import run
from peep.formats.canonical_json import NotCanonical, canonical_json
from support.document_mutations import mutants, toml_text
from support.mirror_verbs import SETTINGS, begun
from support.osv import record
from support.small_bundle import locked_bundle
from support.vetting import audit, audits_file, excuse, folder, published, trusted, violation
from support.wheels import wheel_bytes

EXAMPLES = 400 if os.environ.get("PEEP_BIG_TESTS") else 25
A, B = "a" * 64, "b" * 64
WHEEL = "demo-1.0-py3-none-any.whl"
UV = {
    "version": 1,
    "requires-python": ">=3.8",
    "package": [
        {
            "name": "p",
            "version": "0",
            "source": {"virtual": "."},
            "dependencies": [{"name": "demo", "marker": "python_version >= '3'", "extra": ["x"]}],
            "optional-dependencies": {"x": [{"name": "demo"}]},
        },
        {
            "name": "demo",
            "version": "1.0",
            "source": {"registry": "https://index.example/simple"},
            "resolution-markers": ["python_version >= '3.8'"],
            "wheels": [{"url": f"https://f.example/{WHEEL}", "hash": f"sha256:{A}", "size": 5}],
            "sdist": {"url": "https://f.example/demo-1.0.tar.gz", "hash": f"sha256:{B}"},
        },
    ],
}
POETRY = {
    "package": [
        {
            "name": "demo",
            "version": "1.0",
            "optional": False,
            "groups": ["main"],
            "markers": "python_version >= '3.8'",
            "files": [{"file": WHEEL, "hash": f"sha256:{A}"}],
            "dependencies": {"other": {"version": ">=1", "markers": "python_version >= '3'"}},
            "extras": {"x": ["other"]},
        }
    ],
    "extras": {"x": ["demo"]},
    "metadata": {"lock-version": "2.1", "python-versions": ">=3.8", "content-hash": A},
}
OLD_POETRY = {
    **POETRY,
    "metadata": {"lock-version": "1.1", "files": {"demo": [{"file": WHEEL, "hash": f"sha256:{A}"}]}},
}
PDM = {
    "metadata": {"groups": ["default"], "strategy": ["inherit_metadata"], "lock_version": "4.5.0"},
    "package": [
        {
            "name": "demo",
            "version": "1.0",
            "groups": ["default"],
            "dependencies": ["other>=1"],
            "marker": "python_version >= '3.8'",
            "extras": ["x"],
            "files": [
                {"file": WHEEL, "hash": f"sha256:{A}"},
                {"url": f"https://f.example/{WHEEL}", "hash": f"sha256:{B}"},
            ],
        }
    ],
}
PIPFILE = {
    "_meta": {"hash": {"sha256": A}, "pipfile-spec": 6, "sources": [{"name": "i", "url": "https://index.example"}]},
    "default": {
        "demo": {
            "hashes": [f"sha256:{A}"],
            "index": "i",
            "version": "==1.0",
            "extras": ["x"],
            "markers": "os_name == 'nt'",
        }
    },
    "develop": {"demo": {"hashes": [f"sha256:{B}"], "version": "==2.0"}},
}
PYLOCK = {
    "lock-version": "1.0",
    "created-by": "hand",
    "environments": ["python_version >= '3.8'"],
    "packages": [
        {
            "name": "demo",
            "version": "1.0",
            "marker": "python_version >= '3.8'",
            "index": "https://index.example/simple",
            "dependencies": [{"name": "other"}],
            "wheels": [{"name": WHEEL, "url": f"https://f.example/{WHEEL}", "size": 5, "hashes": {"sha256": A}}],
        },
        {
            "name": "r",
            "vcs": {"type": "git", "url": "https://g.example/r.git", "commit-id": "a" * 40, "subdirectory": "s"},
        },
        {"name": "f", "directory": {"path": "f", "editable": True}},
        {
            "name": "c",
            "archive": {"url": "https://f.example/c-1.0.tar.gz", "hashes": {"sha256": B}, "subdirectory": "s"},
        },
    ],
    "tool": {"peep": {"locked-for": ["cp311-win_amd64"]}},
}
ADVISORY = {
    **record("GHSA-aaaa", events=[{"introduced": "0"}, {"fixed": "2"}], versions=["1.0"], files={"demo-1.tar.gz": A}),
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
    "aliases": ["CVE-2020-1"],
    "database_specific": {"severity": "HIGH"},
}
NAMED = folder(
    "[criteria.own]\ntext = 'x'\nimplies = ['safe-to-run']\n" + audit("idna-3.20.tar.gz") + violation("x-1.0.tar.gz"),
    "demand = 'safe-to-run'\n" + trusted(),
    excuse("idna-3.21.tar.gz"),
    published("idna-3.22.tar.gz"),
    {"m": audits_file(audit("idna-3.9.tar.gz"))},
)
Write = Callable[[bytes], object]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "requirements.txt").write_text(f"demo==1.0 --hash=sha256:{A}\n")
    return tmp_path


def _hold(
    document: Any, words: list[str], write: Write, capsys: pytest.CaptureFixture[str], *, is_toml: bool = True
) -> None:
    """Run `words` on mutants of `document`, after the right one, which must be taken."""
    write((toml_text(document) if is_toml else json.dumps(document)).encode())
    assert run(words) in {0, 1, 4}
    capsys.readouterr()
    for what, content in mutants(document, Random(11), EXAMPLES, is_toml=is_toml):
        write(content)
        status = run(words)
        told = "".join(capsys.readouterr())
        assert status in {0, 1, 2, 4}, (what, told)
        assert "Traceback" not in told, (what, told)
        assert not set("\x1b\x07\u202e\0") & set(told), what
        assert status == 0 or told, what
        assert "CANARY@" not in told, (what, told)


@pytest.mark.parametrize(
    ("name", "document"),
    [("uv.lock", UV), ("poetry.lock", POETRY), ("poetry.lock", OLD_POETRY), ("pdm.lock", PDM), ("pylock.toml", PYLOCK)],
)
@pytest.mark.parametrize("output", ["out.txt", "pylock.out.toml"])
def test_locks_of_toml(here: Path, capsys: pytest.CaptureFixture[str], name: str, document: Any, output: str):
    words = ["convert", name, "-o", output, "--no-index", "-f", ".", "--allow-loss", "--all-groups"]

    _hold(document, words, (here / name).write_bytes, capsys)


def test_locks_of_json(here: Path, capsys: pytest.CaptureFixture[str]):
    words = ["convert", "Pipfile.lock", "-o", "out.txt", "--no-index", "-f", ".", "--allow-loss", "--all-groups"]

    _hold(PIPFILE, words, (here / "Pipfile.lock").write_bytes, capsys, is_toml=False)


def test_advisories(here: Path, capsys: pytest.CaptureFixture[str]):
    def write(content: bytes) -> None:
        with zipfile.ZipFile(here / "a.zip", "w") as archive:
            archive.writestr("GHSA-aaaa.json", content)

    words = ["audit", "-r", "requirements.txt", "--offline", "--at", "2026-11-26T07:00:00Z", "--advisories", "a.zip"]
    _hold(ADVISORY, words, write, capsys, is_toml=False)


@pytest.mark.parametrize("name", sorted(NAMED))
def test_records_of_vetting(here: Path, capsys: pytest.CaptureFixture[str], name: str):
    tomllib = pytest.importorskip("tomllib")
    (here / "vetting" / "imports").mkdir(parents=True)
    for path, content in NAMED.items():
        (here / "vetting" / path).write_bytes(content)

    _hold(
        tomllib.loads(NAMED[name].decode()),
        ["vetting", "fmt", "--check"],
        (here / "vetting" / name).write_bytes,
        capsys,
    )


def test_manifests_of_bundles(here: Path, capsys: pytest.CaptureFixture[str]):
    locked_bundle(here / "bundle")
    manifest = here / "bundle" / "bundle.json"

    _hold(
        json.loads(manifest.read_bytes()),
        ["bundle", "check", "bundle"],
        lambda content: manifest.write_bytes(_canonical(content)),
        capsys,
        is_toml=False,
    )


@pytest.mark.parametrize("verb", [["check"], ["write"]])
def test_facts_of_mirrors(here: Path, capsys: pytest.CaptureFixture[str], verb: list[str]):
    mirror = begun(here / "mirror")
    (here / "billing-1.0-py3-none-any.whl").write_bytes(wheel_bytes("billing", "1.0"))
    assert run(["mirror", "add", "mirror", "billing-1.0-py3-none-any.whl", "--source", "ours"]) == 0
    facts = mirror / "facts" / "billing.json"

    _hold(
        json.loads(facts.read_bytes()),
        ["mirror", *verb, "mirror"],
        lambda content: facts.write_bytes(_canonical(content)),
        capsys,
        is_toml=False,
    )


def test_owners_of_mirrors(here: Path, capsys: pytest.CaptureFixture[str]):
    tomllib = pytest.importorskip("tomllib")
    mirror = begun(here / "mirror")
    document = tomllib.loads(SETTINGS.format(url="http://127.0.0.1:9/simple/"))

    _hold(document, ["mirror", "check", "mirror"], (mirror / "mirror.toml").write_bytes, capsys)


def _canonical(content: bytes) -> bytes:
    """In the form that is asked for before anything is looked at, where there is one."""
    try:
        return canonical_json(json.loads(content), indented=True)
    except NotCanonical:
        return content
