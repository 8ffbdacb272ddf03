"""Comparison of releases: moments, origins, what is changed, moved, folded away, and when a signal is new."""

import pytest

from peep.examine.types import Habit
from support.comparing import compared, compared_releases, rules_of
from support.releases import CORE_TEXT, HARMLESS, PACKAGE, TextRelease


def moments(found):
    return {change.path: change.moment for change in found.changes}


def hits(found, rule):
    return [hit for hit in (*found.signals, *found.folded) if hit.rule == rule]


def test_every_file_has_its_moment(tmp_path):
    new = TextRelease(
        "1.1",
        both={
            "inert/__init__.py": str(PACKAGE["inert/__init__.py"]) + "from inert.eager import x\n",
            "inert/eager.py": "from .deep import y as x\n",
            "inert/deep.py": "def y():\n    import inert.lazy\n",
            "inert/lazy.py": "z = 1\n",
            "inert/__main__.py": "from inert.cli import main\n",
            "inert/data.json": "{}\n",
            "inert/tests/test_it.py": "assert True\n",
            "inert/native.so": b"\x7fELF" + b"\0" * 80,
        },
        wheel={"inert.pth": "inert\n", "inert-1.1.data/scripts/run.py": "#!python\n"},
        sdist={
            "setup.py": "import helper\n",
            "helper.py": "x = 1\n",
            "CMakeLists.txt": "project(x)\n",
            "docs/guide.md": "text\n",
            "README.md": "other\n",
            "tests/test_more.py": "assert 1\n",
            "tools/run.sh": "#!/bin/sh\n",
        },
        tag="cp311-cp311-linux_x86_64",
    )
    found = moments(compared_releases(tmp_path, HARMLESS, new))
    assert found == {
        "inert.pth": "startup",
        "CMakeLists.txt": "build",
        "helper.py": "build",
        "setup.py": "build",
        "inert/__init__.py": "import",
        "inert/deep.py": "import",
        "inert/eager.py": "import",
        "inert-1.1.data/scripts/run.py": "command",
        "inert/__main__.py": "command",
        "inert/native.so": "native",
        "inert/lazy.py": "code",
        "tools/run.sh": "code",
        "inert-1.1.dist-info/METADATA": "metadata",
        "inert-1.1.dist-info/WHEEL": "metadata",
        "inert/data.json": "data",
        "inert/tests/test_it.py": "test",
        "tests/test_more.py": "test",
        "README.md": "doc",
        "docs/guide.md": "doc",
    }


def test_changes_stand_in_reading_order(tmp_path):
    new = TextRelease(
        "1.1", both={"inert/core.py": "x = 1\n"}, wheel={"a.pth": "x\n"}, sdist={"tests/test_core.py": ""}
    )
    found = compared_releases(tmp_path, HARMLESS, new)
    assert [change.moment for change in found.changes] == ["startup", "import", "metadata", "test"]


def test_what_the_wheel_shares_with_the_sdist_is_one_unit(tmp_path):
    found = compared_releases(tmp_path, HARMLESS, TextRelease("1.1", both={"inert/core.py": "x = 1\n"}))
    core = next(change for change in found.changes if change.path.endswith("core.py"))
    assert core.archives == ("inert-1.1-py3-none-any.whl", "inert-1.1.tar.gz")
    assert found.identity is not None
    assert (found.identity.files, found.identity.same, found.identity.generated) == (8, 5, 3)


@pytest.mark.parametrize(
    ("release", "rule", "path"),
    [
        (TextRelease("1.1", wheel={"inert/core.py": "x = 1\n"}), "wheel-differs", "inert/core.py"),
        (TextRelease("1.1", wheel={"inert/more.py": "x = 1\n"}), "wheel-only", "inert/more.py"),
        (
            TextRelease("1.1", wheel={"inert/more.py": "x = 1\n"}, sdist={"tests/more.py": "x = 1\n"}),
            "wheel-elsewhere",
            "inert/more.py",
        ),
    ],
)
def test_wheel_files_that_the_sdist_does_not_explain(tmp_path, release, rule, path):
    found = compared_releases(tmp_path, HARMLESS, release)
    assert [hit.path for hit in hits(found, rule)] == [path]
    assert path in [change.path for change in found.changes]


