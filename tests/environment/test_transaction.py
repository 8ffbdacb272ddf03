"""Plans become environments, whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from peep.environment.installed import installed_projects, read_record
from peep.environment.mapping import mapped_files
from peep.environment.plan import PlanOptions
from peep.environment.scheme_paths import scheme_paths_of
from peep.errors import EnvironmentChangeError, StoredWheelsDamaged
from peep.model import InstallPlan, StoredFile
from peep.reporting import SilentReporter
from peep.store.wheels import Store
from peep.transaction.apply import ApplyOptions, apply_plan, recover
from peep.transaction.staging import plan_staging
from support.environment_tree import make_environment, plan_for, tree_digest, tree_of
from support.listener import Listener
from support.memory_wheel import MemoryWheel
from support.stored import stored_path


@pytest.fixture
def target(tmp_path):
    return make_environment(tmp_path / "env")


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path / "store"), SilentReporter())


@pytest.fixture
def add(store):
    """Put a wheel with these files into the store."""

    def added(name, version="1.0", files=None, **more):
        return store.add(MemoryWheel(name, version, files=files, **more))

    return added


def install(target, *wheels, options=None, force=False, reporter=None, giving_way=()):
    chosen = ApplyOptions(force=force, giving_way=giving_way)
    return apply_plan(plan_for(wheels, target, options), target, chosen, reporter)


def site(target) -> Path:
    return Path(target.paths["purelib"])


def run(target, code) -> str:
    return subprocess.run([target.python, "-I", "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_wheels_arrive_with_records_launchers_and_provenance(target, add):
    wheel = add(
        "alpha",
        files={"alpha/__init__.py": "def main(): print('alpha runs')\n", "alpha/data.txt": "x"},
        entry_points={"console_scripts": {"alpha": "alpha:main"}},
    )
    changes = install(target, wheel)

    assert [one.wheel.identity.name for one in changes.installed] == ["alpha"]
    assert subprocess.run([Path(target.paths["scripts"]) / "alpha"], capture_output=True, check=True).stdout == (
        b"alpha runs\n"
    )
    info = site(target) / "alpha-1.0.dist-info"
    assert (info / "INSTALLER").read_text() == "peep\n"
    assert (info / "REQUESTED").read_text() == ""
    assert json.loads((info / "provenance_url.json").read_text()) == {
        "archive_info": {"hashes": {"sha256": wheel.sha256}},
        "url": "https://index.example/alpha-1.0-py3-none-any.whl",
    }
    assert not (site(target) / ".peep").exists()
    rows = read_record(installed_projects(target)["alpha"])
    assert {row.path for row in rows} == {
        "../../../bin/alpha",
        "alpha/__init__.py",
        "alpha/data.txt",
        *(
            f"alpha-1.0.dist-info/{name}"
            for name in ("INSTALLER", "METADATA", "RECORD", "REQUESTED", "WHEEL", "entry_points.txt",
                         "provenance_url.json")
        ),
    }  # fmt: skip


def test_a_second_install_of_the_same_pins_plans_nothing(target, add):
    wheel = add("alpha")
    install(target, wheel)

    assert plan_for([wheel], target).is_empty


def test_a_script_never_starts_a_python_of_the_current_folder_w23(target, add, tmp_path):
    scripts = {"one": "#!python3\nprint('one')\n", "two": "#!python3.11 -x\nprint('two')\n", "three": "#!perl\n"}
    wheel = add("alpha", files={f"alpha-1.0.data/scripts/{name}": text for name, text in scripts.items()})
    changes = install(target, wheel)

    (tmp_path / "python3").write_text("#!/bin/sh\necho evil\n")
    (tmp_path / "python3").chmod(0o755)
    for name in ("one", "two"):
        program = Path(target.paths["scripts"]) / name
        assert subprocess.run([program], cwd=tmp_path, capture_output=True, check=True, text=True).stdout == f"{name}\n"
    [note] = changes.notes
    assert note == "alpha brings the script three, which starts perl of the folder that it is called in"


def test_an_empty_metadata_folder_that_an_uninstall_left_is_no_project(target, add):
    (site(target) / "alpha-1.0.dist-info").mkdir()
    (site(target) / "beta-1.0.dist-info").mkdir()
    assert installed_projects(target) == {}
    install(target, add("alpha", files={"alpha.py": ""}))
    assert installed_projects(target).keys() == {"alpha"}
    assert (site(target) / "alpha-1.0.dist-info" / "RECORD").exists()


def test_an_upgrade_leaves_no_file_of_the_old_version(target, add):
    old = add("alpha", "1.0", {"alpha/__init__.py": "V = 1\n", "alpha/gone/__init__.py": "", "alpha_extra.py": ""})
    new = add("alpha", "2.0", {"alpha/__init__.py": "V = 2\n"})
    install(target, old)
    run(target, "import alpha, alpha.gone, alpha_extra")  # makes bytecode that no RECORD mentions
    changes = install(target, new)

    assert [project.version for project in changes.removed] == ["1.0"]
    assert sorted(os.listdir(site(target))) == ["alpha", "alpha-2.0.dist-info"]
    assert not list(site(target).rglob("*gone*"))
    assert run(target, "import alpha; print(alpha.V)") == "2"


def test_an_upgrade_equals_a_fresh_install(target, add, tmp_path):
    old = add("alpha", "1.0", {"alpha/__init__.py": "", "ns/one/a.py": "", "ns/old.py": ""})
    other = add("beta", "1.0", {"ns/two/b.py": "B = 1\n"})
    new = add("alpha", "2.0", {"alpha/__init__.py": "", "ns/one/c.py": ""})
    install(target, old, other)
    install(target, new, other)
    fresh = make_environment(tmp_path / "fresh")
    install(fresh, new, other)

    ours, theirs = (tree_of(site(one)) for one in (target, fresh))
    assert ours == theirs


def test_files_that_nobody_owns_stay_and_stop_the_run(target, add):
    before = tree_digest(target.prefix)
    (site(target) / "alpha").mkdir()
    (site(target) / "alpha" / "__init__.py").write_text("mine")
    planted = tree_digest(target.prefix)
    with pytest.raises(EnvironmentChangeError, match=r"alpha/__init__\.py \(of no project\)"):
        install(target, add("alpha"))

    assert tree_digest(target.prefix) == planted != before


def test_a_project_that_gives_way_leaves_only_what_differs_to_others(target, add):
    alpha = add("alpha", files={"alpha.py": "", "tests/__init__.py": "", "tests/same.py": "S = 1\n"})
    beta = add("beta", files={"beta.py": "", "tests/__init__.py": "# not empty\n", "tests/same.py": "S = 1\n"})
    with pytest.raises(EnvironmentChangeError, match=r"tests/__init__\.py \(alpha, beta\)") as caught:
        install(target, alpha, beta)
    assert "--allow-file-conflict NAME" in caught.value.hint
    changes = install(target, alpha, beta, giving_way=("alpha",))

    assert len(changes.notes) == 1
    assert changes.notes[0].endswith("tests/__init__.py (beta, alpha): the first one's file was installed")
    assert (site(target) / "tests" / "__init__.py").read_text() == "# not empty\n"
    rows = {name: {row.path for row in read_record(project)} for name, project in installed_projects(target).items()}
    assert "tests/__init__.py" in rows["beta"] - rows["alpha"]
    assert "tests/same.py" in rows["beta"] & rows["alpha"]
    assert run(target, "import alpha, beta, tests.same; print(tests.same.S)") == "1"


def test_a_project_gives_way_to_what_is_installed_already(target, add):
    install(target, add("alpha", files={"tests/__init__.py": "", "alpha.py": ""}))
    beta = add("beta", files={"beta.py": "", "tests/__init__.py": "# not empty\n"})
    with pytest.raises(EnvironmentChangeError, match=r"tests/__init__\.py \(of alpha\)"):
        install(target, beta)
    changes = install(target, beta, giving_way=("beta",))

    assert len(changes.notes) == 1
    assert (site(target) / "tests" / "__init__.py").read_text() == ""
    assert (site(target) / "beta.py").exists()
    assert "tests/__init__.py" not in {row.path for row in read_record(installed_projects(target)["beta"])}


def test_giving_way_is_no_leave_to_overwrite_what_nobody_owns(target, add):
    (site(target) / "beta.py").write_text("mine")
    with pytest.raises(EnvironmentChangeError, match=r"beta\.py \(of no project\)"):
        install(target, add("beta", files={"beta.py": ""}), giving_way=("beta",))


def test_files_of_other_projects_are_never_overwritten_w11(target, add):
    install(target, add("alpha", files={"shared/thing.py": "a = 1\n"}))
    before = tree_digest(target.prefix)
    with pytest.raises(EnvironmentChangeError, match=r"shared/thing\.py \(of alpha\)"):
        install(target, add("beta", files={"shared/thing.py": "b = 1\n"}))

    assert tree_digest(target.prefix) == before


def test_the_same_bytes_may_be_shared_and_survive_the_first_owner(target, add):
    alpha = add("alpha", files={"ns/__init__.py": "# shared\n", "ns/a.py": ""})
    beta = add("beta", files={"ns/__init__.py": "# shared\n", "ns/b.py": ""})
    install(target, alpha)
    install(target, beta)
    install(target, add("alpha", "2.0", files={"alpha.py": ""}))

    assert sorted(path.name for path in (site(target) / "ns").iterdir()) == ["__init__.py", "b.py"]


def test_two_new_projects_with_different_files_in_one_place_are_refused(target, add):
    alpha, beta = add("alpha", files={"x.py": "a"}), add("beta", files={"x.py": "b"})
    before = tree_digest(target.prefix)
    with pytest.raises(EnvironmentChangeError, match=r"x\.py \(alpha, beta\)"):
        install(target, alpha, beta)

    assert tree_digest(target.prefix) == before
    changes = install(target, alpha, beta, force=True)
    assert (site(target) / "x.py").read_text() == "a"
    assert len(changes.notes) == 1


def test_force_overwrites_what_nobody_owns_but_never_the_interpreter_w10(target, add):
    (site(target) / "alpha.py").write_text("mine")
    install(target, add("alpha", files={"alpha.py": "theirs"}), force=True)
    assert (site(target) / "alpha.py").read_text() == "theirs"

    before = tree_digest(target.prefix)
    for path in ("scripts/python", "data/bin/Python3.exe", "data/PythonW.exe", "data/pyvenv.cfg", "scripts/activate"):
        with pytest.raises(EnvironmentChangeError, match="part of the environment itself"):
            install(target, add("bad", files={f"bad-1.0.data/{path}": "evil"}), force=True)
    assert tree_digest(target.prefix) == before


def test_unknown_data_schemes_are_refused_w9(target, add):
    good = add("bad", files={"bad.py": ""})
    for path in ("../x", "scripts/../../x", "lib/x", "scripts", "purelib//x"):
        evil = replace(good, files=(StoredFile(f"bad-1.0.data/{path}", "", 0, is_executable=False),))
        with pytest.raises(EnvironmentChangeError, match="no place of an install scheme"):
            list(mapped_files(evil, target))


def test_data_files_go_to_their_schemes(target, add):
    files = {
        "alpha-1.0.data/scripts/tool": "#!python -c evil\nprint('tool')\n",
        "alpha-1.0.data/data/share/man/a.1": "man",
        "alpha-1.0.data/headers/a.h": "h",
        "alpha-1.0.data/platlib/plat.py": "",
        "alpha-1.0.data/purelib/pure.py": "",
    }
    install(target, add("alpha", files=files))
    version = "python{}.{}".format(*target.version)

    prefix = Path(target.prefix)
    assert (prefix / "share/man/a.1").read_text() == "man"
    assert (prefix / f"include/site/{version}/alpha/a.h").exists()
    assert {"plat.py", "pure.py"} <= set(os.listdir(site(target)))
    assert (prefix / "bin/tool").read_text() == f"#!{target.python}\nprint('tool')\n"  # W14
    assert subprocess.run([prefix / "bin/tool"], check=True, capture_output=True).stdout == b"tool\n"
    install(target, add("alpha", "2.0"))
    assert not (prefix / "share").exists()
    assert not (prefix / "bin/tool").exists()


def test_what_installers_generate_is_not_taken_from_the_wheel_w21(target, add):
    info = "alpha-1.0.dist-info"
    files = {
        "alpha.py": "",
        "__pycache__/alpha.cpython-311.pyc": "bytecode",
        f"{info}/INSTALLER": "conda",
        f"{info}/direct_url.json": '{"url": "https://evil.example", "dir_info": {"editable": true}}',
    }
    install(target, add("alpha", files=files))

    assert (site(target) / info / "INSTALLER").read_text() == "peep\n"
    assert not (site(target) / info / "direct_url.json").exists()
    assert not (site(target) / "__pycache__").exists()
    assert "pyc" not in (site(target) / info / "RECORD").read_text()


def test_a_record_with_paths_outside_is_not_obeyed_w2(target, add, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    install(target, add("alpha"))
    record = site(target) / "alpha-1.0.dist-info" / "RECORD"
    outside = os.path.relpath(victim, site(target))
    record.write_text(record.read_text() + f"{outside},,\n{victim},,\n../../../bin/python,,\n../../../pyvenv.cfg,,\n")
    listener = Listener()
    install(target, add("alpha", "2.0"), reporter=listener)

    assert victim.read_text() == "precious"
    assert run(target, "print('still starts')") == "still starts"
    assert len([line for line in listener.warnings if "left alone" in line]) == 4


def test_links_in_the_environment_are_not_followed_when_removing_w2(target, add, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("precious")
    install(target, add("alpha"))
    (site(target) / "alpha" / "door").symlink_to(outside)
    record = site(target) / "alpha-1.0.dist-info" / "RECORD"
    record.write_text(record.read_text() + "alpha/door/precious,,\n")
    install(target, add("alpha", "2.0"))

    assert (outside / "precious").read_text() == "precious"


def test_a_metadata_folder_that_is_a_link_goes_as_a_link(target, add, tmp_path):
    """Else the project would be told as removed, and be there on the next run."""
    outside = tmp_path / "outside"
    install(target, add("alpha"))
    (site(target) / "alpha-1.0.dist-info").rename(outside)
    (site(target) / "alpha-1.0.dist-info").symlink_to(outside)
    install(target, add("alpha", "2.0"))

    assert [path.name for path in site(target).glob("alpha-*")] == ["alpha-2.0.dist-info"]
    assert (outside / "METADATA").exists()


def test_a_users_own_file_inside_a_package_survives_an_upgrade(target, add):
    install(target, add("alpha", files={"alpha/__init__.py": "", "alpha/deep/a.py": ""}))
    (site(target) / "alpha" / "deep" / "notes.txt").write_text("mine")
    install(target, add("alpha", "2.0", files={"alpha/__init__.py": "V = 2\n", "alpha/deep/b.py": ""}))

    assert sorted(os.listdir(site(target) / "alpha" / "deep")) == ["b.py", "notes.txt"]
    assert (site(target) / "alpha" / "__init__.py").read_text() == "V = 2\n"


def test_legacy_installs_are_refused_by_name(target, add):
    (site(target) / "alpha-0.9.egg-info").mkdir()
    (site(target) / "alpha-0.9.egg-info" / "PKG-INFO").write_text("Name: alpha\nVersion: 0.9\n")
    before = tree_digest(target.prefix)
    with pytest.raises(EnvironmentChangeError, match=r"alpha 0\.9 is a legacy install without a RECORD"):
        install(target, add("alpha"))

    assert tree_digest(target.prefix) == before


def test_a_project_twice_in_one_environment_becomes_one(target, add):
    install(target, add("alpha"))
    twin = site(target) / "alpha-0.9.dist-info"
    twin.mkdir()
    (twin / "METADATA").write_text("Name: alpha\nVersion: 0.9\n")
    (twin / "RECORD").write_text("alpha-0.9.dist-info/METADATA,,\nalpha-0.9.dist-info/RECORD,,\n")
    plan = plan_for([add("alpha")], target)

    assert plan.notes
    apply_plan(plan, target)
    assert sorted(os.listdir(site(target))) == ["alpha", "alpha-1.0.dist-info"]


def test_an_edited_store_file_is_never_installed(target, add):
    wheel = add("alpha", files={"alpha.py": "a", "alpha-1.0.data/scripts/tool": "#!python\n"})
    before = tree_digest(target.prefix)
    path = Path(stored_path(wheel, "alpha.py"))
    path.chmod(0o644)
    path.write_text("b")
    with pytest.raises(StoredWheelsDamaged) as caught:
        install(target, wheel)

    assert caught.value.digests == (wheel.sha256,)
    assert tree_digest(target.prefix) == before


def test_removing_without_successor(target, add):
    alpha, beta = add("alpha"), add("beta", entry_points={"console_scripts": {"beta": "beta:x"}})
    before = tree_digest(target.prefix)
    install(target, alpha, beta)
    apply_plan(InstallPlan(remove=tuple(installed_projects(target).values())), target)

    assert tree_digest(target.prefix) == before


def test_force_reinstall_gives_the_same_tree(target, add):
    wheel = add("alpha", entry_points={"console_scripts": {"alpha": "alpha:x"}})
    install(target, wheel)
    before = tree_of(target.prefix)
    changes = install(target, wheel, options=PlanOptions(force_reinstall=True))

    assert len(changes.installed) == 1
    assert tree_of(target.prefix) == before


def test_a_plan_that_another_run_has_carried_out_meanwhile_changes_nothing(target, add):
    alpha, beta = add("alpha"), add("beta")
    plan = plan_for([alpha, beta], target)
    apply_plan(plan, target)
    before = tree_of(target.prefix)

    changes = apply_plan(plan, target)
    assert changes.installed == ()
    assert changes.plan.is_empty
    assert [project.name for project in changes.plan.keep] == ["alpha", "beta"]
    assert tree_of(target.prefix) == before


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user who can be refused")
def test_a_read_only_site_packages_is_a_clear_error(target, add):
    before = tree_digest(target.prefix)
    site(target).chmod(0o555)
    try:
        with pytest.raises(EnvironmentChangeError, match="can't be changed"):
            install(target, add("alpha"))
    finally:
        site(target).chmod(0o755)
    assert tree_digest(target.prefix) == before


def test_a_target_folder_is_made_and_holds_everything(target, add, tmp_path):
    folder = tmp_path / "made" / "by" / "peep"
    paths = {**dict.fromkeys(("purelib", "platlib", "data"), str(folder)), "scripts": str(folder / "bin")}
    elsewhere = replace(target, paths={**paths, "headers": str(folder / "include")})
    wheel = add("alpha", entry_points={"console_scripts": {"alpha": "alpha:x"}})
    apply_plan(plan_for([wheel], elsewhere), elsewhere)

    assert sorted(os.listdir(folder)) == ["alpha", "alpha-1.0.dist-info", "bin"]
    assert plan_for([wheel], elsewhere).is_empty


def test_root_places_everything_below_it_and_records_relative_paths(target, add, tmp_path):
    rooted = replace(target, root=str(tmp_path / "image"))
    wheel = add("alpha", entry_points={"console_scripts": {"alpha": "alpha:x"}})
    apply_plan(plan_for([wheel], rooted), rooted)

    program = Path(str(tmp_path / "image") + target.paths["scripts"]) / "alpha"
    assert program.read_text().startswith(f"#!{target.python}\n")
    assert "../../../bin/alpha," in next((tmp_path / "image").rglob("RECORD")).read_text()
    assert not (site(target) / "alpha").exists()


def test_recover_has_nothing_to_do_in_a_sound_environment(target):
    assert recover(target) is None


def test_bytecode_on_request_is_recorded_reproducible_and_goes_with_its_project_w15(target, add):
    files = {
        "alpha/__init__.py": "import sys\nV = sys.version\n",
        "alpha/bad.py": "not python at all\n",
        "alpha.pth": "import os; os._exit(9)\n",
        "sitecustomize.py": "import os; os._exit(9)\n",
        "json.py": "import os; os._exit(9)\n",
    }
    wheel = add("alpha", files=files)
    before = tree_of(target.prefix)
    apply_plan(plan_for([wheel], target), target, ApplyOptions(compile=True))
    made = {path for path in tree_of(site(target)) if path.endswith(".pyc")}
    first = tree_of(site(target))
    apply_plan(plan_for([wheel], target, PlanOptions(force_reinstall=True)), target, ApplyOptions(compile=True))

    assert len(made) == 3
    assert {row.path for row in read_record(installed_projects(target)["alpha"]) if row.path.endswith("pyc")} == made
    assert tree_of(site(target)) == first
    apply_plan(InstallPlan(remove=tuple(installed_projects(target).values())), target)
    assert tree_of(target.prefix) == before


@pytest.mark.parametrize("damage", [None, "", '"', "a,b\n"])
def test_a_project_without_its_record_is_replaced_by_force_only(target, add, damage):
    install(target, add("alpha"))
    record = site(target) / "alpha-1.0.dist-info" / "RECORD"
    record.unlink()
    if damage is not None:
        record.write_text(damage)
    new = add("alpha", "2.0", {"alpha/__init__.py": "V = 2\n"})
    with pytest.raises(EnvironmentChangeError) as caught:
        install(target, new)
    assert "--force-reinstall" in caught.value.hint
    install(target, new, options=PlanOptions(force_reinstall=True), force=True)

    assert sorted(os.listdir(site(target))) == ["alpha", "alpha-2.0.dist-info"]
    assert (site(target) / "alpha" / "__init__.py").read_text() == "V = 2\n"


def test_paths_that_are_too_long_are_a_clear_error_w18(target, add):
    before = tree_digest(target.prefix)
    wheel = add("alpha")
    for name in ("x" * 300, "/".join(["y" * 200] * 25)):
        folder = os.path.join(target.prefix, name)
        elsewhere = replace(target, paths={**target.paths, "purelib": folder, "platlib": folder})
        with pytest.raises(EnvironmentChangeError, match="File name too long"):
            apply_plan(plan_for([wheel], elsewhere), elsewhere)
        assert tree_digest(target.prefix) == before


def test_a_wheel_may_not_bring_the_work_folder(target, add):
    good = add("alpha")
    evil = replace(good, files=(StoredFile(".peep/journal", "", 0, is_executable=False), *good.files))
    before = tree_digest(target.prefix)
    with pytest.raises(EnvironmentChangeError, match="which is peep's"):
        install(target, evil)

    assert tree_digest(target.prefix) == before


@pytest.mark.parametrize(
    "path",
    [
        ".PEEP/journal",
        "evil-1.0.data/purelib/.peep/committed",
        "evil-1.0.data/platlib/.Peep/undone",
        "evil-1.0.data/data/lib/python3/site-packages/.peep/o/1",
        "evil-1.0.data/purelib/.peep.lock",
    ],
)
def test_nor_by_a_scheme_that_leads_there_nor_in_capitals(target, add, path):
    """Its marks say what becomes of an interrupted transaction; some file systems ignore case."""
    before = tree_digest(target.prefix)
    with pytest.raises(EnvironmentChangeError, match=r"brings a file called \.peep"):
        install(target, add("evil", files={"evil.py": "", path: ""}))
    assert tree_digest(target.prefix) == before


def test_files_that_only_sound_like_it_are_fine(target, add):
    install(target, add("good", files={"good/.peep/x": "", "good-1.0.data/data/etc/.peeprc": "x"}))

    assert os.path.isfile(os.path.join(target.prefix, "etc", ".peeprc"))


def test_installers_replace_themselves_like_anything_else_w19(target, add):
    install(target, add("pip", "1.0", {"pip/__init__.py": "V = 1\n"}), add("peep", "1.0"))
    install(target, add("pip", "2.0", {"pip/__init__.py": "V = 2\n"}), add("peep", "1.0"))

    assert (site(target) / "pip" / "__init__.py").read_text() == "V = 2\n"


def test_names_that_collide_without_regard_to_case_w17(target, add):
    scheme_paths = scheme_paths_of(target)
    alpha, beta = add("alpha", files={"Shared/a.py": "1"}), add("beta", files={"shared/A.py": "2"})
    plan = plan_for([alpha, beta], target)
    assert plan_staging(plan.link, scheme_paths, force=False, ignores_case=False).notes == []
    with pytest.raises(EnvironmentChangeError, match=r"shared/A\.py \(alpha, beta\)"):
        plan_staging(plan.link, scheme_paths, force=False, ignores_case=True)
    for pair in ("x.py", "X.py"), ("\u00e9.py", "e\u0301.py"):
        twice = add("gamma", files=dict.fromkeys(pair, ""))
        with pytest.raises(EnvironmentChangeError, match="one path twice"):
            plan_staging(plan_for([twice], target).link, scheme_paths, force=False, ignores_case=True)


def test_what_runs_at_every_start_is_reported_w15(target, add):
    quiet = add("alpha", files={"alpha/sitecustomize.py": "", "alpha/x.pth": ""})
    loud = add("beta", files={"beta.pth": "import os", "sitecustomize/__init__.py": "", "usercustomize.py": ""})

    (note,) = install(target, quiet, loud).notes
    assert note.startswith("beta 1.0 brings beta.pth, sitecustomize, usercustomize.py, which every start")


def test_what_runs_at_every_start_is_reported_wherever_it_comes_from_w22(target, add):
    site = os.path.relpath(target.paths["purelib"], target.paths["data"]).replace(os.sep, "/")
    for number, (member, shown) in enumerate(
        [
            ("beta-{}.data/purelib/a.pth", "a.pth"),
            ("beta-{}.data/platlib/sitecustomize.abi3.so", "sitecustomize.abi3.so"),
            (f"beta-{{}}.data/data/{site}/b.start", "b.start"),
            (f"beta-{{}}.data/data/{site}/usercustomize/__init__.py", "usercustomize"),
            ("beta-{}.data/data/lib64/python3.4/site-packages/c.pth", "lib64/python3.4/site-packages/c.pth"),
        ]
    ):
        version = f"1.{number}"
        (note,) = install(target, add("beta", version, {member.format(version): ""})).notes
        assert note.startswith(f"beta {version} brings {shown}, which every start"), member


def test_nothing_is_imported_once_files_move_w16(target, add, tmp_path):
    install(target, add("alpha", "1.0", {"alpha/__init__.py": "", "alpha/gone.py": ""}))
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from peep.transaction.apply import apply_plan
from peep.reporting import SilentReporter
from peep.store.wheels import Store
from peep.target.discovery import TargetRequest, discover_target
from support.environment_tree import plan_for
from support.memory_wheel import MemoryWheel

class Watch:
    known = set()
    def reached(self, step):
        if step == "journal written":
            self.known = set(sys.modules)

target = discover_target(TargetRequest(python={target.python!r}))
wheel = Store({str(tmp_path / "store")!r}, SilentReporter()).add(
    MemoryWheel("alpha", "2.0", files={{"alpha/__init__.py": "", "shutil.py": "raise SystemExit(9)\\n"}})
)
sys.path.append(target.paths["purelib"])
watch = Watch()
apply_plan(plan_for([wheel], target), target, crash_points=watch)
assert watch.known
print(sorted(name for name in set(sys.modules) - watch.known if name.split(".")[0] not in sys.stdlib_module_names))
"""
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert ended.stdout == "[]\n"
