"""Real files ported: pip's own parser then finds the hashes that the original attached, and so do real migrations.

The parser is pip's internal one, of the pip beside the tests; peep itself never imports it.
"""

import base64
import json
import re
from pathlib import Path

import pytest

from peep.errors import RequirementsErrors
from peep.requirements.file_parser import RequirementLine, parse_text
from peep.requirements.port import port_to_comments, port_to_pip
from peep.requirements.porting import ported_files
from support.corpus import CORPUS, needs_corpus

pytestmark = needs_corpus
pip_files = pytest.importorskip("pip._internal.req.req_file")

MALFORMED = {"peep/mozilla+dxr/0c3a85946b/requirements.txt": 75, "peep/mozilla+dxr/b93e2b532d/requirements.txt": 23}
"""R7: files with a hash comment that is no digest, and its line."""

DROPPED = {
    ("peep/mozilla+badges.mozilla.org/c0c238da31/requirements/prod.txt", "django-browserid==0.10.1"): 3,
    ("peep/mozilla+badges.mozilla.org/c3f1d4fc4b/requirements/prod.txt", "django-browserid==0.10.1"): 3,
    ("peep/mozilla+elmo/6fea4c91d6/requirements/compiled.txt", "Pillow==3.3.0"): 1,
    ("peep/mozilla+elmo/b1ca59e2bf/requirements/compiled.txt", "Pillow==2.4.0"): 1,
    ("peep/mozilla+elmo/c82d9e9a41/requirements/compiled.txt", "Pillow==2.4.0"): 1,
    ("peep/mozilla+elmo/dfb184440a/requirements/compiled.txt", "Pillow==2.4.0"): 1,
    **{
        (f"{folder}/requirements.txt", "raygun4py"): 1
        for folder in (
            "peep/mozilla+pontoon/30613bf3df",
            "peep/mozilla+pontoon/552cc5789b",
            "peep/mozilla+pontoon/70f62403b0",
            "peep/mozilla+pontoon/9d62c104fe",
            "port-pairs/mozilla+pontoon/6ceb8b7b43/before",
        )
    },
}
"""R6: how many hashes of a commented-out requirement no longer count for the one below it."""

PAIRS_WITH_ONE_MAP = frozenset(
    {
        "glogiotatidis+snippets-service/0488382eec/before/docs/requirements.txt",
        "mozilla+basket/7c77a837a1/before/requirements/base.txt",
        "mozilla+basket/7c77a837a1/before/requirements/dev.txt",
        "mozilla+basket/7c77a837a1/before/requirements/prod.txt",
        "mozilla+dxr/957e37c175/before/requirements.txt",
        "mozilla+kitsune/d7ced29508/before/requirements/server.txt",
        "mozilla+kitsune/e97dd60547/before/requirements/dev.txt",
        "mozilla+kitsune/e97dd60547/before/requirements/server.txt",
        "mozilla+kitsune/e97dd60547/before/requirements/test.txt",
        "mozilla+mozillians/453150269d/before/requirements/dev.txt",
        "mozilla+mozillians/453150269d/before/requirements/prod.txt",
        "mozilla-services+socorro/e376bb92a4/before/linux-requirements.txt",
    }
)
"""Migrations in which people changed the form and nothing else."""


def oracle(name):
    path = CORPUS / f"ORACLE-{name}.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[1:]] if path.is_file() else []
    return {row["file"]: row["items"] for row in rows}


def listed(items):
    """What the oracle says of a file, in order: requirement text and its digests, as hex."""
    found = []
    for item in items:
        comments = {base64.urlsafe_b64decode(text + "=").hex() for text in item.get("peep", ())}
        found.append((item["req"], comments | set(item.get("hashes", {}).get("sha256", ()))))
    return found


def as_pip_reads(path):
    return [
        (found.requirement.strip(), set((found.options or {}).get("hashes", {}).get("sha256", ())))
        for found in pip_files.parse_requirements(str(path), session=None)
    ]


def ported_into(folder, path):
    """Port a file with all it includes into `folder`, in the same places below it."""

    def read(name):
        return (CORPUS / name).read_bytes()

    for file in ported_files([path], read, {}, port_to_pip):
        if file.errors:
            raise RequirementsErrors(file.errors)
        destination = folder / file.path
        destination.parent.mkdir(parents=True, exist_ok=True)
        destination.write_bytes(file.source.encode(file.text))
        assert not port_to_pip(file.text, file.path).ported
    return folder / path


