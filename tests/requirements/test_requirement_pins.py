import os

import pytest

from peep.dataclass import replace
from peep.errors import RequirementsErrors
from peep.model import ArchiveKind, Digest, HashForm, Location
from peep.requirements.files import read_requirements_files
from peep.requirements.pins import pinned_requirements
from peep.requirements.sources import Accepted, file_url
from support.requirements_files import BASE64_A, HEX_A, HEX_B, HEX_C, LINUX, errors_of, parse, pins_of

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "https://x.example/a.git"


def only_pin(*args, **kwargs):
    pinned = pins_of(*args, **kwargs)
    assert pinned.unusable == ()
    (pin,) = pinned.pins
    return pin


def reasons(*args, **kwargs):
    pinned = pins_of(*args, **kwargs)
    assert pinned.pins == ()
    return [(str(line.location), line.reason) for line in pinned.unusable]


def hexes(pin):
    return [digest.hex for digest in pin.hashes]


def test_a_pin_holds_all_that_its_line_says():
    pin = only_pin(
        f"# sha256: {BASE64_A}\nFlask_App[Async]==3.1.0 ; python_version >= '3.8' --hash=sha512:{'0' * 128} -C a=b\n"
    )

    assert (pin.name, pin.written_name, pin.version, pin.extras) == ("flask-app", "Flask_App", "3.1.0", ("async",))
    assert pin.hashes == (Digest("sha256", HEX_A), Digest("sha512", "0" * 128))
    assert pin.locations == (Location("requirements.txt", 2),)
    assert pin.marker == "python_version >= '3.8'"
    assert pin.config_settings == (("a", "b"),)
    assert pin.is_requested
    assert str(pin) == "Flask_App==3.1.0"


def test_markers_are_judged_for_the_target():
    pinned = pins_of(
        "a==1 ; sys_platform == 'linux' and python_version == '3.12'\n"
        "b==1 ; sys_platform == 'win32'\n"
        "c==1 ; platform_release < '7' and platform_version == '#1'\n"
        "d==1 ; extra == 'x'\n"
    )

    assert [pin.name for pin in pinned.pins] == ["a", "c"]


@pytest.mark.parametrize(
    "marker", ["python_version", "python_version >", "nonsense == '1'", "(" * 3000 + "os_name=='x'"]
)
def test_a_marker_that_cannot_be_judged_is_an_error(marker):
    (error,) = errors_of(f"a==1 ; {marker}")

    assert error.startswith("requirements.txt:1: ")


def test_a_marker_that_compares_words_as_versions_is_an_error():
    with pytest.raises(RequirementsErrors) as caught:
        pins_of("a==1 ; python_version ~= 'new'")

    (error,) = caught.value.errors
    assert str(error) == ("requirements.txt:1: the marker \"python_version ~= 'new'\" compares what has no such order")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("flask", "it names no version; write flask==VERSION"),
        ("flask==3.*", "a wildcard is no pin; name one version with =="),
        ("flask===3.*", "a wildcard is no pin"),
        ("flask>=3", "it allows more than one version; name one with =="),
        (f"flask>=3 --hash=sha256:{HEX_A}", "it allows more than one version; name one with =="),
        ("https://x.example/archive/v1.0.zip", "neither #egg= nor the file name"),
        ("./vendor/flask", "a folder has no hash"),
        ("-e .", "a folder has no hash"),
        ("flask @ file:///srv/flask", "a folder has no hash"),
        ("-e flask==1.0", "only a local project can be editable"),
        (f"git+{REPOSITORY}#egg=a", "it names no revision"),
        (f"git+{REPOSITORY}@main#egg=a", "the revision 'main' can move"),
        (f"git+{REPOSITORY}@{COMMIT[:7]}#egg=a", "can move"),
        (f"git+{REPOSITORY}@--upload-pack=x#egg=a", "can move"),
        (f"git+{REPOSITORY}@{COMMIT}#egg=a", "a repository has no hash"),
        (f"git+https://{COMMIT}@x.example/a.git#egg=a", "it names no revision"),
        (f"hg+https://x.example/a@{COMMIT}#egg=a", "a repository has no hash"),
        (f"git://x.example/a.git@{COMMIT}#egg=a", "a repository has no hash"),
        (f"-e git+{REPOSITORY}@{COMMIT}#egg=a", "an editable repository can change"),
    ],
)
def test_r12_r16_lines_that_cannot_be_used_are_collected_with_their_reason(line, reason):
    found = reasons(f"\n{line}\n")

    assert [place for place, _ in found] == ["requirements.txt:2"]
    assert found[0][1].startswith(reason) or reason in found[0][1]


