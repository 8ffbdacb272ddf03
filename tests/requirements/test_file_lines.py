import pytest

from peep.model import HashForm
from peep.requirements.decoding import physical_lines
from peep.requirements.files import in_reading_order, read_requirements_files
from peep.requirements.logical_lines import logical_lines
from peep.requirements.options import DividedLine, MalformedOptions, divide
from support.requirements_files import HEX_A, HEX_B, errors_of, parse


def contents(text):
    return [(line.number, line.content, line.comment) for line in logical_lines(physical_lines(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb", [(1, "a", ""), (2, "b", "")]),
        ("a \\\n  b\\\nc\nd", [(1, "a   bc", ""), (4, "d", "")]),
        ("a # x\n", [(1, "a", "# x")]),
        ("a#x\n", [(1, "a#x", "")]),
        ("  # x\n", [(1, "", "# x")]),
        ("# x \\\na", [(1, "", "# x \\"), (2, "a", "")]),
        ("a \\\n# x\nb", [(1, "a", "# x"), (3, "b", "")]),
        ("a \\\n#x\nb", [(1, "a", "#x"), (3, "b", "")]),
        ("a \\\n\nb", [(1, "a", ""), (3, "b", "")]),
        ("a \\", [(1, "a", "")]),
        ("\t\n", [(1, "", "")]),
        ("https://x.example/a#egg=a # c", [(1, "https://x.example/a#egg=a", "# c")]),
    ],
)
def test_joins_lines_and_takes_comments_off(text, expected):
    assert contents(text) == expected


@pytest.mark.parametrize(
    ("content", "requirement", "options"),
    [
        ("flask==1.0", "flask==1.0", ()),
        (f"flask==1.0 --hash=sha256:{HEX_A}", "flask==1.0", (("--hash", f"sha256:{HEX_A}"),)),
        (f"flask==1.0 --hash sha256:{HEX_A}", "flask==1.0", (("--hash", f"sha256:{HEX_A}"),)),
        (f"flask==1.0    --hash='sha256:{HEX_A}'", "flask==1.0", (("--hash", f"sha256:{HEX_A}"),)),
        ("-i https://x.example/simple", "", (("--index-url", "https://x.example/simple"),)),
        ("-ihttps://x.example/simple", "", (("--index-url", "https://x.example/simple"),)),
        ("--pypi-url https://x.example", "", (("--index-url", "https://x.example"),)),
        ("--extra-index-url=https://x.example", "", (("--extra-index-url", "https://x.example"),)),
        ("--extra-index https://x.example", "", (("--extra-index-url", "https://x.example"),)),
        ("--requirem a.txt", "", (("--requirement", "a.txt"),)),
        ("-r a.txt", "", (("--requirement", "a.txt"),)),
        ("-ra.txt", "", (("--requirement", "a.txt"),)),
        ("-r 'a b.txt'", "", (("--requirement", "a b.txt"),)),
        ("-c c.txt", "", (("--constraint", "c.txt"),)),
        ("-f links --no-index", "", (("--find-links", "links"), ("--no-index", ""))),
        ("-e .", "", (("--editable", "."),)),
        ("flask==1.0 -C key=value", "flask==1.0", (("--config-settings", "key=value"),)),
        ("flask==1.0 --config-setting key=value", "flask==1.0", (("--config-settings", "key=value"),)),
        ("--no-index", "", (("--no-index", ""),)),
    ],
)
def test_divides_a_line_into_requirement_and_options(content, requirement, options):
    assert divide(content) == DividedLine(requirement, options)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("--frobnicate", "--frobnicate is unknown"),
        ("--default-timeout 600", "--default-timeout is unknown"),
        ("-x", "-x is unknown"),
        ("--", "could mean|unknown"),
        ("--pr", "could mean any of --pre, --prefer-binary"),
        ("--no-index=yes", "takes no value"),
        ("-r", "needs a value"),
        ("flask==1.0 --hash", "needs a value"),
        ("-r 'a", "cannot be split"),
        ("-r a.txt b.txt", "'b.txt' stands among the options"),
        ("-e ./x ; python_version>'3'", "';' stands among the options"),
    ],
)
def test_names_what_is_wrong_with_options(content, reason):
    with pytest.raises(MalformedOptions, match=reason):
        divide(content)


@pytest.mark.parametrize(
    "option", ["--allow-external psycopg2", "--allow-unverified=x", "--use-wheel", "--process-dependency-links", "-Z"]
)
def test_options_that_pip_removed_are_skipped_with_a_warning(option):
    (file,) = parse(f"{option}\nflask==1.0 --global-option='--quiet'\n")

    assert [line.written for line in file.lines] == ["flask==1.0"]
    assert file.options == ()
    assert len(file.warnings) == 2
    assert "pip has removed the option" in file.warnings[0]


