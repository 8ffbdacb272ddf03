"""`peep mirror sync`: what lists pin comes from the owners of the names, verified, all of it or nothing."""

from __future__ import annotations

import json
from hashlib import sha256, sha512
from pathlib import Path

import pytest

from peep.formats.simple_pages import JSON_TYPE
from support.fake_index import FakeIndex, FileFacts
from support.mirror_verbs import as_json, begun, facts, filenames, mirror_verb, pages, pin, tree
from support.misbehaviour import ChangeBody, Fail, Truncate
from support.wheels import sdist_bytes, wheel_bytes

TARGET = ["--target", "cp312-manylinux_2_28_x86_64"]
BOTH = [*TARGET, "--target", "cp312-win_amd64"]


def purelib(name: str, version: str = "1.0", **more) -> tuple[str, bytes]:
    return f"{name.replace('-', '_')}-{version}-py3-none-any.whl", wheel_bytes(name, version, **more)


def platform(name: str, tag: str, **more) -> tuple[str, bytes]:
    return f"{name}-1.0-{tag}.whl", wheel_bytes(name, "1.0", tag=tag, **more)


DEMO, TOOL = purelib("demo", requires=["tool"], metadata=["Requires-Python: >=3.8"]), purelib("tool")
LINUX, WINDOWS = platform("fast", "cp312-cp312-manylinux_2_17_x86_64"), platform("fast", "cp312-cp312-win_amd64")
SDIST = ("fast-1.0.tar.gz", sdist_bytes("fast", "1.0"))
PROJECTS = {"demo": dict([DEMO]), "tool": dict([TOOL]), "fast": dict([LINUX, WINDOWS, SDIST])}
ACME = purelib("acme-lib", "9.0")


@pytest.fixture
def index():
    with FakeIndex({**PROJECTS, "acme-lib": dict([ACME])}) as running:
        yield running


@pytest.fixture
def mirror(tmp_path, index) -> Path:
    return begun(tmp_path / "mirror", index.simple_url)


def listed(folder: Path, *lines: str, name: str = "requirements.txt") -> Path:
    (folder / name).write_text("".join(lines))
    return folder / name


def whole_list(folder: Path) -> Path:
    return listed(
        folder, pin("demo", "1.0", DEMO[1]), pin("tool", "1.0", TOOL[1]), pin("fast", "1.0", LINUX[1], WINDOWS[1])
    )


def asked_for(index, name: str) -> list[str]:
    return [request.path for request in index.requests if f"/{name}/" in request.path]


def test_what_a_list_pins_comes_for_its_targets(mirror, tmp_path):
    told = as_json("sync", mirror, "-r", whole_list(tmp_path), *TARGET)
    assert told["files"]["added"] == sorted([DEMO[0], TOOL[0], LINUX[0]])
    html, value = pages(mirror, "demo")
    [file] = value["files"]
    assert (file["requires-python"], file["core-metadata"]["sha256"][:1] != "") == (">=3.8", True)
    assert 'data-requires-python="&gt;=3.8"' in html
    assert facts(mirror, "demo")["files"][0]["source"] == "public"
    assert mirror_verb("check", mirror).status == 0


def test_the_provenance_that_the_owner_serves_is_kept_as_it_came(tmp_path):
    with FakeIndex(PROJECTS, facts={DEMO[0]: FileFacts(provenance="/proof/demo"), TOOL[0]: FileFacts()}) as index:
        index.content.pages["/proof/demo"] = ("application/json", b'{"version": 1}')
        mirror = begun(tmp_path / "mirror", index.simple_url)
        as_json("sync", mirror, "-r", whole_list(tmp_path), *TARGET)
    [file] = facts(mirror, "demo")["files"]
    digest = file["provenance"]
    assert (mirror / "provenance" / digest[:2] / f"{digest}.json").read_bytes() == b'{"version": 1}'
    assert facts(mirror, "tool")["files"][0]["provenance"] is None
    assert mirror_verb("check", mirror).status == 0


