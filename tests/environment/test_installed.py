"""Whatever lies in site-packages, looking at it raises nothing."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from peep.environment.installed import installed_projects, parse_provenance, parse_record, read_record, requirements_of
from peep.errors import EnvironmentChangeError
from peep.model import Digest, InstalledProject, Provenance
from peep.target.discovery import TargetRequest, discover_target

A = "a" * 64


@pytest.fixture
def target(tmp_path):
    return discover_target(TargetRequest(target=str(tmp_path / "site")))


@pytest.fixture
def site(target):
    folder = Path(target.paths["purelib"])
    folder.mkdir()
    return folder


def put(site, folder, **files):
    (site / folder).mkdir()
    for name, content in files.items():
        (site / folder / name.replace("__", ".")).write_text(content)
    return site / folder


def test_an_environment_that_is_not_there_is_empty(target):
    assert installed_projects(target) == {}


def test_names_versions_and_provenance(target, site):
    url = {"url": "https://index.example/a.whl", "archive_info": {"hashes": {"sha256": A, "md5": "x"}}}
    put(site, "Foo_Bar.baz-1.0.dist-info", provenance_url__json=json.dumps(url), REQUESTED="", INSTALLER="pip\n")
    put(site, "beta-2!1.0+local.1.dist-info", METADATA="Name: beta\n")
    direct = {"url": "file:///x", "archive_info": {"hash": f"sha256={A}"}}
    put(site, "gamma-3.dist-info", direct_url__json=json.dumps(direct))
    found = installed_projects(target)

    assert set(found) == {"foo-bar-baz", "beta", "gamma"}
    foo = found["foo-bar-baz"]
    assert foo.provenance == Provenance("https://index.example/a.whl", (Digest("sha256", A),))
    assert (foo.is_requested, foo.version) == (True, "1.0")
    assert found["beta"].version == "2!1.0+local.1"
    assert found["gamma"].provenance == Provenance("file:///x", (Digest("sha256", A),), is_direct=True)


def test_legacy_forms(target, site):
    put(site, "alpha-1.0-py3.11.egg-info", **{"PKG-INFO": "Name: alpha\nVersion: 1.0\nRequires-Dist: x\n"})
    (site / "beta.egg-info").write_text("Name: Beta\nVersion: 2.0\n\nName: not-this\n")
    (site / "gamma.egg-link").write_text("/somewhere\n.")
    put(site, "delta-4.0-py3.11.egg")
    found = installed_projects(target)

    assert {name: one.version for name, one in found.items()} == {
        "alpha": "1.0", "beta": "2.0", "gamma": "", "delta": "4.0",
    }  # fmt: skip
    assert not any(one.provenance for one in found.values())
    assert requirements_of(found["alpha"]).requires_dist == ("x",)
    with pytest.raises(EnvironmentChangeError, match="without a RECORD"):
        read_record(found["alpha"])


def test_leftovers_of_a_killed_pip_are_ignored(target, site):
    put(site, "~lpha-1.0.dist-info")
    assert installed_projects(target) == {}


def test_two_versions_of_one_project(target, site):
    put(site, "alpha-1.0.dist-info", provenance_url__json='{"url": "u", "archive_info": {}}')
    put(site, "Alpha-2.0.dist-info", METADATA="Name: alpha\n")
    project = installed_projects(target)["alpha"]

    assert project.provenance is None
    assert len(project.other_metadata) == 1


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '"x"', '{"url": 1}', "{}", '{"url": "u", "archive_info": [1]}', "\0", "[" * 100_000,
     '{"url": "u", "archive_info": {"hashes": "x"}}', '{"url": "u", "vcs_info": 3}',
     '{"url": "\\ud800"}', '{"url": "u", "vcs_info": {"vcs": "git", "commit_id": "\\udfff"}}',
     '{"url": "u", "archive_info": {"hash": 3}}', '{"url": "u", "vcs_info": {"vcs": "git", "commit_id": 3}}'],
)  # fmt: skip
def test_damaged_provenance_is_no_provenance(target, site, content):
    put(site, "alpha-1.0.dist-info", provenance_url__json=content)
    assert installed_projects(target)["alpha"].provenance is None


def test_hashes_that_are_none_are_left_out():
    hashes = {"sha256": 3, "sha384": A, "sha512": "XYZ", "md5": A}
    content = json.dumps({"url": "u", "archive_info": {"hashes": hashes}}).encode()
    assert parse_provenance(content, is_direct=False) == Provenance("u")


def test_odd_entries_raise_nothing(target, site):
    (site / "file-1.0.dist-info").write_text("no folder")
    (site / ".dist-info").mkdir()
    (site / "nameless.dist-info").mkdir()
    (site / "bytes-\udcff-1.0.dist-info").mkdir() if os.name == "posix" else None
    os.mkfifo(site / "pipe") if hasattr(os, "mkfifo") else None
    fifo = put(site, "piped-1.0.dist-info") / "provenance_url.json"
    os.mkfifo(fifo) if hasattr(os, "mkfifo") else fifo.mkdir()
    put(site, "linked-1.0.dist-info").joinpath("provenance_url.json").symlink_to("/nowhere/at/all")
    found = installed_projects(target)

    assert found["file"].provenance is None
    assert found["piped"].provenance is None
    assert found["linked"].provenance is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipes_in_the_place_of_metadata_keep_nobody_waiting(target, site):
    folder = put(site, "piped-1.0-2.dist-info")  # such a name sends the reader to METADATA
    for name in ("METADATA", "RECORD"):
        os.mkfifo(folder / name)
    (found,) = installed_projects(target).values()

    assert found.version == "1.0-2"
    with pytest.raises(EnvironmentChangeError, match="no regular file"):
        read_record(found)


@pytest.mark.parametrize(
    "text", ['"unclosed', "a,b,c,d\n", "a\n", "a,,many\n", 'a"b,,\n"x"y,,\n', "a,,\rb,,", "a,b,1\0\n,"]
)
def test_damaged_records_are_errors_that_name_the_project_w3(text):
    with pytest.raises(EnvironmentChangeError, match=r"RECORD of alpha 1\.0 is damaged"):
        parse_record(InstalledProject("alpha", "1.0", "/x"), text)


def test_records_with_quotes_and_any_line_ends():
    rows = parse_record(InstalledProject("alpha", "1.0", "/x"), '"a,b.py",sha256=x,3\r\nc.py,,\n\n"d""e.py",,\r\n')
    assert [row.path for row in rows] == ["a,b.py", "c.py", 'd"e.py']
    assert rows[0].size == 3


def test_root_is_where_it_is_looked_for(target, site, tmp_path):
    put(site, "alpha-1.0.dist-info")
    assert installed_projects(replace(target, root=str(tmp_path / "elsewhere"))) == {}