def test_r16_a_revision_with_a_separator_is_refused_before_anything_else():
    (error,) = errors_of(f"git+{REPOSITORY}@v1\u2028--config=x#egg=a")

    assert "U+2028" in error


def test_credentials_never_stand_in_an_unusable_line():
    (unusable,) = pins_of("git+https://user:secret@x.example/a.git@main#egg=a").unusable

    assert "secret" not in unusable.text
    assert "x.example/a.git@main" in unusable.text


def test_a_full_commit_is_a_pin_when_commits_are_accepted():
    pin = only_pin(f"git+{REPOSITORY}@{COMMIT}#egg=a&subdirectory=src", accepted=Accepted(repository_commits=True))

    assert (pin.name, pin.version, pin.url, pin.subdirectory) == ("a", None, f"git+{REPOSITORY}@{COMMIT}", "src")


def test_a_local_project_is_accepted_in_and_below_trusted_folders_only(tmp_path):
    inside, beside = tmp_path / "vendor" / "a", tmp_path / "vendored"
    accepted = Accepted(local_projects=(str(tmp_path / "vendor"),))
    text = f"-e {inside.as_posix()}#egg=a\n{beside.as_posix()}#egg=b\n{inside.as_posix()}/../../c#egg=c\n"

    pinned = pins_of(text, accepted=accepted)

    assert [(pin.name, pin.source.is_editable, pin.url) for pin in pinned.pins] == [("a", True, file_url(str(inside)))]
    assert [line.location.line for line in pinned.unusable] == [2, 3]


def test_a_local_archive_becomes_a_file_url(tmp_path):
    pin = only_pin(f"{tmp_path.as_posix()}/a b-1.0.tar.gz#egg=a --hash=sha256:{HEX_A}".replace("a b", "a"))

    assert pin.url == (tmp_path / "a-1.0.tar.gz").as_uri()
    assert pin.version is None


def test_a_direct_url_keeps_its_hashes_and_loses_its_fragment():
    pin = only_pin(f"# sha256: {BASE64_A}\nhttps://x.example/abc.zip#egg=Pretty_Name==1.0&sha256={HEX_B}\n")

    assert (pin.name, pin.written_name, pin.version, pin.url) == (
        "pretty-name",
        "Pretty_Name",
        None,
        "https://x.example/abc.zip",
    )
    assert hexes(pin) == [HEX_A, HEX_B]


def test_r9_the_same_name_twice_keeps_the_hashes_that_both_list():
    pin = only_pin(
        f"Flask==1.0 --hash=sha256:{HEX_A} --hash=sha256:{HEX_B}\n"
        f"flask[x]==1.0.0 --hash=sha256:{HEX_C} --hash=sha256:{HEX_B}\n"
    )

    assert hexes(pin) == [HEX_B]
    assert [location.line for location in pin.locations] == [1, 2]
    assert pin.extras == ("x",)


def test_r9_two_lines_without_a_common_hash_contradict_each_other():
    (error,) = errors_of(f"flask==1.0 --hash=sha256:{HEX_A}\n\nFlask==1.0 --hash=sha256:{HEX_B}\n")

    assert error == "requirements.txt:3: Flask lists no hash that requirements.txt:1 lists as well"


def test_r9_a_line_without_hashes_takes_none_away():
    assert hexes(only_pin(f"flask==1.0\nflask==1.0 --hash=sha256:{HEX_B}\n")) == [HEX_B]


@pytest.mark.parametrize(
    "second",
    [
        "flask==2.0",
        "flask>=2",
        "flask!=1.0",
        "flask @ https://x.example/flask-1.0.zip",
        "flask==1.0.dev1",
        "flask==abc",
    ],
)
def test_r9_two_lines_that_rule_each_other_out_are_an_error(second):
    (error,) = errors_of(f"flask==1.0\n{second}\n")

    assert "is asked for in a way that requirements.txt:1 rules out" in error


@pytest.mark.parametrize("second", ["flask", "flask==1.0.0", "flask>=1", "flask[x]", "flask~=1.0"])
def test_lines_that_agree_are_one_pin(second):
    assert only_pin(f"flask==1.0\n{second}\n").version == "1.0"