def test_further_targets_bring_further_files_and_nothing_twice(mirror, index, tmp_path, monkeypatch):
    as_json("sync", mirror, "-r", whole_list(tmp_path), *TARGET)
    monkeypatch.setenv("PEEP_STORE", str(tmp_path / "another"))  # which remembers nothing of what archives say
    seen = len(index.requests)
    told = as_json("sync", mirror, "-r", whole_list(tmp_path), *BOTH)
    assert told["files"]["added"] == [WINDOWS[0]]
    later = [request.path for request in index.requests[seen:]]
    assert not [path for path in later if path.endswith((DEMO[0], TOOL[0], LINUX[0]))]
    before = tree(mirror)
    assert as_json("sync", mirror, "-r", whole_list(tmp_path), *BOTH)["pages"] == 0
    assert tree(mirror) == before


def test_a_file_that_got_lost_is_brought_again_and_facts_stay(mirror, tmp_path):
    as_json("sync", mirror, "-r", whole_list(tmp_path), *TARGET)
    before = tree(mirror)
    [lost] = mirror.rglob(TOOL[0])
    lost.unlink()
    assert as_json("sync", mirror, "-r", whole_list(tmp_path), *TARGET)["projects"] == []
    assert {name: content for name, (content, _) in tree(mirror).items()} == {
        name: content for name, (content, _) in before.items()
    }


def test_a_list_with_other_digests_than_sha256_is_compared_with_what_is_here(mirror, index, tmp_path):
    as_json("sync", mirror, "-r", whole_list(tmp_path), *TARGET)
    seen, before = len(index.requests), tree(mirror)
    longer = listed(tmp_path, f"tool==1.0 --hash=sha512:{sha512(TOOL[1]).hexdigest()}\n", name="longer.txt")
    assert as_json("sync", mirror, "-r", longer, *TARGET)["projects"] == []
    assert [request.path for request in index.requests[seen:] if request.path.endswith(TOOL[0])] == []
    assert tree(mirror) == before


def test_all_files_brings_each_that_is_listed_and_no_other(mirror, tmp_path):
    told = as_json("sync", mirror, "-r", whole_list(tmp_path), "--all-files")
    assert filenames(mirror, "fast") == sorted([LINUX[0], WINDOWS[0]])
    assert SDIST[0] not in told["files"]["added"]


def test_targets_come_from_the_list_itself(mirror, tmp_path):
    lines = "# peep: --locked-for=cp312-win_amd64\n"
    as_json("sync", mirror, "-r", listed(tmp_path, lines, pin("fast", "1.0", LINUX[1], WINDOWS[1])))
    assert filenames(mirror, "fast") == [WINDOWS[0]]


def test_a_list_that_is_not_complete_brings_nothing(mirror, tmp_path):
    before = tree(mirror)
    only = listed(tmp_path, pin("demo", "1.0", DEMO[1]))
    said = mirror_verb("sync", mirror, "-r", only, *TARGET, "--format", "json")
    [problem] = said.value["problems"]
    assert (said.status, tree(mirror)) == (1, before)
    assert (problem["kind"], problem["name"]) == ("omitted-dependency", "tool")
    assert "tool" in mirror_verb("sync", mirror, "-r", only, *TARGET).out


def test_a_file_that_a_target_lacks_is_named(mirror, tmp_path):
    said = mirror_verb("sync", mirror, "-r", listed(tmp_path, pin("fast", "1.0", LINUX[1])), *BOTH)
    assert said.status == 1
    assert "cp312-win_amd64" in said.out


def test_markers_that_do_not_hold_bring_nothing(mirror, tmp_path):
    lines = [pin("tool", "1.0", TOOL[1]), pin("fast", "1.0", WINDOWS[1], marker='sys_platform == "win32"')]
    told = as_json("sync", mirror, "-r", listed(tmp_path, *lines), *TARGET)
    assert told["files"]["added"] == [TOOL[0]]


