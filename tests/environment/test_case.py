"""File systems that ignore case (W17): a new version whose names differ from the old one's in case alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from peep.environment.installed import installed_projects, read_record
from peep.environment.scheme_paths import in_one_case, scheme_paths_of
from peep.errors import EnvironmentChangeError
from peep.reporting import SilentReporter
from peep.store.wheels import Store
from peep.transaction.apply import apply_plan
from peep.transaction.journal import Move
from peep.transaction.move_plan import Placement, ordered_moves
from peep.transaction.uninstall_files import LeavingFiles, files_to_remove
from support.environment_tree import make_environment, plan_for
from support.memory_wheel import MemoryWheel


@pytest.fixture
def target(tmp_path):
    return make_environment(tmp_path / "env")


@pytest.fixture
def site(target) -> Path:
    return Path(os.path.realpath(target.paths["purelib"]))


@pytest.fixture
def mirror(target):
    """With an empty work folder."""
    mirror = scheme_paths_of(target).mirrors[0]
    os.makedirs(mirror.new)
    return mirror


def known_as(path: Path, other: str) -> None:
    """Let the folder be found by the other name as well, where the file system does not see to that itself."""
    if not os.path.lexists(path.with_name(other)):
        try:
            os.symlink(path.name, path.with_name(other), target_is_directory=True)
        except OSError:
            pytest.skip("this user may not make links")


def put(path: str | Path, text: str = "") -> str:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")
    return str(path)


def test_letters_that_are_one_to_such_a_file_system():
    assert in_one_case("/a/Foo.PY") == in_one_case("/A/foo.py")
    assert in_one_case("\u00c9") == in_one_case("e\u0301")
    assert in_one_case("/a/foo.py") != in_one_case("/a/foo.pyc")


@pytest.mark.parametrize("content", ["the same", "other"])
def test_a_folder_in_other_letters_goes_before_its_successor_comes(target, site, mirror, content):
    """It must not be taken for what is to come, or the same file would be kept for the new project and then go."""
    put(site / "Crypto" / "__init__.py", "the same")
    known_as(site / "Crypto", "crypto")
    staged = os.path.dirname(put(mirror.staged(str(site / "crypto" / "__init__.py")), content))
    backup = os.path.join(mirror.old, "0")

    placement = Placement(scheme_paths_of(target), {str(site / "Crypto"): backup}, force=False)
    placement.match(mirror, ignores_case=True)

    assert placement.conflicts == []
    assert ordered_moves(placement, {}, {}) == [Move(str(site / "Crypto"), backup), Move(staged, str(site / "crypto"))]


def test_files_leave_that_a_record_spells_in_other_letters(target, site):
    put(site / "crypto" / "cipher.py")
    put(site / "crypto" / "__pycache__" / "Cipher.cpython-311.pyc")
    put(site / "kept" / "Other.py")
    listed = LeavingFiles({str(site / "Crypto"): {"Cipher.PY"}, str(site / "kept"): {"other.txt"}})

    going = files_to_remove(listed, scheme_paths_of(target), ignores_case=True)

    assert going.paths == (str(site / "crypto"),)
    if not os.path.lexists(site / "CRYPTO"):
        assert files_to_remove(listed, scheme_paths_of(target)).paths == ()


def test_another_name_of_the_work_folder_leads_nowhere(target, site, mirror):
    """NTFS makes up short names for old programs: PEEP~1."""
    put(mirror.staged(str(site / "PEEP~1" / "committed")))
    known_as(Path(mirror.work), "PEEP~1")
    placement = Placement(scheme_paths_of(target), {}, force=True)

    placement.match(mirror)

    assert placement.put == []
    assert [os.path.basename(path).upper() for path in placement.conflicts] == ["PEEP~1"]


@pytest.fixture
def caseless_target(target, site):
    if not site.with_name(site.name.upper()).exists():
        pytest.skip("this file system minds case")
    return target


@pytest.mark.parametrize("content", ["X = 1\n", "X = 2\n"])
def test_an_upgrade_that_changes_case_is_whole(tmp_path, caseless_target, site, content):
    store = Store(str(tmp_path / "store"), SilentReporter())
    first = {"Crypto/__init__.py": "X = 1\n", "Crypto/gone.py": "", "Top.py": "X = 1\n"}
    second = {"crypto/__init__.py": content, "crypto/new.py": "", "top.py": content}
    for version, files in (("1.0", first), ("2.0", second), ("3.0", first)):
        apply_plan(plan_for([store.add(MemoryWheel("crypto", version, files=files))], caseless_target), caseless_target)

        project = installed_projects(caseless_target)["crypto"]
        assert project.version == version
        assert [row.path for row in read_record(project) if not (site / row.path).is_file()] == []
        assert (site / "crypto" / "gone.py").exists() == ("Crypto/gone.py" in files)
        assert (site / "top.py").read_text() == files.get("Top.py", content)


def test_what_stays_in_other_letters_is_in_the_way(tmp_path, caseless_target, site):
    store = Store(str(tmp_path / "store"), SilentReporter())
    put(site / "Crypto.py", "somebody's")
    plan = plan_for([store.add(MemoryWheel("crypto", files={"crypto.py": ""}))], caseless_target)
    with pytest.raises(EnvironmentChangeError, match="in the way"):
        apply_plan(plan, caseless_target)

    assert (site / "crypto.py").read_text() == "somebody's"