def test_contradictory_markers_keep_two_versions_apart():
    pin = only_pin("flask==1.0 ; python_version < '3'\nflask==2.0 ; python_version >= '3'\n")

    assert (pin.version, pin.location.line) == ("2.0", 2)


def test_a_constraint_pins_an_unpinned_requirement_with_its_hashes():
    pin = only_pin({"r.txt": "-c c.txt\nflask>=0.5\n", "c.txt": f"flask==1.0 --hash=sha256:{HEX_A}\nother==2.0\n"})

    assert (pin.version, hexes(pin)) == ("1.0", [HEX_A])
    assert [str(location) for location in pin.locations] == ["r.txt:2", "c.txt:1"]


def test_a_constraint_given_beside_the_files_counts_as_well():
    pin = only_pin({"r.txt": "flask\n", "c.txt": "flask==1.0\n"}, constraints=["c.txt"])

    assert pin.version == "1.0"


def test_r9_a_constraint_may_not_widen_the_hashes():
    files = {
        "r.txt": f"-c c.txt\nflask==1.0 --hash=sha256:{HEX_A}\n",
        "c.txt": f"flask==1.0 --hash=sha256:{HEX_A} --hash=sha256:{HEX_B}\n",
    }

    assert hexes(only_pin(files)) == [HEX_A]


def test_a_constraint_by_url_pins_and_keeps_its_hash():
    files = {"r.txt": "-c c.txt\nflask\n", "c.txt": f"flask @ https://x.example/f-1.zip#sha256={HEX_A}\n"}

    pin = only_pin(files)
    assert (pin.url, hexes(pin)) == ("https://x.example/f-1.zip", [HEX_A])


def test_a_constraint_alone_installs_nothing():
    pinned = pins_of({"r.txt": "-c c.txt\n", "c.txt": "flask==1.0\nfolder @ https://x.example/folder-1.zip\n"})

    assert (pinned.pins, pinned.unusable) == ((), ())


def test_r7_malformed_hashes_alone_are_no_absence_of_hashes():
    pin = only_pin("# sha256: ABADBAD\nflask==1.0\n")

    assert pin.hashes == ()
    assert [wrong.text for wrong in pin.malformed_hashes] == ["ABADBAD"]


@pytest.mark.parametrize("algorithm", ["md5", "sha1"])
def test_r11_weak_hashes_are_refused_as_options_and_do_not_count_in_fragments(algorithm):
    assert "cannot vouch" in errors_of(f"flask==1.0 --hash={algorithm}:00")[0]
    pinned = pins_of(f"https://x.example/flask-1.0.zip#{algorithm}=00")
    assert pinned.pins[0].hashes == ()
    assert "vouches for nothing" in pinned.warnings[0]


def test_paste_ready_lines_follow_the_form_of_the_file():
    pinned = pins_of(
        {
            "r.txt": f"-r option.txt\n-r comment.txt\n-r none.txt\na==1\n# sha256: {BASE64_A}\nb==1\n",
            "option.txt": f"c==1\nd==1 --hash=sha256:{HEX_A}\n",
            "comment.txt": f"# sha256: {BASE64_A}\ne==1\nf==1\n",
            "none.txt": "g==1\n",
        }
    )

    assert {pin.name: pin.hash_form for pin in pinned.pins} == {
        "a": HashForm.COMMENT,
        "b": HashForm.COMMENT,
        "c": HashForm.OPTION,
        "d": HashForm.OPTION,
        "e": HashForm.COMMENT,
        "f": HashForm.COMMENT,
        "g": HashForm.COMMENT,
    }


def test_requirements_may_be_arguments():
    pin = only_pin({"r.txt": ""}, [f"flask==3.1.0 --hash=sha256:{HEX_A}"])

    assert (pin.version, hexes(pin), pin.location) == ("3.1.0", [HEX_A], Location("command line", 0))


@pytest.mark.parametrize("argument", ["--index-url x", "-r r.txt", "flask==", "a==1\nb==1", "a==1 --hash=md5:0"])
def test_an_argument_that_is_no_requirement_is_an_error(argument):
    with pytest.raises(RequirementsErrors, match="command line: "):
        pins_of({"r.txt": ""}, [argument])