def test_what_was_so_before_is_silent(tmp_path):
    both = {"inert/core.py": "import os\nos.system('x')\n"}
    old = TextRelease("1.0", both=both, wheel={"inert/only.py": "x = 1\n"})
    new = TextRelease(
        "1.1", both={"inert/core.py": "import os\n\n\nos.system('x')\n"}, wheel={"inert/only.py": "x = 1\n"}
    )
    assert rules_of(compared_releases(tmp_path, old, new).signals) == set()


def test_code_that_moves_is_silent_unless_it_leaves_the_tests(tmp_path):
    text = "import os\nos.system('x')\n"
    old = TextRelease("1.0", both={"inert/core.py": text + CORE_TEXT})
    new = TextRelease("1.1", both={"inert/__init__.py": text + str(PACKAGE["inert/__init__.py"])})
    assert rules_of(compared_releases(tmp_path, old, new).signals) == set()
    old = TextRelease("1.0", sdist={"tests/test_core.py": text})
    assert rules_of(compared_releases(tmp_path / "2", old, new).signals) == {"import-process"}


def test_line_ends_and_versions_are_generated(tmp_path):
    new = TextRelease(
        "1.1", wheel={"inert/core.py": CORE_TEXT.replace("\n", "\r\n"), "inert/_version.py": "version = '1.1'\n"}
    )
    found = compared_releases(tmp_path, HARMLESS, new)
    assert found.identity is not None
    assert (found.identity.line_ends, found.identity.generated, found.identity.only_in_wheel) == (1, 4, 0)
    assert rules_of(found.signals) == set()
    evil = TextRelease("1.2", wheel={"inert/_version.py": "version = __import__('os').name\n"})
    assert "wheel-only" in rules_of(compared_releases(tmp_path / "2", HARMLESS, evil).signals)


def test_decoy_trees_only_make_more_to_read(tmp_path):
    decoy = {f"decoy/{path}": text for path, text in PACKAGE.items()}
    new = TextRelease("1.1", wheel={"inert/core.py": "x = 1\n"}, sdist={**decoy, "decoy/inert/core.py": "x = 1\n"})
    assert rules_of(compared_releases(tmp_path, HARMLESS, new).signals) & {"wheel-differs", "wheel-elsewhere"}


def test_an_unchanged_file_that_now_runs_is_told(tmp_path):
    new = TextRelease("1.1", both={"inert/core.py": CORE_TEXT + "import inert.extra\n"})
    found = compared_releases(tmp_path, HARMLESS, new)
    extra = next(change for change in found.changes if change.path == "inert/extra.py")
    assert (extra.status, extra.moment, extra.sha256 == extra.since) == ("moved", "import", True)


def test_a_release_alone_is_all_new(tmp_path):
    found = compared_releases(tmp_path, None, HARMLESS)
    assert {change.status for change in found.changes} == {"added"}
    assert found.signals == ()
    assert len(found.changes) == 4 + 1 + 5 + 2  # package, LICENSE and the like, metadata


def test_only_docstrings_changed(tmp_path):
    text = CORE_TEXT.replace("    return one + other", '    """Sum."""\n    return one + other')
    found = compared_releases(tmp_path, HARMLESS, TextRelease("1.1", both={"inert/core.py": text}))
    core = next(change for change in found.changes if change.path == "inert/core.py")
    assert core.same_code
    assert core.plus == 1


def test_habits_are_told_in_words(tmp_path):
    new = TextRelease("1.1", owner="root", both={"inert/core.py": "x = 1\n"})
    found = compared_releases(tmp_path, HARMLESS, new)
    assert found.made == (Habit("sdist", "owner", "runner:runner", "root:root"),)


def test_new_capabilities_name_line_and_call(tmp_path):
    new = TextRelease(
        "1.1", both={"inert/core.py": CORE_TEXT + "\n\ndef f():\n    import socket\n    socket.socket()\n"}
    )
    found = compared_releases(tmp_path, HARMLESS, new)
    assert [(one.capability, one.when, one.path, one.line, one.call) for one in found.capabilities] == [
        ("network", "call", "inert/core.py", 14, "socket.socket")
    ]