# -- ownership -------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["direct", "include", "build", "directive"])
def test_a_private_name_is_refused_and_nobody_is_asked_for_it(way, mirror, index, tmp_path):
    before = tree(mirror)
    private, tool = pin("acme-lib", "9.0", ACME[1]), pin("tool", "1.0", TOOL[1])
    other = listed(tmp_path, private, name="other.txt")
    words = ["--build-constraint", other] if way == "build" else []
    first = {"direct": private, "include": "-r other.txt\n", "directive": "# peep: --build-constraint other.txt\n"}
    said = mirror_verb(
        "sync", mirror, "-r", listed(tmp_path, first.get(way, ""), tool), *words, *TARGET, "--format", "json"
    )
    [problem] = said.value["problems"]
    assert (said.status, tree(mirror)) == (1, before)
    assert (problem["kind"], problem["name"], problem["source"]) == ("not-owned", "acme-lib", "public")
    assert problem["rule"] == "acme-* of ours"
    assert ("requirements.txt" if way == "direct" else "other.txt") in problem["listed"]
    assert index.requests == ()


def test_a_private_archive_that_is_here_as_listed_needs_nobody(mirror, index, tmp_path):
    name, content = purelib("acme-lib", "1.0", requires=["tool"])
    (tmp_path / name).write_bytes(content)
    as_json("add", mirror, tmp_path / name, "--source", "ours")
    told = as_json(
        "sync", mirror, "-r", listed(tmp_path, pin("acme-lib", "1.0", content), pin("tool", "1.0", TOOL[1])), *TARGET
    )
    assert told["files"]["added"] == [TOOL[0]]
    assert asked_for(index, "acme-lib") == []
    said = mirror_verb("sync", mirror, "-r", listed(tmp_path, pin("acme-lib", "1.0", content)), *TARGET)
    assert "tool" in said.out
    assert said.status == 1


def test_the_page_of_an_unused_private_name_is_not_there(mirror):
    assert mirror_verb("write", mirror).status == 0
    assert not (mirror / "simple" / "acme-lib").exists()


def test_public_names_are_asked_only_on_demand(mirror, index):
    assert as_json("check", mirror)["warnings"] == []
    assert index.requests == ()
    assert as_json("check", mirror, "--ask-public")["warnings"] == []
    assert asked_for(index, "billing")


def test_a_private_name_that_exists_publicly_is_told(tmp_path):
    name, content = purelib("billing", "66.0")
    with FakeIndex({"billing": {name: content}}) as index:
        mirror = begun(tmp_path / "mirror", index.simple_url)
        [warning] = as_json("check", mirror, "--ask-public")["warnings"]
    assert "billing: public has a project of this name" in warning


# -- what upstream says ----------------------------------------------------------------------------


def test_upstreams_words_are_kept_and_its_claims_about_archives_are_not(tmp_path):
    told = FileFacts(
        requires_python=">=99", upload_time="2024-05-06T07:08:09Z", yanked="broken", sidecar=b"Name: liar\n"
    )
    with FakeIndex(PROJECTS, facts={DEMO[0]: told}, statuses={"tool": ("archived", "done")}) as index:
        mirror = begun(tmp_path / "mirror", index.simple_url)
        as_json("sync", mirror, "-r", whole_list(tmp_path), "--all-files")
    [file] = facts(mirror, "demo")["files"]
    assert file["requires-python"] == ">=3.8"
    assert (file["upload-time"], file["yanked"]) == ("2024-05-06T07:08:09.000000Z", "broken")
    assert facts(mirror, "tool")["status"]["status"] == "archived"
    assert mirror_verb("check", mirror).status == 0