def test_index_options_are_gathered_in_reading_order():
    options = pins_of(
        {
            "a/r.txt": "-i https://one.example\n-r s.txt\n--extra-index-url https://three.example\n-f links\n",
            "a/s.txt": "--index-url https://two.example\n--trusted-host two.example\n"
            "--extra-index-url=https://two.example\n",
        }
    ).index_options

    assert options.index_urls == ("https://two.example", "https://three.example")
    assert options.find_links == ("links",)
    assert options.trusted_hosts == ("two.example",)
    assert (options.no_index, options.keeps_default_index) == (False, False)


def test_extra_indexes_alone_keep_the_default_index():
    options = pins_of("--extra-index-url https://x.example\n--no-index\n").index_options

    assert (options.index_urls, options.no_index, options.keeps_default_index) == (("https://x.example",), True, True)


def test_links_near_the_file_win_over_those_in_the_current_folder():
    files = parse({"a/r.txt": "-f links\n-f https://x.example/links\n-f elsewhere\n"})
    near = os.path.join("a", "links")
    options = pinned_requirements(files, (), {}, path_exists=lambda path: path == near).index_options

    assert options.find_links == (near, "https://x.example/links", "elsewhere")


@pytest.mark.parametrize(
    ("text", "name", "wheel", "sdist"),
    [
        ("--no-binary a", "a", False, True),
        ("--no-binary :all:", "a", False, True),
        ("--only-binary :all:", "a", True, False),
        ("--only-binary :all:\n--no-binary a", "a", False, True),
        ("--no-binary a,b\n--only-binary a", "a", True, False),
        ("--no-binary A_x", "a-x", False, True),
        ("--no-binary :all:\n--no-binary :none:", "a", True, True),
        ("--no-binary a\n--only-binary :all:", "a", True, False),
        ("--no-binary b", "a", True, True),
    ],
)
def test_the_later_format_option_wins(text, name, wheel, sdist):
    formats = pins_of(text).format_control

    assert (formats.allows(name, ArchiveKind.WHEEL), formats.allows(name, ArchiveKind.SDIST)) == (wheel, sdist)


def test_flags_change_nothing_and_those_of_pip_alone_are_told():
    pinned = pins_of("--prefer-binary\n--pre\n--require-hashes\n--use-feature fast-deps\n")

    assert replace(pinned, warnings=()) == pins_of("")
    assert [warning.partition(": ")[2] for warning in pinned.warnings] == [
        "--use-feature fast-deps is pip's own; it is skipped"
    ]


def test_an_option_that_peep_cannot_honour_is_refused():
    assert errors_of("--no-require-hashes") == ["requirements.txt:1: --no-require-hashes cannot be honoured"]


def test_directives_and_warnings_of_all_files_come_along():
    pinned = pins_of(
        {"r.txt": "# peep: --build-constraint a.txt\n-r s.txt\n", "s.txt": "# peep: --build-constraint b.txt\n"}
    )

    assert pinned.directive_values("--build-constraint") == ("a.txt", "b.txt")
    assert pinned.directive_values("--trust-local") == ()


def told_in_one_run(files: dict[str, str]) -> list[str]:
    """What is said of lines that can be read, beside what is said of those that cannot."""
    read, faults = read_requirements_files([next(iter(files))], lambda path: files[path].encode(), {})
    with pytest.raises(RequirementsErrors) as caught:
        pinned_requirements(read, (), LINUX, Accepted(repository_commits=True), faults)
    return [str(error) for error in caught.value.also]


def test_what_a_line_lacks_is_told_beside_a_line_that_means_nothing():
    assert told_in_one_run({"r.txt": "six\na = 1\nb==1\n"}) == [
        "r.txt:3: b==1 lists no hash",
        "r.txt:1: six: it names no version; write six==VERSION",
    ]


def test_a_requirement_whose_hash_stands_alone_below_it_is_told_once():
    assert told_in_one_run({"r.txt": f"six==1\n  --hash=sha256:{HEX_A}\nb==1\n"}) == ["r.txt:3: b==1 lists no hash"]


def test_a_constraint_that_cannot_be_read_may_have_had_what_other_lines_lack():
    assert told_in_one_run({"r.txt": "six\nb==1\n-c c.txt\n", "c.txt": "six = 1\n"}) == []


def test_a_commit_lacks_no_hash():
    assert told_in_one_run({"r.txt": f"foo @ git+{REPOSITORY}@{COMMIT}\na = 1\n"}) == []