def test_reports_every_bad_line_at_once():
    found = errors_of("flask==\n-r\nok==1.0\n=======\n--frobnicate\n")

    assert [error.partition(": ")[0] for error in found] == [f"requirements.txt:{n}" for n in (1, 2, 4, 5)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"flask==1.0\n    --hash=sha256:{HEX_A}", "requirements.txt:2: --hash stands on a line without a requirement"),
        (f"flask==1.0 \\ \n    --hash=sha256:{HEX_A}", "requirements.txt:1: .*"),
        (f"flask==1.0 \\\n\n    --hash=sha256:{HEX_A}", "requirements.txt:3: --hash stands on a line"),
        (f"flask==1.0 \\\n# why\n    --hash=sha256:{HEX_A}", "requirements.txt:3: --hash stands on a line"),
        (f"flask==1.0 # why \\\n    --hash=sha256:{HEX_A}", "requirements.txt:1: the backslash stands in a comment"),
    ],
)
def test_r5_a_hash_that_lost_its_requirement_is_an_error(text, reason):
    found = "\n".join(errors_of(text))

    assert pytest.importorskip("re").search(reason, found)


def test_r4_a_tab_before_a_hash_is_an_error():
    (error,) = errors_of(f"flask==1.0\t--hash=sha256:{HEX_A}")

    assert "a tab stands before an option" in error


@pytest.mark.parametrize("digits", [HEX_A[:-4], HEX_A + "aa", "l" + HEX_A[1:]])
def test_r7_a_malformed_hash_option_is_an_error(digits):
    (error,) = errors_of(f"x==1\nflask==1.0 \\\n --hash=sha256:{digits}")

    assert error.startswith("requirements.txt:2: the sha256 hash")


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "=======", ">>>>>>> branch", "||||||| base"])
def test_r8_merge_conflict_markers_are_an_error(marker):
    (error,) = errors_of(f"flask==1.0\n{marker}\n")

    assert error == "requirements.txt:2: a merge conflict was committed here"


@pytest.mark.parametrize(
    "line",
    [
        "flask\u200b==1.0",
        "\u00a0# sha256: x",
        f"flask==1.0 \u00a0--hash=sha256:{HEX_A}",
        "fl\u0430sk==1.0",
        "flask==1.0 \u202e# x",
        "-r caf\u00e9.txt",
    ],
)
def test_r3_refuses_anything_beyond_ascii_outside_comments(line):
    (error,) = errors_of(line)

    assert error.startswith("requirements.txt:1: the character U+")


def test_r3_comments_may_hold_any_script():
    assert errors_of("# \u043f\u0440\u0438\u0432\u0435\u0442 \U0001f40d\nflask==1.0  # caf\u00e9\n") == []


def test_r1_options_in_comments_stay_comments():
    (file,) = parse("# --index-url https://evil.example/simple\nflask==1.0 # --extra-index-url https://evil.example\n")

    assert file.options == ()
    assert [line.written for line in file.lines] == ["flask==1.0"]


def test_a_form_is_what_the_line_itself_uses():
    (file,) = parse(f"a==1 --hash=sha256:{HEX_A}\nb==1\nhttps://x.example/c-1.tar.gz#sha256={HEX_B}\n")

    assert [line.hash_form for line in file.lines] == [HashForm.OPTION, None, HashForm.OPTION]


@pytest.mark.parametrize("option", ["--index-url https://x.example", "-r x.txt", "--pre", "--no-index"])
def test_an_option_that_means_nothing_on_a_requirements_line_is_refused_by_name(option):
    (error,) = errors_of(f"flask==1.0 {option}")

    assert "has no effect on a requirement's line" in error


def test_format_control_counts_wherever_it_stands_as_in_pip():
    (file,) = parse(f"psycopg2==2.7.4 \\\n    --no-binary psycopg2\\\n    --hash=sha256:{HEX_A}\n")

    assert [(option.name, option.value) for option in file.options] == [("--no-binary", "psycopg2")]
    assert [digest.hex for digest in file.lines[0].hashes] == [HEX_A]


def test_includes_are_followed_once_where_they_stand():
    files = parse(
        {
            "requirements/dev.txt": "-r prod.txt\ndev==1\n-c ../constraints.txt\n-r prod.txt\n",
            "requirements/prod.txt": "prod==1\n-r ./base.txt\n",
            "requirements/base.txt": "base==1\n",
            "constraints.txt": "limit==1\n",
        }
    )

    assert [(file.path, file.is_constraint) for file in files] == [
        ("requirements/dev.txt", False),
        ("requirements/prod.txt", False),
        ("requirements/base.txt", False),
        ("constraints.txt", True),
    ]
    assert [line.written for line in in_reading_order(files)] == ["prod==1", "base==1", "dev==1", "limit==1"]