def test_what_this_python_cannot_parse_is_said_and_stops_where_it_runs(tmp_path):
    new = TextRelease("1.1", both={"inert/core.py": "def f(:\n", "inert/extra.py": "def g(:\n"})
    found = compared_releases(tmp_path, HARMLESS, new)
    assert [one.path for one in found.not_analysed] == ["inert/core.py", "inert/extra.py"]
    assert [hit.path for hit in hits(found, "unread-code")] == ["inert/core.py"]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"requires": ("requests",)}, "requires-new"),
        ({"requires": ("requests; extra == 'web'",)}, "requires-extra"),
        ({"requires": ("x @ https://files.example/x.tar.gz",)}, "requires-url"),
        ({"requires": ("python-requests-2",)}, "requires-new"),
        ({"entry_points": "[console_scripts]\ninert = inert.core:add\n"}, "command-moved"),
        ({"entry_points": ""}, "command-gone"),
        ({"entry_points": "[console_scripts]\ninert = inert.cli:main\npip = inert.cli:main\n"}, "command-shadow"),
        ({"entry_points": "[console_scripts]\ninert = inert.cli:main\nmore = inert.cli:main\n"}, "command-new"),
        ({"both": {"yaml.py": "x = 1\n"}}, "top-level-new"),
        ({"wheel": {"inert-1.1.data/data/etc/x.conf": "x\n"}}, "data-outside"),
        ({"both": {"inert/.hidden.py": "x = 1\n"}}, "hidden-name"),
        ({"sdist": {"tests/blob.dat": bytes(range(200))}}, "opaque-data"),
        ({"sdist": {"src/lib.so": b"\x7fELF" + b"\0" * 99}}, "binary-in-sdist"),
    ],
)
def test_rules_about_releases(tmp_path, changes, rule):
    assert hits(compared_releases(tmp_path, HARMLESS, TextRelease("1.1", **changes)), rule)


def test_share_folders_are_no_surprise(tmp_path):
    new = TextRelease("1.1", wheel={"inert-1.1.data/data/share/man/man1/inert.1": "man\n"})
    assert not hits(compared_releases(tmp_path, HARMLESS, new), "data-outside")


def test_many_hits_of_one_kind_are_counted(tmp_path):
    text = "import os\n" + "".join(f"os.system('{number}')\n" for number in range(50))
    found = compared_releases(tmp_path, HARMLESS, TextRelease("1.1", both={"inert/core.py": text}))
    alike = hits(found, "import-process")
    assert len(alike) == 10
    assert alike[-1].evidence.endswith("(and 40 more of these in this file)")


def test_another_wheel_of_the_release_must_be_the_same_or_compiled(tmp_path):
    new = HARMLESS.write(tmp_path / "new")
    other = TextRelease(
        "1.0", tag="cp311-cp311-linux_x86_64", has_sdist=False, wheel={"inert/fast.so": b"\x7fELF" + b"\0" * 99}
    )
    other.write(new)
    found = compared(HARMLESS.write(tmp_path / "old"), new)
    assert found.changes == ()
    TextRelease("1.0", tag="cp312-cp312-linux_x86_64", has_sdist=False, wheel={"inert/evil.py": "x = 1\n"}).write(new)
    found = compared(tmp_path / "old", new)
    assert [(one.path, one.archives) for one in found.changes] == [
        ("inert/evil.py", ("inert-1.0-cp312-cp312-linux_x86_64.whl",))
    ]


@pytest.mark.parametrize(
    "named", ["open('tests/files/bad.xz', 'rb')", "glob.glob('tests/files/*')", "glob.glob('*.xz')"]
)
def test_data_of_tests_that_a_build_reads_is_no_matter_of_tests(tmp_path, named):
    data = {"tests/files/bad.xz": b"\xfd7zXZ\0" + bytes(range(256))}
    setup = "import glob\nfrom setuptools import setup\n\nsetup()\n"
    old = TextRelease("1.0", sdist={"setup.py": setup})
    new = TextRelease("1.1", sdist={"setup.py": setup + f"{named}\n", **data})
    found = compared_releases(tmp_path, old, new)
    assert [(hit.rule, hit.path, hit.moment) for hit in found.signals] == [
        ("data-used-early", "tests/files/bad.xz", "build")
    ]
    silent = TextRelease("1.1", sdist={"setup.py": setup, **data})
    assert compared_releases(tmp_path / "silent", old, silent).signals == ()
