"""`--require-examined` through whole runs: what is refused and never runs, what is told, what is remembered."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from peep.cli.main import run
from peep.errors import (
    HashMismatch,
    InstallRefused,
    Lack,
    NotExamined,
    ObjectedTo,
    OmittedDependency,
    RecordsUnreadable,
    UsageError,
)
from peep.model import TargetEnvironment
from peep.shortcuts import noop
from peep.shortcuts.noop import load
from peep.system.clock import utc_day
from peep.workflows.digest import digest
from support.build_machine import BuildMachine, committed, project_folder
from support.environment_tree import make_environment
from support.fake_index import FakeIndex
from support.vetting import ALICE, audits_file
from support.wheels import sdist_bytes, wheel_bytes

TODAY = utc_day()
DEMAND = "# peep: --require-examined"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def audit_of(content: bytes, project: str, criteria: str = "safe-to-run", more: str = "") -> str:
    return (
        f'[[audit]]\nproject = "{project}"\ncriteria = ["{criteria}"]\nby = "{ALICE}"\non = {TODAY}\n'
        f'read = ["{sha256(content)}  {project}"]\n{more}\n'
    )


def excuse_of(content: bytes, project: str, until: int) -> str:
    return (
        f'[[excused]]\nproject = "{project}"\ncriteria = ["safe-to-run"]\narchives = ["{sha256(content)}  {project}"]\n'
        f'by = "{ALICE}"\non = {TODAY - timedelta(9)}\nuntil = {TODAY + timedelta(until)}\nwhy = "x"\n'
    )


@pytest.fixture
def machine(tmp_path):
    with FakeIndex({}) as index:
        yield BuildMachine(tmp_path, index)


def records(machine: BuildMachine, *entries: str, **files: str) -> None:
    folder = machine.folder / "vetting"
    folder.mkdir(exist_ok=True)
    (folder / "audits.toml").write_bytes(audits_file(*entries))
    for kind, body in files.items():
        (folder / f"{kind}.toml").write_text(f'format = "peep {kind} 1"\n{body}')


def publish(machine: BuildMachine, name: str, right: bool = True, **more) -> bytes:
    content = wheel_bytes(name, "1.0", **more)
    machine.publish(name, f"{name}-1.0-py3-none-any.whl", content, right=right)
    return content


def refused(machine: BuildMachine, *head: str, **build):
    with pytest.raises(InstallRefused) as caught:
        machine.install(*(head or (DEMAND,)), **build)
    assert machine.builds() == []
    assert not machine.mark.exists()
    return caught.value.problems


def lacking(problems) -> list[tuple[str, Lack]]:
    return [(one.pin.name, one.lack) for one in problems if isinstance(one, NotExamined)]


# -- what is asked about ---------------------------------------------------------------------------


def test_an_unexamined_project_is_refused_and_not_even_fetched(machine):
    good, new = publish(machine, "good"), publish(machine, "new")
    records(machine, audit_of(good, "good"))

    problems = refused(machine)

    assert lacking(problems) == [("new", Lack.UNEXAMINED)]
    assert problems[0].sha256 == sha256(new)
    assert not any("new-1.0" in request.path for request in machine.index.requests)
    assert machine.installed() == []


def test_other_bytes_of_an_examined_version_are_told_as_such(machine):
    publish(machine, "new")
    records(machine, audit_of(wheel_bytes("new", "1.0", files={"new.py": "1"}), "new", more='version = "1.0"\n'))

    problems = refused(machine)

    assert [(one.nearest_version, one.nearest_by) for one in problems] == [("1.0", ALICE)]


def test_what_is_examined_is_installed_and_counted(machine):
    records(machine, audit_of(publish(machine, "good"), "good"))

    result = machine.install(DEMAND)

    assert str(result.examined.summary) == "1 examined"
    assert machine.install().examined is None, "without a demand nobody is asked"


def test_without_a_demand_no_vetting_file_is_read(machine):
    publish(machine, "good")
    records(machine, "x = 1\n")

    machine.install()

    assert machine.installed()


def test_a_wheel_of_the_store_is_asked_about_like_a_fetched_one(machine):
    publish(machine, "good")
    machine.install()
    shutil.rmtree(machine.folder / "target")
    records(machine)

    assert lacking(refused(machine)) == [("good", Lack.UNEXAMINED)]


def test_a_project_that_stays_is_asked_about_by_what_is_recorded(machine):
    publish(machine, "good")
    machine.install()
    records(machine)

    (problem,) = refused(machine)

    assert (problem.pin.name, problem.lack) == ("good", Lack.UNEXAMINED)


def test_a_project_whose_origin_nobody_recorded_does_not_pass_for_ever(machine):
    good = publish(machine, "good")
    machine.install()
    (origin,) = (machine.folder / "target" / "good-1.0.dist-info").glob("*_url.json")
    document = json.loads(origin.read_text())
    records(machine, audit_of(good, "good"))
    assert machine.install(DEMAND).examined is not None

    hashes = document["archive_info"]["hashes"]
    document["archive_info"]["hashes"] = {"sha512": hashlib.sha512(good).hexdigest()}
    origin.write_text(json.dumps(document))
    machine.lines = [f"good==1.0 --hash=sha512:{hashlib.sha512(good).hexdigest()} --hash=sha256:{hashes['sha256']}"]

    assert lacking(refused(machine)) == [("good", Lack.UNRECORDED)]


def test_whatever_algorithm_is_listed_the_sha256_decides(machine):
    good = publish(machine, "good")
    machine.lines = [f"good==1.0 --hash=sha512:{hashlib.sha512(good).hexdigest()}"]
    records(machine)
    assert lacking(refused(machine)) == [("good", Lack.UNEXAMINED)]

    records(machine, audit_of(good, "good"))
    assert machine.install(DEMAND).examined.summary.examined == 1


def test_an_sdist_must_meet_the_demand_for_builds_too(machine):
    machine.sdist("good")
    content = machine.index.content.projects["good"]["good-1.0.tar.gz"]
    records(machine)
    assert lacking(refused(machine)) == [("good", Lack.UNEXAMINED)]

    records(machine, audit_of(content, "good"), policy='demand-build = "safe-to-deploy"\n')
    assert [one.criterion for one in refused(machine)] == ["safe-to-deploy"]

    records(machine, audit_of(content, "good", "safe-to-deploy"), policy='demand-build = "safe-to-deploy"\n')
    machine.install(DEMAND)
    assert machine.mark.exists(), "what was examined is built; the built wheel needs nothing"


def test_build_requirements_are_asked_about_before_anything_is_built(machine):
    machine.sdist("good", requires=["saw"])
    content = machine.index.content.projects["good"]["good-1.0.tar.gz"]
    saw = wheel_bytes("saw", "1.0")
    machine.index.content.projects["saw"] = {"saw-1.0-py3-none-any.whl": saw}
    (machine.folder / "build.txt").write_text(machine.line("saw", saw))
    head = (DEMAND, "# peep: --build-constraint build.txt")
    records(machine, audit_of(content, "good"))

    assert lacking(refused(machine, *head)) == [("saw", Lack.UNEXAMINED)]

    records(machine, audit_of(content, "good"), audit_of(saw, "saw"))
    machine.install(*head)
    records(machine, audit_of(content, "good"))
    shutil.rmtree(machine.folder / "target")
    machine.mark.unlink()
    machine.told.notes.clear()
    assert lacking(refused(machine, *head)) == [("saw", Lack.UNEXAMINED)], "also when the wheel was built before"


def test_what_a_backend_asks_for_later_is_asked_about_too(machine):
    asking = "def get_requires_for_build_wheel(config_settings=None):\n    return ['saw']\n"
    marking = f"open({str(machine.mark)!r}, 'a').write('ran ')\nfrom in_tree_backend import *\n{asking}"
    pyproject = '[build-system]\nrequires = []\nbuild-backend = "marking"\nbackend-path = ["."]\n'
    content = sdist_bytes("good", "1.0", files={"marking.py": marking}, pyproject=pyproject)
    machine.publish("good", "good-1.0.tar.gz", content)
    saw = wheel_bytes("saw", "1.0")
    machine.index.content.projects["saw"] = {"saw-1.0-py3-none-any.whl": saw}
    (machine.folder / "build.txt").write_text(machine.line("saw", saw))
    records(machine, audit_of(content, "good"))

    with pytest.raises(InstallRefused) as caught:
        machine.install(DEMAND, "# peep: --build-constraint build.txt")

    assert lacking(caught.value.problems) == [("saw", Lack.UNEXAMINED)]
    assert machine.installed() == []


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_a_commit_is_refused_unless_it_is_excused(machine):
    folder = project_folder(machine.folder / "source")
    commit = committed(folder)
    url = folder.as_uri()
    machine.lines = [f"good @ git+{url}@{commit}"]
    records(machine)

    assert lacking(refused(machine)) == [("good", Lack.COMMIT)]

    excuse = excuse_of(b"", "good", 3)
    lines = [line for line in excuse.splitlines() if not line.startswith("archives")]
    records(machine, excused="\n".join([*lines, f'commits = ["git:{commit}  {url}"]\n']))
    assert machine.install(DEMAND).examined.summary.excused == 1
    assert machine.install(DEMAND).examined.summary.excused == 1, "a kept commit is known by what is recorded"


def test_a_trusted_folder_is_not_asked_about_and_named_each_time(machine):
    folder = project_folder(machine.folder / "source")
    machine.lines = [f"good @ {folder.as_uri()}"]
    records(machine)

    result = machine.install(DEMAND, f"# peep: --trust-local {folder}")

    assert str(result.examined.summary) == "0 examined, nobody asked about good"


# -- one report ------------------------------------------------------------------------------------


def test_everything_wrong_is_told_in_one_report(machine):
    bad = publish(machine, "bad", right=False)
    publish(machine, "new")
    needy = publish(machine, "needy", requires=["absent"])
    ctx = publish(machine, "ctx")
    wrong = f'[[violation]]\nproject = "ctx"\ncriteria = ["safe-to-run"]\nby = "{ALICE}"\non = {TODAY}\n'
    wrong += 'why = "sends it away"\nversions = ">=0"\n'
    listed = sha256(bad + b"!")
    known = audit_of(bad, "bad").replace(sha256(bad), listed)
    records(machine, known, audit_of(needy, "needy"), audit_of(ctx, "ctx"), wrong)

    problems = refused(machine)

    assert {type(problem) for problem in problems} == {HashMismatch, NotExamined, ObjectedTo, OmittedDependency}
    (objection,) = (problem for problem in problems if isinstance(problem, ObjectedTo))
    assert (objection.by, objection.why) == (ALICE, "sends it away")


def test_unreadable_records_refuse_everything_with_the_rest_that_is_wrong(machine):
    publish(machine, "good")
    machine.lines.append("unpinned")
    records(machine, "x = 1\n", policy="y = 1\n")

    problems = refused(machine)

    assert [str(one) for one in problems if isinstance(one, RecordsUnreadable)] == [
        f"{machine.folder}/vetting/audits.toml: unknown keys: x",
        f"{machine.folder}/vetting/policy.toml: unknown keys: y",
    ]
    assert len(problems) == 3
    assert not machine.index.requests


# -- who demands -----------------------------------------------------------------------------------


def test_the_strongest_demand_of_all_holds(machine):
    good = publish(machine, "good")
    records(machine, audit_of(good, "good"))
    deploy = "# peep: --require-examined safe-to-deploy"

    assert [one.criterion for one in refused(machine, DEMAND, deploy)] == ["safe-to-deploy"]
    (machine.folder / "peep.toml").write_text('require-examined = "safe-to-deploy"\n')
    assert [one.criterion for one in refused(machine, "# nothing")] == ["safe-to-deploy"]
    assert [one.criterion for one in refused(machine)] == ["safe-to-deploy"]
    (machine.folder / "peep.toml").unlink()
    (machine.folder / "pyproject.toml").write_text("[tool.peep]\nrequire-examined = true\n")
    assert machine.install("# nothing").examined is not None


def test_a_demand_that_nobody_defined_is_refused_by_its_place(machine):
    publish(machine, "good")
    records(machine)

    with pytest.raises(UsageError, match=r"requirements\.txt:1: nobody defined the criterion fast"):
        machine.install("# peep: --require-examined fast")


def test_a_lock_file_demands(machine, capsys):
    good = publish(machine, "good")
    records(machine)
    filename = "good-1.0-py3-none-any.whl"
    url = machine.index.simple_url.replace("/simple/", f"/files/{filename}")
    lock = machine.folder / "pylock.toml"
    lock.write_text(
        'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "good"\nversion = "1.0"\n[[packages.wheels]]\n'
        f'name = "{filename}"\nurl = "{url}"\nhashes = {{sha256 = "{sha256(good)}"}}\n'
        "[tool.peep]\nrequire-examined = true\n"
    )

    assert run(["install", str(lock), "--target", str(machine.folder / "target"), "-i", machine.index.simple_url]) == 1
    assert "NOBODY EXAMINED" in capsys.readouterr().out


# -- the command line ------------------------------------------------------------------------------


class Place:
    """A requirements file with its records, an environment, an index, and the command line."""

    def __init__(self, folder: Path, index: FakeIndex, capture: pytest.CaptureFixture[str]) -> None:
        self.machine = BuildMachine(folder, index)
        self.folder, self.index, self.capture = folder, index, capture
        self.target: TargetEnvironment = make_environment(folder / "env")
        self.good = publish(self.machine, "good")
        self.other = publish(self.machine, "other")
        self.write()

    def write(self) -> None:
        (self.folder / "requirements.txt").write_text("\n".join(self.machine.lines) + "\n")

    def words(self, verb: str, *more: str) -> list[str]:
        place = [] if verb in {"download", "wheel"} else ["--python", self.target.python]
        return [verb, *place, "-i", self.index.simple_url, "-r", "requirements.txt", *more]

    def run(self, verb: str = "install", *more: str) -> tuple[int, str]:
        """The exit status, and what stands on standard output; on standard error where nothing does."""
        self.capture.readouterr()
        status = self.run_words(self.words(verb, *(more or ("--require-examined",))))
        captured = self.capture.readouterr()
        return status, captured.out or captured.err

    def run_words(self, words: list[str]) -> int:
        sys.argv[1:] = words  # what a run is remembered by
        return run(words)


@pytest.fixture
def place(tmp_path, monkeypatch, capsys):
    with FakeIndex({}) as index:
        found = Place(tmp_path, index, capsys)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["peep"])
        yield found


def test_the_last_line_tells_what_is_examined_and_until_when(place):
    records(place.machine, audit_of(place.good, "good"), excused=excuse_of(place.other, "other", 5))
    end = TODAY + timedelta(5)
    told = f"every archive verified, 1 examined, 1 excused until {end}"

    assert place.run("install", "--require-examined", "--dry-run")[1].endswith(f"would have installed 2; {told}\n")
    assert place.run()[1].endswith(f"installed 2; {told}\n")
    again = f"nothing to do: 2 projects are as listed; 1 examined, 1 excused until {end}\n"
    assert place.run() == (0, again)
    assert place.run("sync") == (0, again)
    status, text = place.run("install", "--require-examined", "--format", "json")
    assert (status, json.loads(text)["examined"]["excused_until"]) == (0, str(end))


def test_an_excuse_that_ended_yesterday_lets_nothing_pass(place):
    records(place.machine, audit_of(place.good, "good"), excused=excuse_of(place.other, "other", 0))

    status, text = place.run()

    assert status == 1
    assert "other==1.0 (requirements.txt:2)" in text
    assert text.endswith("Not proceeding to installation.\n")


@pytest.mark.parametrize("verb", ["install", "sync", "download", "wheel", "verify"])
def test_every_verb_that_uses_archives_refuses(place, verb):
    place.run_words(place.words("install"))
    before = digest_of(place)
    records(place.machine, audit_of(place.good, "good"))

    status, text = place.run(verb)

    assert status == 1
    assert "other" in text
    assert ("not-examined" if verb == "verify" else "NOBODY EXAMINED THEM") in text
    assert digest_of(place) == before
    assert not list(place.folder.glob("*.whl"))

    records(place.machine, audit_of(place.good, "good"), audit_of(place.other, "other"))
    assert place.run(verb)[0] == 0


def digest_of(place: Place) -> str:
    from peep.pipeline.context import RunContext  # noqa: PLC0415
    from peep.pipeline.options import InstallOptions, TargetOptions  # noqa: PLC0415
    from peep.reporting import SilentReporter  # noqa: PLC0415

    options = InstallOptions(target=TargetOptions(python=place.target.python))
    return digest(options, RunContext({}, SilentReporter())).hex


def test_verify_without_a_list_asks_about_all_that_is_installed(place):
    place.run_words(place.words("install"))
    records(place.machine, audit_of(place.good, "good"))
    place.capture.readouterr()

    assert run(["verify", "--python", place.target.python, "--require-examined", "--vetting", "vetting"]) == 1

    told = place.capture.readouterr().out
    assert "not-examined: other: " in told
    assert "not-examined: good: " not in told


@pytest.mark.parametrize("again", ["--refetch", "nothing stored"])
def test_verify_builds_nothing_again_with_what_nobody_examined(place, again):
    """A proof that needs a build runs other people's code, too: the gate stands before it as before an install's."""
    machine = place.machine
    machine.sdist("made", requires=["saw"])
    content, saw = machine.index.content.projects["made"]["made-1.0.tar.gz"], wheel_bytes("saw", "1.0")
    machine.index.content.projects["saw"] = {"saw-1.0-py3-none-any.whl": saw}
    (place.folder / "build.txt").write_text(machine.line("saw", saw))
    machine.lines.insert(0, "# peep: --build-constraint build.txt")
    place.write()
    examined = [audit_of(place.good, "good"), audit_of(place.other, "other"), audit_of(content, "made")]
    records(machine, *examined, audit_of(saw, "saw"))
    demand = ("--require-examined", "--no-sandbox")  # within one, nothing could leave a mark
    more = (*demand, "--refetch") if again == "--refetch" else demand
    assert place.run("install", *demand)[0] == 0
    assert place.run("verify", *more)[0] == 0
    machine.mark.unlink()
    if again == "nothing stored":
        shutil.rmtree(os.environ["PEEP_STORE"])

    for taken_away, named in ((audit_of(saw, "saw"), "saw"), (examined[2], "made-1.0.tar.gz (")):
        kept = [one for one in (*examined, audit_of(saw, "saw")) if one != taken_away]
        records(machine, *kept)
        status, text = place.run("verify", *more)
        assert status == 1
        assert (
            f"not-examined: made: it was not built again from source, for that takes what is not examined: {named}"
            in text
        )
        assert not machine.mark.exists(), "nothing was built"


def test_verify_says_who_objects_and_what_cannot_be_believed(place):
    place.run_words(place.words("install"))
    wrong = f'[[violation]]\nproject = "other"\ncriteria = ["safe-to-run"]\nby = "{ALICE}"\non = {TODAY}\n'
    records(place.machine, audit_of(place.good, "good"), wrong + 'why = "bad"\nversions = "==1.0"\n')

    assert f"{ALICE} objects ({TODAY}): bad" in place.run("verify")[1]

    records(place.machine, "x = 1\n")
    status, text = place.run("verify")
    assert status == 1
    assert "vetting/audits.toml: unknown keys: x" in text


def test_fix_puts_back_nothing_that_nobody_examined(place):
    place.run_words(place.words("install"))
    site = Path(place.target.paths["purelib"])
    for name in ("good", "other"):
        (site / name / "__init__.py").unlink()
    records(place.machine, audit_of(place.good, "good"))

    assert place.run("verify", "--require-examined", "--fix")[0] == 1

    assert (site / "good" / "__init__.py").exists()
    assert not (site / "other" / "__init__.py").exists()


# -- what is remembered ----------------------------------------------------------------------------


def remembered(place: Place, monkeypatch, days: int = 0) -> str | None:
    import os  # noqa: PLC0415
    import time  # noqa: PLC0415

    now = time.time() + days * 86400
    with monkeypatch.context() as patched:
        patched.setattr(noop.time, "time", lambda: now)
        return load(place.words("install", "--require-examined"), os.environ)


def test_nothing_to_do_is_remembered_until_a_record_changes_or_ends(place, monkeypatch):
    records(place.machine, audit_of(place.good, "good"), excused=excuse_of(place.other, "other", 5))
    place.run()

    told = remembered(place, monkeypatch)
    assert told is not None
    assert told.startswith("nothing to do: 2 projects are as listed; 1 examined, 1 excused until ")
    assert remembered(place, monkeypatch, days=4) == told
    assert remembered(place, monkeypatch, days=5) is None, "the excuse has ended"
    assert remembered(place, monkeypatch, days=-1) is None, "a clock before the audit record"

    for change in (
        lambda: (place.folder / "vetting" / "policy.toml").write_text('format = "peep policy 1"\n'),
        lambda: records(place.machine, audit_of(place.good, "good"), audit_of(place.other, "other")),
        lambda: (place.folder / "peep.toml").write_text('require-examined = "safe-to-run"\n'),
        (place.folder / "peep.toml").unlink,
    ):
        change()
        assert remembered(place, monkeypatch) is None
        assert place.run()[0] == 0
        assert remembered(place, monkeypatch) is not None


def test_another_archive_of_the_same_version_is_not_taken_for_the_examined_one(place):
    """What a replay would keep without looking: it was listed, is installed by now, and nobody examined it."""
    twin = wheel_bytes("good", "1.0", files={"good/__init__.py": "VERSION = 'another'\n"})
    place.index.content.projects["good"]["good-1.0-1-py3-none-any.whl"] = twin
    place.machine.lines[0] += f" --hash=sha256:{sha256(twin)}"
    place.write()
    records(place.machine, audit_of(twin, "good"), audit_of(place.other, "other"))
    assert place.run()[0] == 0, "the build tag makes it the better wheel"

    (place.folder / "only.txt").write_text(f"good==1.0 --hash=sha256:{sha256(place.good)}\n")
    only = ["install", "--python", place.target.python, "-i", place.index.simple_url, "-r", "only.txt"]
    assert place.run_words(only) == 0

    status, text = place.run()
    assert status == 1
    assert sha256(place.good) in text


@pytest.mark.skipif(sys.platform == "win32", reason="what a start of Python costs there is another matter")
def test_nothing_to_do_reads_no_record_as_toml(place, monkeypatch):
    """Under 20 ms is a matter of what is imported: the short cut needs none of the vetting modules."""
    import subprocess  # noqa: PLC0415

    records(place.machine, audit_of(place.good, "good"), audit_of(place.other, "other"))
    place.run()
    place.run()
    assert remembered(place, monkeypatch) is not None
    words = place.words("install", "--require-examined")
    program = (
        f"import sys; from peep.cli.main import run; run({words!r}); "
        "print(sorted(name for name in sys.modules if 'vetting' in name or 'toml' in name))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"
    assert "nothing to do" in done.stdout
