"""An environment written back: as requirements that install the same, and as bills that their validators take."""

from __future__ import annotations

import builtins
import io
import json
import re
import sys
from contextlib import redirect_stderr, redirect_stdout
from datetime import datetime, timezone
from pathlib import Path

import pytest

from peep.cli.main import run
from peep.cli.verb_table import module_for
from peep.cli.verbs import freeze
from peep.errors import PeepError
from peep.model import Digest, HashForm, InstalledProject, Provenance
from peep.proof.inventory import InventoryEntry, inventory_of, requirement_lines, unlistable
from peep.requirements.hashes import hash_line
from peep.workflows.inventory import bill_of_materials, inventory, made_at
from support.fake_index import FakeIndex
from support.proving_ground import Ground, pip, proving_ground, usual_projects
from support.wheels import wheel_bytes, wheel_filename

WHEN = {"SOURCE_DATE_EPOCH": "1700000000"}


def projects() -> dict[str, dict[str, bytes]]:
    needing = wheel_bytes(
        "delta", "1.0", requires=["beta>=1", 'gamma; extra == "more"', "absent; python_version < '3'"]
    )
    return {**usual_projects(), "delta": {wheel_filename("delta", "1.0"): needing}}


@pytest.fixture
def ground(tmp_path: Path):
    with FakeIndex(projects()) as index:
        yield proving_ground(tmp_path, index, projects(), ["alpha", "beta", "gamma", "delta"])


def entries(ground: Ground) -> tuple[InventoryEntry, ...]:
    return inventory(ground.options(with_files=False), ground.context)


def peep(*words: str) -> tuple[int, str, str]:
    output, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        status = run(list(words))
    return status, output.getvalue(), errors.getvalue()


# -- requirements ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["comment", "pip"])
def test_what_is_frozen_is_proven_and_installs_the_same(ground: Ground, tmp_path: Path, form: str):
    status, frozen, errors = peep("freeze", "--hashes", "--format", form, "--python", ground.target.python)
    assert (status, errors) == (0, "")
    ground.requirements.write_text(frozen)
    digest = ground.digest()
    other = proving_ground(tmp_path / "other", ground.index, projects(), [])
    other.requirements.write_text(frozen)
    other.install()

    assert ground.kinds(with_files=True) == []
    assert other.kinds(with_files=True) == []
    assert other.digest() == digest
    assert len(re.findall(r"^[a-z]+==1\.0", frozen, re.MULTILINE)) == 4
    assert ("--hash=sha256:" in frozen) == (form == "pip")


def test_a_project_without_origin_is_an_error_and_the_rest_is_printed(ground: Ground):
    (ground.site / "beta-1.0.dist-info" / "provenance_url.json").unlink()

    status, frozen, errors = peep("freeze", "--hashes", "--python", ground.target.python)

    assert status == 1
    assert errors == "error: beta 1.0: nothing tells which archive it was installed from\n"
    assert "alpha==1.0" in frozen
    assert "beta" not in frozen


def test_freeze_without_hashes_is_pips():
    assert module_for("freeze", []) is None
    assert module_for("freeze", ["--all", "-l"]) is None
    assert module_for("freeze", ["--hashes"]) is freeze


SHA = Digest("sha256", "ab" * 32)
BIG = Digest("sha512", "cd" * 64)


@pytest.mark.parametrize(
    ("origin", "form", "reason"),
    [
        (None, HashForm.OPTION, "nothing tells"),
        (Provenance("file:///src", is_editable=True), HashForm.OPTION, "editable"),
        (Provenance("https://x.example/r", vcs_commit="abc"), HashForm.OPTION, "commit abc"),
        (Provenance("https://****@x.example/r", vcs_commit="1" * 40), HashForm.OPTION, "used again"),
        (Provenance("https://x.example/r", vcs_commit="1" * 40), HashForm.COMMENT, ""),
        (Provenance("https://x.example/a.whl"), HashForm.OPTION, "no hash was recorded"),
        (Provenance("https://x.example/a.whl", (BIG,)), HashForm.COMMENT, "--format pip"),
        (Provenance("https://x.example/a.whl", (BIG,)), HashForm.OPTION, ""),
        (Provenance("https://x.example/a.whl", (SHA,)), HashForm.COMMENT, ""),
    ],
)
def test_what_cannot_be_written_says_why(origin: Provenance | None, form: HashForm, reason: str):
    told = unlistable(InventoryEntry("a", "1", origin), form)

    assert bool(told) == bool(reason)
    assert reason in told


def test_a_commit_is_a_pin_of_its_own():
    origin = Provenance("https://x.example/r", is_direct=True, vcs_commit="1" * 40, subdirectory="sub")
    lines = requirement_lines(InventoryEntry("a", "1", origin), HashForm.COMMENT, hash_line)
    assert lines == [f"a @ git+https://x.example/r@{'1' * 40}#subdirectory=sub"]


def test_a_url_stays_a_url_and_every_hash_is_listed():
    entry = InventoryEntry("a", "1", Provenance("https://x.example/a.whl", (SHA, BIG), is_direct=True))

    lines = requirement_lines(entry, HashForm.OPTION, hash_line)

    assert lines == [
        "a @ https://x.example/a.whl \\",
        f"    --hash=sha256:{SHA.hex} \\",
        f"    --hash=sha512:{BIG.hex}",
    ]


