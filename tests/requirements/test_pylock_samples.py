"""Real and broken lock files: each accepted or refused as the specification says."""

import pytest

from peep.errors import RequirementsErrors
from peep.requirements.pylock import pins_from_pylock
from support.corpus import CORPUS, needs_corpus
from support.requirements_files import LINUX

pytestmark = needs_corpus

_SCAN = "pkg/fanal/analyzer/language/python/pylock/testdata"
_PARSE = "pkg/dependency/parser/python/pylock/testdata"
_TRIVY = "aquasecurity+trivy"
_AUDIT = "pypa+pip-audit"

LOCKS = CORPUS / "locks"
MARKERS = {**LINUX, "python_full_version": "3.12"}
"""Many samples were made for `==3.12`, which only 3.12.0 satisfies."""

ACCEPTED = {
    f"fixtures/{_TRIVY}/dc3c56eed5/{_SCAN}/happy/pylock.toml": (11, 1),
    "fixtures/pypa+packaging/053c884615/tests/pylock/pylock.spec-example.toml": (3, 0),
    f"fixtures/{_AUDIT}/ad32745820/test/assets/pylock.basic.toml": (3, 0),
    f"fixtures/{_AUDIT}/ad32745820/test/assets/pylock.skipped.toml": (1, 0),
    f"pylock/{_TRIVY}/0cef1f8408/{_SCAN}/happy/pylock.toml": (11, 1),
    f"pylock/{_TRIVY}/1d89129c0b/integration/testdata/fixtures/repo/pylock/pylock.toml": (3, 0),
    f"pylock/{_TRIVY}/1d89129c0b/{_SCAN}/happy/pylock.toml": (5, 0),
    f"pylock/{_TRIVY}/42cb11342e/{_PARSE}/pylock.toml": (6, 0),
    "pylock/astral-sh+uv/3bfc0bb97f/scripts/scenarios/pylock.toml": (10, 0),
    "pylock/astral-sh+uv/af6f923908/scripts/scenarios/pylock.toml": (10, 0),
    "pylock/di+pip-api/91a661ee78/tests/data/pylock.toml": (2, 0),
    "pylock/owenlamont+uv-secure/a8c5f29369/pylock.toml": (41, 1),
    "pylock/pypa+packaging.python.org/8315686281/source/specifications/pylock-toml/pylock.example.toml": (3, 0),
    "pylock/pypa+packaging.python.org/91de779518/source/specifications/pylock-toml/pylock.example.toml": (3, 0),
    "pylock/pypa+packaging.python.org/95f181f264/source/specifications/pylock-toml/pylock.example.toml": (3, 0),
    "pylock/pypa+packaging/a0256b29e0/tests/pylock/pylock.spec-example.toml": (3, 0),
    "pylock/pypa+packaging/cde13847b1/tests/pylock/pylock.spec-example.toml": (3, 0),
    f"pylock/{_AUDIT}/98b606d149/test/assets/pylock.demo.toml": (3, 0),
    f"pylock/{_AUDIT}/bcc8e30176/test/assets/pylock.skipped.toml": (1, 0),
}
"""Pins and entries without a hash in each."""

REFUSED = {
    f"fixtures/{_TRIVY}/dc3c56eed5/{_PARSE}/pylock.toml": "Exactly one of",
    f"fixtures/{_TRIVY}/dc3c56eed5/{_PARSE}/sad.toml": "no valid TOML",
    f"fixtures/{_TRIVY}/dc3c56eed5/{_SCAN}/broken/pylock.toml": "no valid TOML",
    f"fixtures/{_TRIVY}/dc3c56eed5/{_SCAN}/happy/pyproject.toml": "'lock-version'",
    f"fixtures/{_AUDIT}/ad32745820/test/assets/pylock.invalid-version.toml": "'created-by'",
    f"fixtures/{_AUDIT}/ad32745820/test/assets/pylock.invalid.toml": "no valid TOML",
    f"fixtures/{_AUDIT}/ad32745820/test/assets/pylock.missing-packages.toml": "'packages'",
    f"fixtures/{_AUDIT}/ad32745820/test/assets/pylock.missing-version.toml": "'lock-version'",
    f"fixtures/{_AUDIT}/ad32745820/test/assets/pylock.package-missing-name.toml": "'packages[0].name'",
    f"pylock/{_TRIVY}/1d89129c0b/{_SCAN}/broken/pylock.toml": "no valid TOML",
    f"pylock/{_TRIVY}/42a8506714/{_SCAN}/with-dev/pylock.toml": "Exactly one of",
    f"pylock/{_TRIVY}/6a933f251e/{_SCAN}/broken/pylock.toml": "no valid TOML",
    f"pylock/{_TRIVY}/6e73224cd4/{_PARSE}/pylock.toml": "Exactly one of",
    f"pylock/{_TRIVY}/c7f3ce41e8/{_SCAN}/named/pylock.linux.toml": "Exactly one of",
    "pylock/astral-sh+uv/8398a5b2bb/pylock.toml": "it is for Python >=3.14",
    f"pylock/{_AUDIT}/bcc8e30176/test/assets/pylock.invalid-version.toml": "'created-by'",
    f"pylock/{_AUDIT}/bcc8e30176/test/assets/pylock.invalid.toml": "no valid TOML",
    f"pylock/{_AUDIT}/bcc8e30176/test/assets/pylock.missing-packages.toml": "'packages'",
    f"pylock/{_AUDIT}/bcc8e30176/test/assets/pylock.missing-version.toml": "'lock-version'",
    f"pylock/{_AUDIT}/bcc8e30176/test/assets/pylock.package-missing-name.toml": "'packages[0].name'",
    "pylock/pypa+pipenv/40310240d9/pylock.toml": "path or url must",
    "pylock/pypa+pipenv/ad920a0aa8/pylock.toml": "path or url must",
    "pylock/pypa+pipenv/bbe91d5127/examples/pylock.toml": "expected datetime",
    "pylock/pypa+pipenv/e5711bad70/examples/pylock.toml": "expected datetime",
}
"""What is wrong with each."""


def samples():
    found = {path for pattern in ("pylock/**/*.toml", "fixtures/**/pylock*.toml") for path in LOCKS.glob(pattern)}
    found |= set(LOCKS.glob("fixtures/**/pylock/**/*.toml"))
    return {path.relative_to(LOCKS).as_posix() for path in found}


def read(path):
    return pins_from_pylock((LOCKS / path).read_bytes(), str(LOCKS / path), MARKERS)


@pytest.mark.parametrize(("path", "expected"), ACCEPTED.items())
def test_accepts(path, expected):
    pinned = read(path)

    assert (len(pinned.pins), len(pinned.unusable)) == expected
    assert all(pin.hashes and pin.listed_files for pin in pinned.pins)


@pytest.mark.parametrize(("path", "reason"), REFUSED.items())
def test_refuses(path, reason):
    with pytest.raises(RequirementsErrors) as caught:
        read(path)

    assert reason in str(caught.value)


def test_every_sample_is_expected():
    assert samples() == {*ACCEPTED, *REFUSED}