def without_dropped(items, ported):
    """The expected lines, less the hashes that R6 takes away: as many as documented, never others."""
    expected = []
    for item, (requirement, hashes), (_, found) in zip(items, listed(items), ported, strict=True):
        dropped = sum(count for (file, part), count in DROPPED.items() if file == item["from"] and part in requirement)
        if dropped:
            assert len(hashes - found) == dropped
            assert found < hashes
        expected.append((requirement, found if dropped else hashes))
    return expected


@pytest.mark.parametrize("path", sorted(set(oracle("peep")) - set(MALFORMED)))
def test_pip_reads_the_ported_file_with_the_same_hashes(path, tmp_path):
    ported = as_pip_reads(ported_into(tmp_path, path))

    assert ported == without_dropped(oracle("peep")[path], ported)


@pytest.mark.parametrize(("path", "line"), sorted(MALFORMED.items()))
def test_r7_a_malformed_digest_stops_the_file(path, line, tmp_path):
    with pytest.raises(RequirementsErrors) as caught:
        ported_into(tmp_path, path)

    assert [error.location.line for error in caught.value.errors] == [line]


def one_map(items):
    """Requirement to digests, spelled alike: the form in which a person's migration can be compared."""
    found = {}
    for requirement, hashes in listed(items):
        found.setdefault(re.sub(r"\s.*", "", requirement).lower().replace("_", "-"), set()).update(hashes)
    return found


def test_the_migrations_with_one_map_are_these():
    rows = oracle("port-pairs")
    same = {
        path.removeprefix("port-pairs/")
        for path, items in rows.items()
        if "/before/" in path
        and (after := path.replace("/before/", "/after/")) in rows
        and one_map(items) == one_map(rows[after])
    }

    assert same == PAIRS_WITH_ONE_MAP


@pytest.mark.parametrize("path", sorted(PAIRS_WITH_ONE_MAP))
def test_porting_gives_what_people_wrote_by_hand(path, tmp_path):
    before = f"port-pairs/{path}"
    after = before.replace("/before/", "/after/")

    ported = {}
    for requirement, hashes in as_pip_reads(ported_into(tmp_path, before)):
        ported.setdefault(re.sub(r"\s.*", "", requirement).lower().replace("_", "-"), set()).update(hashes)

    assert ported == one_map(oracle("port-pairs")[after])


def lines_of(text, path):
    return [
        (line.written, set(line.hashes))
        for line in parse_text(text, path, {}).entries
        if isinstance(line, RequirementLine)
    ]


REFUSED = {
    "hash/astral-sh+uv/b8eeee453f/requirements.txt": "has 65 digits",
    "hash/dependabot+dependabot-core/05c56314e8/spec/fixtures/python/requirements/hashes_512.txt": "cannot hold sha512",
    "hash/dependabot+dependabot-core/4052a33da8/python/spec/fixtures/pip_compile_files/hashes.in": "without a req",
    "hash/mozilla+pontoon/80a470a03e/requirements.txt": "without a requirement",
    "hash/mozilla-services+shavar/33e2fce12d/constraints.txt": "without a requirement",
    "hash/mozilla-services+shavar/b6e3a3f1ba/requirements.txt": "without a requirement",
    "hash/mozilla-services+tecken/73a08f77b3/requirements.txt": "without a requirement",
    "hash/theupdateframework+python-tuf/5cb4d7c7b4/requirements.txt": "stands among the options",
}
"""Files in pip's form that cannot be ported to comments, and why."""


@pytest.mark.parametrize("path", sorted(set(oracle("hash")) - set(REFUSED)))
def test_option_files_go_to_comments_and_back(path):
    text = (CORPUS / path).read_bytes().decode()

    comments = port_to_comments(text, path)
    back = port_to_pip(comments.text, path)

    assert lines_of(comments.text, path) == lines_of(text, path)
    assert lines_of(back.text, path) == lines_of(text, path)
    assert not port_to_comments(comments.text, path).ported


@pytest.mark.parametrize(("path", "reason"), sorted(REFUSED.items()))
def test_option_files_that_no_comment_can_hold_are_refused(path, reason):
    with pytest.raises(RequirementsErrors, match=reason):
        port_to_comments((CORPUS / path).read_bytes().decode(), path)


def test_the_corpus_is_there():
    assert Path(CORPUS / "peep").is_dir()
    assert len(oracle("peep")) > 100
