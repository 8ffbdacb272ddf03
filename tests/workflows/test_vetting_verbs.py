"""`peep examine`, `certify` and `vetting` through the command line, on folders as people have them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from peep.cli.main import run
from peep.system.clock import utc_day
from support.cargo_vet import SOURCE, converted
from support.fake_index import FakeIndex
from support.vetting import audit, audits_file, excuse, folder, hex_of, import_pin, lines, violation

TODAY = utc_day()
YESTERDAY, TOMORROW = TODAY - timedelta(1), TODAY + timedelta(1)
WHEEL, SDIST, OLD = "idna-3.20-py3-none-any.whl", "idna-3.20.tar.gz", "idna-3.19.tar.gz"
BY = ("--by", "Alice <alice@example.org>")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    list_archives(SDIST)


def list_archives(*names: str, more: str = "") -> None:
    hashes = " ".join(f"--hash=sha256:{hex_of(name)}" for name in names)
    Path("requirements.txt").write_text(f"idna==3.20 {hashes}\n{more}")


def put(files: dict[str, bytes], where: str = "vetting") -> None:
    for name, content in files.items():
        path = Path(where, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def snapshot() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(Path("vetting").rglob("*")) if path.is_file()}


def examined(capsys, *more: str) -> dict:
    capsys.readouterr()
    status = run(["examine", "-r", "requirements.txt", "--suggest", "0", "--format", "json", *more])
    found = json.loads(capsys.readouterr().out)
    assert status == (0 if found.get("examined") else 1)
    return found


def verdicts(capsys, *more: str) -> list[tuple[str, str]]:
    found = examined(capsys, *more)
    return [(one["version"], one["verdict"]) for one in found["archives"]]


def peep(*words: str) -> int:
    return run([*words])


def certify(*more: str, version: str = "3.20") -> int:
    return peep("certify", "-r", "requirements.txt", "idna", version, "--notes", "read", *BY, "--no-index", *more)


# -- certify, then examine -------------------------------------------------------------------------


def test_what_is_certified_is_examined(capsys):
    assert verdicts(capsys) == [("3.20", "unexamined")]
    assert certify() == 0

    assert verdicts(capsys) == [("3.20", "read")]
    assert peep("vetting", "fmt", "--check") == 0


def test_one_changed_byte_of_a_listed_archive_is_not_examined(capsys):
    certify()

    list_archives("idna-3.20.tar.gz with one other byte")

    assert verdicts(capsys) == [("3.20", "unexamined")]


def test_certify_names_archives_as_the_index_does():
    content = b"a wheel that nobody opens"
    digest = sha256(content).hexdigest()
    Path("requirements.txt").write_text(f"idna==3.20 --hash=sha256:{digest}\n")

    with FakeIndex({"idna": {WHEEL: content}}) as index:
        words = ("certify", "-r", "requirements.txt", "idna", "3.20", "--notes", "read", *BY)
        assert peep(*words, "-i", index.simple_url) == 0

    assert f'read = [\n    "{digest}  {WHEEL}",\n]' in Path("vetting/audits.toml").read_text()


def test_a_name_that_was_made_up_gives_way_to_that_of_the_index():
    content = b"a wheel that nobody opens"
    digest = sha256(content).hexdigest()
    Path("requirements.txt").write_text(f"idna==3.20 --hash=sha256:{digest}\n")
    excuse = ("vetting", "excuse", "-r", "requirements.txt", "--until", str(TOMORROW), "--why", "was here before", *BY)
    assert peep(*excuse) == 0
    assert f'"{digest}  idna-3.20"' in Path("vetting/excused.toml").read_text()

    with FakeIndex({"idna": {WHEEL: content}}) as index:
        words = ("certify", "-r", "requirements.txt", "idna", "3.20", "--notes", "read", *BY)
        assert peep(*words, "-i", index.simple_url) == 0

    assert f'"{digest}  {WHEEL}"' in Path("vetting/audits.toml").read_text()
    excused = Path("vetting/excused.toml")
    assert not excused.exists() or digest not in excused.read_text(), "the excuse goes, whatever its name"


def test_an_archive_that_nobody_can_name_is_called_after_its_version(capsys):
    list_archives("unheard of")

    assert certify() == 0

    assert f'read = ["{hex_of("unheard of")}  idna-3.20"]' in Path("vetting/audits.toml").read_text()
    assert "the names of archives of idna are not known" in capsys.readouterr().err


def test_a_delta_rests_on_the_nearest_examined_version(capsys):
    put(folder(audit(OLD) + audit("idna-3.18.tar.gz")))

    assert certify() == 0

    told = Path("vetting/audits.toml").read_text()
    assert f'since = ["{hex_of(OLD)}  {OLD}"]' in told
    assert verdicts(capsys) == [("3.20", "read")]


def test_a_full_audit_rests_on_nothing():
    put(folder(audit(OLD)))

    assert certify("--full") == 0

    assert "since" not in Path("vetting/audits.toml").read_text()


def test_a_delta_since_what_is_not_examined_is_refused(capsys):
    put(folder(audit(OLD, since=["nothing"])))
    before = snapshot()

    assert certify("--since", "3.19") == 1

    assert "no archive of idna 3.19 is examined" in capsys.readouterr().err
    assert snapshot() == before


def test_an_excuse_of_what_is_certified_goes(capsys):
    put(folder(excused=excuse(SDIST, on=str(YESTERDAY), until=str(TOMORROW))))
    assert verdicts(capsys) == [("3.20", "excused")]

    assert certify() == 0

    assert verdicts(capsys) == [("3.20", "read")]
    assert "[[excused]]" not in Path("vetting/excused.toml").read_text()


def test_a_machines_record_is_written_as_such_and_told_not_to_count(capsys):
    assert certify("--machine", "scanner 2.1, model 5") == 1

    assert "nothing is examined for safe-to-run" in capsys.readouterr().err
    assert 'how = "machine"\nusing = "scanner 2.1, model 5"' in Path("vetting/audits.toml").read_text()
    found = examined(capsys)["archives"][0]
    assert (found["verdict"], found["would_do"]) == ("unexamined", "machine")


@pytest.mark.parametrize(
    ("words", "status", "reason"),
    [
        (("idna", "3.21"), 1, "no archive of idna 3.21 is listed"),
        (("flask", "3.20"), 1, "no archive of flask 3.20 is listed"),
        (("idna", "3.20", "--criteria", "fast"), 1, "nobody defined the criterion fast"),
        (("idna", "3.20", "--full", "--since", "3"), 2, "--full and --since exclude each other"),
        (("idna", "3.20", "--answer", "x"), 2, "--answer: 'x' is not of the form"),
        (("idna",), 2, "peep certify wants a project and a version"),
        (("id na", "3.20"), 2, "'id na' is no name of a project"),
        (("idna", "3.20", "--vetting", "nowhere"), 2, "--vetting: there is no folder nowhere"),
    ],
)
def test_what_cannot_be_certified_is_told_and_nothing_is_written(capsys, words, status, reason):
    put(folder())

    assert peep("certify", "-r", "requirements.txt", "--notes", "read", *BY, "--no-index", *words) == status

    assert reason in capsys.readouterr().err
    assert snapshot() == {}


def test_without_a_terminal_the_statement_must_be_given(capsys):
    assert peep("certify", "-r", "requirements.txt", "idna", "3.20", *BY) == 2

    assert "--notes TEXT" in capsys.readouterr().err


def test_somebody_must_be_named(capsys, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")

    assert peep("certify", "-r", "requirements.txt", "idna", "3.20", "--notes", "read", "--no-index") == 2

    assert "--by 'NAME <MAIL>'" in capsys.readouterr().err


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_gits_user_signs_by_default(monkeypatch):
    for variable, value in [("COUNT", "2"), ("KEY_0", "user.name"), ("VALUE_0", "Bob"), ("KEY_1", "user.email")]:
        monkeypatch.setenv(f"GIT_CONFIG_{variable}", value)
    monkeypatch.setenv("GIT_CONFIG_VALUE_1", "bob@example.org")

    assert peep("certify", "-r", "requirements.txt", "idna", "3.20", "--notes", "read", "--no-index") == 0

    assert 'by = "Bob <bob@example.org>"' in Path("vetting/audits.toml").read_text()


# -- examine ---------------------------------------------------------------------------------------


def test_every_listed_archive_is_judged_whatever_its_marker(capsys):
    other = f"flask==1 ; sys_platform == 'none' --hash=sha256:{hex_of('flask')}\nidna==2 ; python_version < '3' "
    list_archives(SDIST, WHEEL, more=f"{other}--hash=sha256:{hex_of('two')}\n")
    put(folder(audit(SDIST)))

    assert verdicts(capsys) == [("3.20", "read"), ("3.20", "unexamined"), ("1", "unexamined"), ("2", "unexamined")]
    list_archives(SDIST, more=f"{other}--hash=sha256:{hex_of('two')}\n")
    assert verdicts(capsys, "--here") == [("3.20", "read")]


def test_here_leaves_out_what_the_target_cannot_use(capsys):
    foreign = "idna-3.20-cp27-cp27m-win32.whl"
    list_archives(SDIST, foreign)
    put(folder(audit(SDIST, "idna-3.0.tar.gz") + audit("x", since=["y"], more=f"same = {lines([foreign])}\n")))

    assert verdicts(capsys) == [("3.20", "read"), ("3.20", "unexamined")]
    assert verdicts(capsys, "--here") == [("3.20", "read")]


def test_the_archives_of_a_lock_file_are_judged_by_name(capsys):
    Path("pylock.toml").write_text(
        'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "idna"\nversion = "3.20"\n'
        f'sdist = {{name = "{SDIST}", url = "https://x.example/{SDIST}", hashes = {{sha256 = "{hex_of(SDIST)}"}}}}\n'
        f'[[packages.wheels]]\nname = "{WHEEL}"\nurl = "https://x.example/{WHEEL}"\n'
        f'hashes = {{sha256 = "{hex_of(WHEEL)}"}}\n'
    )
    put(folder(audit(SDIST)))

    assert run(["examine", "--suggest", "0", "-r", "pylock.toml", "--format", "json"]) == 1

    found = json.loads(capsys.readouterr().out)["archives"]
    assert [(one["filename"], one["verdict"]) for one in found] == [(WHEEL, "unexamined"), (SDIST, "read")]


def test_a_lock_file_demands_and_names_its_records(capsys):
    Path("pylock.toml").write_text(
        'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "idna"\nversion = "3.20"\n'
        f'sdist = {{name = "{SDIST}", url = "https://x.example/{SDIST}", hashes = {{sha256 = "{hex_of(SDIST)}"}}}}\n'
        '[[packages]]\nname = "local"\ndirectory = {path = "local"}\n'
        '[tool.peep]\nrequire-examined = "safe-to-deploy"\nvetting = "records"\n'
    )
    put(folder(audit(SDIST)), "records")

    assert run(["examine", "--suggest", "0", "-r", "pylock.toml", "--format", "json"]) == 1

    found = json.loads(capsys.readouterr().out)
    assert (found["criterion"], found["archives"][0]["verdict"]) == ("safe-to-deploy", "unexamined")
    assert (len(found["folders"]), found["problems"]) == (1, [])


def test_lines_that_list_nothing_to_examine_are_problems(capsys):
    list_archives(SDIST, more="flask==1\nclick\nx @ git+https://g.example/x@main\n")
    put(folder(audit(SDIST)))

    found = examined(capsys)

    assert found["examined"] is False
    assert [(one["kind"], one["location"]["line"]) for one in found["problems"]] == [
        ("unusable", 3),
        ("unusable", 4),
        ("unusable", 2),
    ]


def test_a_local_project_is_named_and_not_asked_about(capsys):
    list_archives(SDIST, more="./local\n")
    put(folder(audit(SDIST)))

    assert examined(capsys)["folders"] == ["requirements.txt:2: ./local"]


def test_the_chain_is_explained(capsys):
    put(folder(audit(SDIST, since=[OLD]), imports={"mozilla": audits_file(audit(OLD, by="Bob <bob@example.org>"))}))

    assert peep("examine", "--suggest", "0", "-r", "requirements.txt", "--explain", "IDNA") == 0

    assert capsys.readouterr().out == (
        f"idna 3.20: {SDIST} was examined for safe-to-run ({TODAY})\n"
        f"    {SDIST}: read since {OLD}; Alice <alice@example.org>\n"
        f"    {OLD}: read; Bob <bob@example.org>, of mozilla\n"
    )


def test_what_is_excused_is_not_called_examined(capsys):
    list_archives(SDIST)
    put(folder(excused=excuse(SDIST, until=str(TOMORROW))))

    assert peep("examine", "--suggest", "0", "-r", "requirements.txt", "--explain", "idna") == 0

    told = capsys.readouterr().out.splitlines()[0]
    assert told == f"idna 3.20: {SDIST} is excused, and was not examined for safe-to-run ({TODAY})"


def test_the_excused_version_next_to_an_unexamined_one_is_called_excused(capsys):
    list_archives(SDIST)
    put(folder(excused=excuse(OLD, until=str(TOMORROW))))

    assert peep("examine", "--suggest", "0", "-r", "requirements.txt") == 1

    assert "unexamined; excused: " in capsys.readouterr().out


def test_an_unknown_name_cannot_be_explained(capsys):
    assert peep("examine", "--suggest", "0", "-r", "requirements.txt", "--explain", "flask") == 2
    assert "--explain flask: nothing of it is listed" in capsys.readouterr().err


def test_the_folder_beside_the_first_file_counts_and_a_directive_names_another(capsys):
    Path("sub").mkdir()
    Path("requirements.txt").rename("sub/requirements.txt")
    put(folder(audit(SDIST)), "sub/vetting")
    assert peep("examine", "--suggest", "0", "-r", "sub/requirements.txt") == 0

    put(folder(violation(SDIST)), "records")
    with Path("sub/requirements.txt").open("a") as file:
        file.write("# peep: --vetting ../records\n")
    assert peep("examine", "--suggest", "0", "-r", "sub/requirements.txt") == 1
    assert "objected" in capsys.readouterr().out
    assert peep("examine", "--suggest", "0", "-r", "sub/requirements.txt", "--vetting", "sub/vetting") == 0


def test_what_the_files_demand_is_what_is_asked(capsys):
    list_archives(SDIST, more="# peep: --require-examined safe-to-deploy\n")
    put(folder(audit(SDIST)))

    assert examined(capsys)["criterion"] == "safe-to-deploy"
    assert examined(capsys, "--criterion", "safe-to-run")["examined"] is True


def test_settings_demand_and_name_the_folder_too(capsys):
    put(folder(audit(SDIST)), "records")
    Path("peep.toml").write_text('vetting = "records"\nrequire-examined = "safe-to-deploy"\n')

    assert examined(capsys)["criterion"] == "safe-to-deploy"
    assert [one["verdict"] for one in examined(capsys, "--criterion", "safe-to-run")["archives"]] == ["read"]
    Path("peep.toml").write_text('vetting = "gone"\n')
    assert peep("examine", "--suggest", "0", "-r", "requirements.txt") == 2
    assert "peep.toml:1: there is no folder gone" in capsys.readouterr().err


def test_unreadable_records_are_told_and_nothing_counts(capsys):
    put(folder(audit(SDIST) + audit("x", by="")))

    found = examined(capsys)

    assert [(one["kind"], one["path"], one["entry"]) for one in found["problems"]] == [
        ("records-unreadable", "vetting/audits.toml", "audit record 2")
    ]


def test_excuses_are_counted_with_their_end(capsys):
    put(folder(excused=excuse(SDIST, on=str(YESTERDAY), until=str(TOMORROW))))

    assert peep("examine", "--suggest", "0", "-r", "requirements.txt") == 0
    assert capsys.readouterr().out == f"1 archive for safe-to-run: 1 excused until {TOMORROW}\n"

    put(folder(excused=excuse(SDIST, on=str(YESTERDAY), until=str(TODAY))))
    assert peep("examine", "--suggest", "0", "-r", "requirements.txt") == 1


def test_what_to_read_next_begins_with_the_command(capsys):
    list_archives(SDIST, more=f"flask==1 --hash=sha256:{hex_of('flask')}\n")
    put(folder(audit(OLD)))

    peep("examine", "-r", "requirements.txt", "--suggest", "1", "--no-index")

    told = capsys.readouterr()
    assert "    peep diff flask 1 --full\n    and 1 more (--suggest N)\n" in told.out
    assert "what it costs to read is not known: there is no index to ask" in told.err
    found = examined(capsys, "--suggest", "10", "--no-index")["suggestions"]
    assert {one["run"] for one in found} == {None}
    assert [one["command"] for one in found] == ["peep diff flask 1 --full", "peep diff idna 3.19 3.20"]


# -- excuse, object, trust, fmt --------------------------------------------------------------------


def test_one_command_excuses_all_that_nobody_examined(capsys):
    list_archives(SDIST, WHEEL, more=f"x @ git+https://u:p@g.example/x@{'c' * 40}\n")
    put(folder(audit(SDIST) + violation("bad")))
    peep("vetting", "fmt")

    until = ("--until", str(TOMORROW), "--why", "was here before", *BY)
    assert peep("vetting", "excuse", "-r", "requirements.txt", *until) == 0

    assert verdicts(capsys) == [("3.20", "read"), ("3.20", "excused"), (None, "excused")]
    assert f'"git:{"c" * 40}  https://g.example/x"' in Path("vetting/excused.toml").read_text()
    assert peep("vetting", "fmt", "--check") == 0
    assert peep("vetting", "excuse", "-r", "requirements.txt", *until) == 0
    assert "nothing is left to excuse" in capsys.readouterr().out


def test_no_excuse_lifts_an_objection(capsys):
    put(folder(violation(SDIST)))

    words = ("--until", str(TOMORROW), "--why", "x", *BY)
    assert peep("vetting", "excuse", "-r", "requirements.txt", *words) == 1

    assert "was not excused, for somebody objects" in capsys.readouterr().err
    assert not Path("vetting/excused.toml").exists()


@pytest.mark.parametrize(
    ("more", "status", "reason"),
    [
        (("--until", str(TODAY), "--why", "x"), 1, "would have ended already"),
        (("--until", str(TODAY + timedelta(370)), "--why", "x"), 1, "is too long"),
        (("--until", "soon", "--why", "x"), 2, "is no day such as"),
        (("--until", str(TOMORROW)), 2, "needs --why"),
        (("--why", "x"), 2, "needs --until"),
        (("--until", str(TOMORROW), "--why", "x", "--criteria", "fast"), 1, "nobody defined the criterion fast"),
    ],
)
def test_an_excuse_needs_an_end_within_a_year_and_a_reason(capsys, more, status, reason):
    assert peep("vetting", "excuse", "-r", "requirements.txt", *BY, *more) == status

    assert reason in capsys.readouterr().err
    assert not Path("vetting").exists()


@pytest.mark.parametrize("what", ["3.20", ">=3,<4", hex_of(SDIST), f"{hex_of(SDIST)}  {SDIST}"])
def test_an_objection_by_version_range_or_bytes(capsys, what):
    put(folder(audit(SDIST)))

    assert peep("vetting", "object", "IDNA", what, "--why", "sends it away", *BY) == 0

    found = examined(capsys)["archives"][0]
    assert (found["verdict"], found["objections"][0]["why"]) == ("objected", "sends it away")
    assert peep("vetting", "fmt", "--check") == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("idna", "whatever it is", "--why", "x"), "is no version, no range"),
        (("id na", "1", "--why", "x"), "is no name of a project"),
        (("idna", "1"), "needs --why"),
        (("idna",), "wants a project and a version"),
    ],
)
def test_what_is_no_objection_is_told(capsys, words, reason):
    assert peep("vetting", "object", *BY, *words) == 2
    assert reason in capsys.readouterr().err
    assert not Path("vetting").exists()


def test_trust_prints_a_table_that_the_policy_takes(capsys):
    from support.vetting import published  # noqa: PLC0415

    put(folder(published=published(SDIST, on=str(YESTERDAY))))
    capsys.readouterr()
    dates = ("--since", str(YESTERDAY), "--until", str(TOMORROW), "--why", "we know the team")

    assert peep("vetting", "trust", "idna", "github:o/idna/w.yml", *dates) == 0

    Path("vetting/policy.toml").write_text('format = "peep policy 1"\n\n' + capsys.readouterr().out)
    assert verdicts(capsys) == [("3.20", "published")]


def test_fmt_writes_the_canonical_form_once(capsys):
    put(folder(audit("b", project="b") + "# a remark\n" + audit("a", project="a"), "accept-machine   =   true\n"))
    policy = Path("vetting/policy.toml").read_bytes()
    capsys.readouterr()

    assert peep("vetting", "fmt", "--check") == 1
    assert capsys.readouterr().out == "vetting/audits.toml: is not in canonical form\n"
    assert peep("vetting", "fmt") == 0
    assert peep("vetting", "fmt", "--check") == 0
    text = Path("vetting/audits.toml").read_text()
    assert text.index('project = "a"') < text.index('project = "b"')
    assert Path("vetting/policy.toml").read_bytes() == policy


def test_fmt_does_not_touch_what_cannot_be_believed(capsys):
    put(folder(audit("a") + "x = 1\n", "y = 1\n"))
    before = snapshot()

    assert peep("vetting", "fmt") == 1

    told = capsys.readouterr().err
    assert "audit record 1: unknown keys: x" in told
    assert "vetting/policy.toml: unknown keys: y" in told
    assert snapshot() == before


def test_unknown_actions_are_refused(capsys):
    assert peep("vetting", "forget") == 2
    assert "import, update, excuse, object, trust, attest, fmt" in capsys.readouterr().err


# -- imports ---------------------------------------------------------------------------------------


def shared(*entries: str) -> str:
    content = audits_file(*entries)
    Path("partner.toml").write_bytes(content)
    return sha256(content).hexdigest()


def test_an_import_is_accepted_by_its_digest_and_then_counts(capsys):
    digest = shared(audit(SDIST), audit("future") + "x = 1\n", violation("bad"))

    assert peep("vetting", "import", "partner", "partner.toml") == 1
    told = capsys.readouterr()
    assert f"--accept {digest}" in told.err
    assert "+ violation   idna" in told.out
    assert "ignored: audit record 2 of partner: unknown keys: x" in told.out
    assert not Path("vetting").exists()

    assert peep("vetting", "import", "partner", "partner.toml", "--accept", digest) == 0
    assert verdicts(capsys) == [("3.20", "read")]
    assert examined(capsys)["ignored"] == ["audit record 2 of partner: unknown keys: x"]
    assert Path("vetting/imports/partner.toml").read_bytes() == Path("partner.toml").read_bytes()
    assert peep("vetting", "fmt", "--check") == 0


def test_an_update_needs_the_new_digest_and_tells_what_changes(capsys):
    peep("vetting", "import", "partner", "partner.toml", "--accept", shared(audit(SDIST)))
    assert peep("vetting", "update") == 0
    assert "nothing is new" in capsys.readouterr().out
    before = snapshot()
    digest = shared(violation(SDIST))

    for words in ((), ("partner",), ("partner", "--accept", "0" * 64)):
        assert peep("vetting", "update", *words) == 1
        assert snapshot() == before
    told = capsys.readouterr()
    assert "- audit record idna" in told.out
    assert "+ violation   idna" in told.out

    assert peep("vetting", "update", "partner", "--accept", f"sha256:{digest}") == 0
    assert verdicts(capsys) == [("3.20", "objected")]


@pytest.mark.parametrize(
    "entry", [violation("x", more="future = 1"), "[[excused]]\n", violation("x", criteria="fast"), "<<<<<<<\n"]
)
def test_an_unusable_import_is_not_written(capsys, entry):
    digest = shared(audit(SDIST), entry)

    assert peep("vetting", "import", "partner", "partner.toml", "--accept", digest) == 1

    assert "import partner: " in capsys.readouterr().err
    assert not Path("vetting").exists()


def test_an_altered_copy_is_refused_and_can_be_updated(capsys):
    digest = shared(audit(SDIST))
    peep("vetting", "import", "partner", "partner.toml", "--accept", digest)
    with Path("vetting/imports/partner.toml").open("ab") as file:
        file.write(audit("evil").encode())

    assert [one["kind"] for one in examined(capsys)["problems"]] == ["records-unreadable"]
    assert peep("vetting", "update", "partner", "--accept", digest) == 0
    assert verdicts(capsys) == [("3.20", "read")]


def test_criteria_are_mapped_and_projects_excluded(capsys):
    reviewed = '[criteria.reviewed]\ntext = "read"\n'
    digest = shared(reviewed, audit(SDIST, criteria="reviewed"), audit("f", project="flask"))
    words = ("vetting", "import", "partner", "partner.toml", "--accept", digest)

    assert peep(*words, "--map", "reviewed=fast") == 2
    assert peep(*words, "--map", "reviewed") == 2
    assert not Path("vetting").exists()
    assert peep(*words, "--map", "reviewed=safe-to-run", "--exclude", "flask") == 0

    assert verdicts(capsys) == [("3.20", "read")]
    told = Path("vetting/imports.toml").read_text()
    assert 'criteria = {reviewed = ["safe-to-run"]}\nexclude = ["flask"]\n' in told


def test_what_is_not_imported_cannot_be_updated(capsys):
    assert peep("vetting", "update", "nobody") == 2
    assert "there is no import called nobody" in capsys.readouterr().err


def test_one_import_that_cannot_be_had_keeps_no_other_from_being_updated(capsys):
    digest = shared(audit(SDIST))
    peep("vetting", "import", "a", "partner.toml", "--accept", digest)
    peep("vetting", "import", "b", "partner.toml", "--accept", digest)
    Path("vetting/imports.toml").write_text(
        Path("vetting/imports.toml").read_text().replace("../partner.toml", "../gone.toml", 1)
    )

    assert peep("vetting", "update") == 1

    told = capsys.readouterr()
    assert told.err == "error: gone.toml: there is no such file\n"  # from where the user stands, not from vetting/
    assert "import b: nothing is new" in told.out


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is not installed")
def test_a_signed_import_stays_signed(capsys):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "key"], check=True)
    Path("vetting").mkdir()
    Path("vetting/allowed_signers").write_text(f"team@partner.example {Path('key.pub').read_text()}")

    def sign() -> None:
        Path("partner.toml.sig").unlink(missing_ok=True)
        command = ["ssh-keygen", "-q", "-Y", "sign", "-f", "key", "-n", "peep-audits", "partner.toml"]
        subprocess.run(command, check=True, capture_output=True)

    digest = shared(audit(SDIST))
    words = ("vetting", "import", "p", "partner.toml", "--signed-by", "team@partner.example", "--accept", digest)
    before = snapshot()
    assert peep(*words) == 1, "there is no signature"
    assert snapshot() == before
    sign()
    assert peep(*words) == 0
    before = snapshot()

    digest = shared(audit("other"))
    assert peep("vetting", "update", "p", "--accept", digest) == 1
    assert "the signature is not one of team@partner.example" in capsys.readouterr().err
    assert snapshot() == before
    sign()
    assert peep("vetting", "update", "p", "--accept", digest) == 0


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_an_import_comes_from_a_commit(capsys):
    shared(audit(SDIST))
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", "repository"]
    subprocess.run(["git", "init", "-q", "repository"], check=True)
    Path("repository/vetting").mkdir()
    shutil.copy("partner.toml", "repository/vetting/audits.toml")
    Path("repository/out.toml").symlink_to("../partner.toml")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "x"], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    url = f"git+{Path('repository').absolute().as_uri()}@{commit}"
    digest = sha256(Path("partner.toml").read_bytes()).hexdigest()

    assert peep("vetting", "import", "p", f"{url}#out.toml", "--accept", digest) == 1
    assert "the path leaves the repository" in capsys.readouterr().err
    assert peep("vetting", "import", "p", f"{url}#vetting/audits.toml", "--accept", digest) == 0
    assert verdicts(capsys) == [("3.20", "read")]


@pytest.mark.skipif(not SOURCE.is_file(), reason="the large set of audits is not beside the project")
def test_a_large_public_set_of_audits_is_imported(capsys):
    from peep.vetting import canonical  # noqa: PLC0415

    content = canonical.audits_text(converted())
    put({"imports.toml": b'format = "peep imports 1"\n' + import_pin("m", content).encode(), "imports/m.toml": content})

    assert verdicts(capsys) == [("3.20", "unexamined")] or verdicts(capsys) == [("3.20", "read")]