def test_a_path_is_meant_from_the_including_file_and_a_url_from_the_including_url():
    files = parse(
        {
            "https://x.example/a/r.txt": "-r b/s.txt\n",
            "https://x.example/a/b/s.txt": "-r ../t.txt\n",
            "https://x.example/a/t.txt": "-c https://y.example/c.txt\n",
            "https://y.example/c.txt": "a==1\n",
        }
    )

    assert [file.path for file in files][1:] == [
        "https://x.example/a/b/s.txt",
        "https://x.example/a/t.txt",
        "https://y.example/c.txt",
    ]


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ({"a.txt": "-r a.txt"}, "a.txt:1: the file includes itself: a.txt -> a.txt"),
        (
            {"a.txt": "\n-r b.txt", "b.txt": "-r ./x/../a.txt"},
            "b.txt:1: the file includes itself: a.txt -> b.txt -> a.txt",
        ),
        ({"a.txt": "-c b.txt", "b.txt": "-c b.txt"}, "b.txt:1: the file includes itself: b.txt -> b.txt"),
        ({"a.txt": "-r missing.txt"}, "a.txt:1: missing.txt cannot be read: No such file or directory"),
        ({"a.txt": "-r a.txt -r b.txt"}, "a.txt:1: only one -r or -c may stand on a line; pip would skip the others"),
        (
            {"https://x.example/r.txt": "-r file:///etc/passwd"},
            "https://x.example/r.txt:1: a file from the network may not include a local file",
        ),
    ],
)
def test_r9_includes_that_cannot_be_followed(files, where):
    assert errors_of(files) == [where]


@pytest.mark.parametrize("name", ["pylock..toml", "a/uv.lock", "poetry.lock", "Pipfile.lock", "pyproject.toml"])
def test_r13_r14_files_of_other_formats_are_named_once(name):
    (error,) = errors_of({"r.txt": f"a==1\n-r {name}", name: "[[package]]\nname = 'a'\n"})

    assert error == f"r.txt:2: {name} is no requirements file"


def test_r13_a_lock_file_is_told_to_be_none_where_it_is_named():
    nothing = {"pylock.toml": ""}
    for paths, constraints, hint in (
        (["pylock.toml"], [], "lock files are read when named"),
        ([], ["pylock.toml"], "constraints come from requirements files"),
    ):
        _, (error,) = read_requirements_files(paths, lambda path: nothing[path].encode(), {}, constraints)
        assert str(error) == "pylock.toml: this is no requirements file"
        assert error.hint.startswith(hint)


def test_r9_a_chain_of_includes_has_an_end():
    files = {f"{n}.txt": f"-r {n + 1}.txt" for n in range(300)}

    (error,) = errors_of(files)
    assert "more than 100 deep" in error


def test_r9_includes_that_branch_for_ever_have_an_end():
    class Endless(dict):
        def __contains__(self, _path):
            return True

        def __missing__(self, _path):
            return "-r a/r.txt\n-r b/r.txt\n"

    found = errors_of(Endless({"r.txt": "-r a/r.txt\n"}))

    assert sum("more than 1000 files are included" in error for error in found) == 1


def test_credentials_of_a_file_from_the_network_are_not_shown():
    (error,) = errors_of({"https://user:secret@x.example/r.txt": "-r"})

    assert error.startswith("https://****@x.example/r.txt:1: ")


def test_r10_variables_are_replaced_in_urls_and_values_after_the_line_was_divided():
    environ = {"TOKEN": "t0k3n", "EMPTY": "", "lower": "x"}
    (file,) = parse(
        "--index-url https://${TOKEN}@x.example/simple\n"
        f"a @ https://${{TOKEN}}@x.example/a-1.tar.gz#sha256={HEX_A} ; python_version > '${{TOKEN}}'\n"
        "--find-links ${UNSET}/${EMPTY}/${lower}\n",
        environ,
    )

    assert [option.value for option in file.options] == ["https://t0k3n@x.example/simple", "${UNSET}/${EMPTY}/${lower}"]
    assert file.lines[0].parsed.location == "https://t0k3n@x.example/a-1.tar.gz"
    assert file.lines[0].parsed.marker == "python_version > '${TOKEN}'"
    assert "t0k3n" not in file.lines[0].written


@pytest.mark.parametrize("value", ["x --index-url https://evil.example", "a\nb", "caf\u00e9", "\t"])
def test_r10_a_variable_cannot_bring_an_option_along(value):
    found = errors_of("--find-links https://x.example/${X}\na @ https://${X}/a-1.zip\n", {"X": value})

    assert [error.partition(": ")[0] for error in found] == ["requirements.txt:1", "requirements.txt:2"]
    assert not any(value in error for error in found)


def test_r10_a_variable_outside_urls_and_values_is_no_requirement():
    assert len(errors_of("${NAME}==1.0\nflask${X}\n", {"NAME": "flask", "X": " --pre"})) == 2


def test_directives_come_from_comments_with_their_place():
    (file,) = parse(
        "# peep: --build-constraint build.txt\n#peep: --allow-record-mismatch=foo  # it lies\n"
        "flask==1.0  # peep: --no-check-dependencies\n# peep: the tool that reads this\n"
    )

    assert [(found.option, found.value, found.location.line) for found in file.directives] == [
        ("--build-constraint", "build.txt", 1),
        ("--allow-record-mismatch", "foo", 2),
        ("--no-check-dependencies", "", 3),
    ]


@pytest.mark.parametrize(
    "directive", ["--unknown", "--build-constraint", "--no-check-dependencies yes", "--build-constraint-x y"]
)
def test_a_directive_that_says_nothing_peep_knows_is_an_error(directive):
    (error,) = errors_of(f"# peep: {directive}\n")

    assert error.startswith("requirements.txt:1: ")