# -- bills of materials ----------------------------------------------------------------------------


def test_json_needs_no_library_and_says_what_needs_what(ground: Ground):
    status, text, _ = peep("inventory", "--python", ground.target.python)
    listed = {one["name"]: one for one in json.loads(text)}

    assert status == 0
    assert sorted(listed) == ["alpha", "beta", "delta", "gamma"]
    assert listed["delta"]["requires"] == ["beta"]
    assert listed["beta"]["purl"] == "pkg:pypi/beta@1.0"
    assert listed["beta"]["url"] == ground.index.file_url("beta", wheel_filename("beta", "1.0"))
    assert listed["beta"]["hashes"][0].startswith("sha256:")


def test_cyclonedx_is_valid_and_holds_archives(ground: Ground):
    validation = pytest.importorskip("cyclonedx.validation.json")
    pytest.importorskip("jsonschema")
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415 - optional

    text = bill_of_materials(entries(ground), "cyclonedx", WHEN)

    assert validation.JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    beta = next(one for one in bill["components"] if one["name"] == "beta")
    [reference] = beta["externalReferences"]
    assert reference["type"] == "distribution"
    assert reference["url"] == ground.index.file_url("beta", wheel_filename("beta", "1.0"))
    assert reference["hashes"][0]["alg"] == "SHA-256"
    depends = {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]}
    assert depends["pkg:pypi/delta@1.0"] == ["pkg:pypi/beta@1.0"]
    assert bill["metadata"]["timestamp"].startswith("2023-11-14T22:13:20")


def test_spdx_is_valid_and_holds_archives(ground: Ground):
    parser = pytest.importorskip("spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser")
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document  # noqa: PLC0415 - optional

    text = bill_of_materials(entries(ground), "spdx", WHEN)
    document = parser.JsonLikeDictParser().parse(json.loads(text))

    assert validate_full_spdx_document(document) == []
    beta = next(one for one in document.packages if one.name == "beta")
    assert beta.source_info == f"archive fetched from {ground.index.file_url('beta', wheel_filename('beta', '1.0'))}"
    assert beta.checksums[0].algorithm.name == "SHA256"
    assert document.creation_info.created == datetime(2023, 11, 14, 22, 13, 20)  # noqa: DTZ001 - as the library has it


def test_spdx_states_where_to_download_what_its_library_takes_for_a_url():
    pytest.importorskip("spdx_tools")
    entry = InventoryEntry("a", "1", Provenance("https://files.example/a-1-py3-none-any.whl", (SHA,)))

    [written] = json.loads(bill_of_materials([entry], "spdx", WHEN))["packages"]

    assert written["downloadLocation"] == "https://files.example/a-1-py3-none-any.whl"
    assert written["checksums"] == [{"algorithm": "SHA256", "checksumValue": SHA.hex}]


@pytest.mark.parametrize("style", ["cyclonedx", "spdx"])
def test_the_same_environment_gives_the_same_bytes(ground: Ground, style: str):
    pytest.importorskip("cyclonedx" if style == "cyclonedx" else "spdx_tools")

    assert bill_of_materials(entries(ground), style, WHEN) == bill_of_materials(entries(ground), style, WHEN)


@pytest.mark.parametrize("style", ["cyclonedx", "spdx"])
def test_unknown_origins_make_valid_bills_too(ground: Ground, tmp_path: Path, style: str):
    pytest.importorskip("cyclonedx" if style == "cyclonedx" else "spdx_tools")
    wheel = tmp_path / wheel_filename("eta", "1.0+local.1")
    wheel.write_bytes(wheel_bytes("eta", "1.0+local.1"))
    pip(ground, "install", "--no-index", str(wheel))
    (ground.site / "beta-1.0.dist-info" / "provenance_url.json").unlink()

    text = bill_of_materials(entries(ground), style, WHEN)

    assert "pkg:pypi/eta@1.0%2Blocal.1" in text


@pytest.mark.parametrize("style", ["cyclonedx", "spdx"])
def test_a_missing_library_is_named_with_the_extra(style: str, monkeypatch: pytest.MonkeyPatch):
    imported = builtins.__import__

    def without(name: str, *arguments: object, **options: object) -> object:
        if name.partition(".")[0] in {"cyclonedx", "spdx_tools", "packageurl"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return imported(name, *arguments, **options)  # type: ignore[arg-type]

    for name in [name for name in sys.modules if name.startswith(("peep.proof.inventory_", "cyclonedx", "spdx_tools"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(PeepError, match="which is not installed") as caught:
        bill_of_materials((), style, WHEN)
    assert ".[inventory]" in caught.value.hint


@pytest.mark.parametrize("text", ["soon", "1e3", "9" * 40])
def test_a_time_that_is_none_is_an_error(text: str):
    with pytest.raises(PeepError, match="SOURCE_DATE_EPOCH"):
        made_at({"SOURCE_DATE_EPOCH": text})
    assert made_at(WHEN) == datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)


def test_metadata_that_means_nothing_is_passed_over():
    projects = {name: InstalledProject(name, "1", f"/site/{name}-1.dist-info") for name in "ab"}

    found = inventory_of(projects, {"a": ["b", "!!", "b; bad ==", "c"]}, {"python_version": "3.11"})

    assert [entry.requires for entry in found] == [("b",), ()]