@pytest.mark.parametrize(
    ("time", "known"),
    [("9999-12-31T23:59:59-23:59", None), ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"), ("soon", None)],
)
def test_words_and_times_that_no_file_can_hold_are_no_obstacle(time, known, tmp_path):
    with FakeIndex(PROJECTS) as index:
        stated = {
            "filename": DEMO[0],
            "url": index.file_path("demo", DEMO[0]),
            "hashes": {"sha256": sha256(DEMO[1]).hexdigest()},
            "upload-time": time,
            "yanked": "half \ud800 of it",
        }
        status = {"status": "archived", "reason": "\udc00"}
        page = {"meta": {"api-version": "1.4"}, "name": "demo", "project-status": status, "files": [stated]}
        index.content.pages[index.project_path("demo")] = (JSON_TYPE, json.dumps(page).encode())
        mirror = begun(tmp_path / "mirror", index.simple_url)
        for _ in range(2):
            as_json("sync", mirror, "-r", whole_list(tmp_path), "--all-files")
    [file] = facts(mirror, "demo")["files"]
    assert (file["upload-time"], file["yanked"]) == (known, "half \ufffd of it")
    assert facts(mirror, "demo")["status"]["reason"] == "\ufffd"
    assert mirror_verb("check", mirror).status == 0


SPOILT = {"lie": ChangeBody(b"other bytes"), "500": Fail(500), "short": Truncate(after=10)}


@pytest.mark.parametrize("how", SPOILT.values(), ids=SPOILT)
def test_an_upstream_that_fails_or_lies_changes_nothing(how, mirror, index, tmp_path):
    before = tree(mirror)
    index.misbehave(index.file_path("tool", TOOL[0]), how)
    said = mirror_verb("sync", mirror, "-r", whole_list(tmp_path), "--all-files", "--retries", "0", "--format", "json")
    assert said.status == 1
    assert tree(mirror) == before
    assert [problem["kind"] for problem in said.value["problems"]] in (["hash-mismatch"], ["fetch-failure"])


def test_a_page_that_states_no_digests_is_no_obstacle(tmp_path):
    nothing = FileFacts(hashes={})
    with FakeIndex(PROJECTS, facts=dict.fromkeys([LINUX[0], WINDOWS[0], SDIST[0]], nothing)) as index:
        mirror = begun(tmp_path / "mirror", index.simple_url)
        only = listed(tmp_path, pin("fast", "1.0", LINUX[1]))
        assert as_json("sync", mirror, "-r", only, "--all-files")["files"]["added"] == [LINUX[0]]


def test_what_no_index_offers_is_named(mirror, tmp_path):
    absent = listed(tmp_path, pin("absent", "1.0", b"x"), pin("tool", "2.0", TOOL[1]))
    said = mirror_verb("sync", mirror, "-r", absent, "--all-files", "--format", "json")
    assert said.status == 1
    assert [problem["kind"] for problem in said.value["problems"]] == ["no-usable-file", "no-usable-file"]


def test_other_bytes_under_a_known_name_are_refused(mirror, index, tmp_path):
    as_json("sync", mirror, "-r", whole_list(tmp_path), *TARGET)
    before = tree(mirror)
    other = wheel_bytes("tool", "1.0", files={"tool.py": "other = 1\n"})
    index.content.projects["tool"][TOOL[0]] = other
    said = mirror_verb("sync", mirror, "-r", listed(tmp_path, pin("tool", "1.0", other)), *TARGET, "--format", "json")
    [problem] = said.value["problems"]
    assert (said.status, tree(mirror)) == (1, before)
    assert (problem["kind"], problem["filename"]) == ("file-name-taken", TOOL[0])


def test_lines_that_pin_nothing_are_named_and_nothing_is_asked(mirror, index, tmp_path):
    said = mirror_verb("sync", mirror, "-r", listed(tmp_path, "tool==1.0\n", "demo>=1\n"), *TARGET)
    assert said.status == 1
    assert "requirements.txt:1" in said.err
    assert "requirements.txt:2" in said.err
    assert index.requests == ()


def test_a_pylock_is_a_list_too(mirror, tmp_path):
    lock = tmp_path / "pylock.toml"
    digest = sha256(TOOL[1]).hexdigest()
    lock.write_text(
        'lock-version = "1.0"\ncreated-by = "test"\n[[packages]]\nname = "tool"\nversion = "1.0"\n'
        f'wheels = [{{name = "{TOOL[0]}", url = "https://files.example/tool", hashes = {{sha256 = "{digest}"}}}}]\n'
    )
    assert as_json("sync", mirror, "-r", lock, *TARGET)["files"]["added"] == [TOOL[0]]


@pytest.mark.parametrize("words", [["-r", "x.txt", "--all-files", "--target", "here"], [], ["x.whl", "-r", "x.txt"]])
def test_odd_words_are_usage_errors(words, mirror):
    assert mirror_verb("sync", mirror, *words).status == 2
