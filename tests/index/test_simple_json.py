import json

import pytest

from peep.errors import PackageIndexError
from peep.index.pages import PageSource
from peep.index.simple_json import parse_project_json
from peep.model import Digest
from support.corpus import CORPUS, needs_corpus
from support.cpu import cpu_seconds

SOURCE = PageSource("https://index.example/simple/demo/", "demo", "https://index.example/simple")
SHA = "a" * 64


def answer(*files, **more):
    return json.dumps({"meta": {"api-version": "1.0"}, "name": "demo", "files": files, **more}).encode()


def entry(**changes):
    return {"filename": "demo-1.0.tar.gz", "url": "../../f/demo-1.0.tar.gz", "hashes": {}, **changes}


def parsed(body):
    return parse_project_json(body, SOURCE)


def one(**changes):
    [file] = parsed(answer(entry(**changes))).detail.files
    return file


def test_a_file_with_everything():
    file = one(
        **{"hashes": {"sha256": SHA.upper()}, "size": 5, "upload-time": "2020-01-01T00:00:00Z", "yanked": "bad"},
        **{"requires-python": ">=3"},
    )
    assert file.url == "https://index.example/f/demo-1.0.tar.gz"
    assert file.hashes == (Digest("sha256", SHA),)
    assert (file.size, file.upload_time, file.yanked) == (5, "2020-01-01T00:00:00Z", "bad")
    assert file.requires_python == ">=3"


@pytest.mark.parametrize(("stated", "yanked"), [(True, ""), (False, None), ("", None), ("why", "why"), (1, None)])
def test_n13_yanked(stated, yanked):
    assert one(yanked=stated).yanked == yanked


@pytest.mark.parametrize(
    "hashes", [{}, None, [], "x", {"md5": "a" * 32}, {"sha256": ""}, {"sha256": "a" * 63}, {"sha256": 5}, {"SHA": SHA}]
)
def test_n2_weak_or_malformed_hashes_are_none(hashes):
    assert one(hashes=hashes).hashes == ()


@pytest.mark.parametrize("size", [-1, True, "5", 1.5, None, 10**400])
def test_n14_a_size_that_is_none_is_none(size):
    assert one(size=size).size is None


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "javascript:x"},
        {"url": "file:///etc/demo-1.0.tar.gz"},
        {"url": "ftp://x.example/demo-1.0.tar.gz"},
        {"url": ""},
        {"url": 5},
        {"filename": "../demo-1.0.tar.gz"},
        {"filename": ".."},
        {"filename": ""},
        {"filename": "a\\b"},
        {"filename": "a\nb"},
        {"filename": "x" * 256},
        {"filename": None},
    ],
)
def test_n3_n4_unsafe_entries_are_left_out_with_a_warning(changes):
    page = parsed(answer(entry(**changes), entry()))
    assert [file.filename for file in page.detail.files] == ["demo-1.0.tar.gz"]
    assert "1 malformed files" in page.warnings[0]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"files": {}}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"files": [' + b"[" * 100_000,
        b'{"files":' + b"9" * 10_000 + b"}",
        b"<html>Welcome</html>",
    ],
)
def test_what_is_no_answer_is_an_error(body):
    with pytest.raises(PackageIndexError, match=r"https://index\.example/simple"):
        parsed(body)


@pytest.mark.parametrize(
    ("version", "outcome"),
    [("1.0", 0), ("1.4", 0), ("1.9", 1), (None, 0), (1.1, 0), ("2.0", None), ("0.1", None), ("one", None), ("", None)],
)
def test_api_versions(version, outcome):
    body = answer(entry(), meta={"api-version": version})
    if outcome is None:
        with pytest.raises(PackageIndexError):
            parsed(body)
    else:
        assert len(parsed(body).warnings) == outcome


def test_status():
    page = parsed(answer(entry(), **{"project-status": {"status": "archived", "reason": "done"}}))
    assert (page.detail.status, page.detail.status_reason) == ("archived", "done")
    assert parsed(answer(entry(), **{"project-status": "odd"})).detail.status == "active"


def test_n11_another_projects_page_is_rejected():
    with pytest.raises(PackageIndexError, match="'other'"):
        parsed(answer(entry(), name="other"))
    assert parsed(answer(entry(), name="DEMO")).detail.name == "demo"


def test_five_thousand_files_cost_little_more_than_reading_their_json():
    body = answer(
        *(
            entry(
                filename=f"demo-{number}.tar.gz",
                url=f"https://files.example/{number:064x}/demo-{number}.tar.gz",
                hashes={"sha256": f"{number:064x}"},
                size=number,
            )
            for number in range(5000)
        )
    )

    assert len(parsed(body).detail.files) == 5000
    assert cpu_seconds(lambda: parsed(body)) < 15 * cpu_seconds(lambda: json.loads(body))


SAVED = sorted((CORPUS / "index-pages").rglob("*.json")) if CORPUS.is_dir() else []


@needs_corpus
@pytest.mark.parametrize("path", SAVED, ids=lambda path: path.name)
def test_saved_answers(path):
    stated = json.loads(path.read_bytes())
    source = PageSource("https://index.example/simple/x/", stated["name"], "x")
    detail = parse_project_json(path.read_bytes(), source).detail
    assert [file.filename for file in detail.files] == [file["filename"] for file in stated["files"]]
    assert [{digest.algorithm: digest.hex for digest in file.hashes} for file in detail.files] == [
        {name: text for name, text in file["hashes"].items() if name == "sha256"} for file in stated["files"]
    ]
    assert detail.status == stated.get("project-status", {}).get("status", "active")


@needs_corpus
def test_saved_answers_are_all_there():
    assert len(SAVED) >= 5
