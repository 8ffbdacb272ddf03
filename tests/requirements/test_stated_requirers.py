"""Requirers that files state: `# via` comments and the dependencies of lock files."""

import pytest

from peep.pipeline.vetting.listed_archives import listing_of
from peep.pipeline.vetting.reading_prices import requirers
from peep.requirements.files import read_requirements_files
from peep.requirements.lock_requirers import StatedRequirer, requirers_of_lock
from peep.requirements.via_comments import requirers_of_files

HASH = f"--hash=sha256:{'0' * 64}"


def stated(text, **others):
    contents = {"r.txt": text, **others}
    files, errors = read_requirements_files(["r.txt"], lambda path: contents[path].encode(), {})
    assert not errors
    return [tuple(one) for one in requirers_of_files(files)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"idna==3.20 \\\n    {HASH}\n    # via requests\n", [("idna", "requests")]),
        (
            f"idna==3.20 \\\n    {HASH}\n    # via\n    #   -r requirements.in\n    #   Requests\n    #   zope.x\n",
            [("idna", "requests"), ("idna", "zope-x")],
        ),
        ("idna==3.20  # via -r requirements.in, requests, anyio\n", [("idna", "requests"), ("idna", "anyio")]),
        ("idna==3.20\n    # via app (pyproject.toml)\nb==1\n# via a\n", [("b", "a")]),
        ("# via a\nidna==3.20\n    # a remark\n    # via b\n", [("idna", "b")]),
        ("idna==3.20\n# via\n\n#   a\nb==1\n#   c\n", [("idna", "a")]),
        ("idna==3.20\n# viable\n# via a b\n--pre\n# via c\n", []),
        ("Idna[x]==3.20 ; python_version > '3'\n# via <script>\n# via <a> b\n# via d\n", [("idna", "d")]),
    ],
)
def test_via_comments_name_who_requires(text, expected):
    assert stated(text) == expected


def test_included_files_state_too():
    assert stated("-r more.txt\na==1\n", **{"more.txt": "b==1\n    # via a\n"}) == [("b", "a")]


def test_dependencies_of_lock_entries_are_their_requirers():
    packages = [("A.b", [{"name": "C"}, {"version": "1"}, {"name": 3}]), ("d", ())]
    assert requirers_of_lock(packages) == (StatedRequirer("c", "a-b"),)


LOCK = f"""lock-version = "1.0"
created-by = "x"
[[packages]]
name = "requests"
version = "2.0"
dependencies = [{{name = "idna"}}, {{name = "elsewhere", version = "1"}}]
[[packages.wheels]]
name = "requests-2.0-py3-none-any.whl"
url = "https://files.example/r.whl"
hashes = {{sha256 = "{"1" * 64}"}}
[[packages]]
name = "idna"
version = "3.20"
[[packages.wheels]]
name = "idna-3.20-py3-none-any.whl"
url = "https://files.example/i.whl"
hashes = {{sha256 = "{"2" * 64}"}}
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [("pylock.toml", LOCK), ("r.txt", f"idna==3.20 {HASH}\n# via requests, gone\nrequests==2.0 {HASH[:-1]}1\n")],
)
def test_listed_projects_that_require_one_are_named(name, text):
    listing = listing_of([name], [], lambda _: text.encode(), {})
    subjects = [one.subject for one in listing.archives]
    assert dict(requirers(subjects, listing.requirers, None)).get("idna") == ("requests",)
