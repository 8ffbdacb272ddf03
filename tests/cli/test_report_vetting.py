"""What a refused run says of examined, unexamined and objected archives, as whole texts."""

from peep.cli.output.reports import report_text
from peep.errors import Lack, NotExamined, ObjectedTo, RecordsUnreadable
from support.pins import made_up, pinned

END = "\n\n-------------------------------\nNot proceeding to installation."
A = made_up("a").hex
FLASK = pinned("flask==3.1.2", line=12)
NUMPY = pinned("numpy==2.3.1", line=40)
WHEEL = "flask-3.1.2-py3-none-any.whl"


def test_the_report_of_a_gate():
    problems = [
        NotExamined(NUMPY, "numpy-2.3.1-cp312-cp312-manylinux_2_28_x86_64.whl", A, "safe-to-run", Lack.COMPILED),
        NotExamined(FLASK, WHEEL, A, "safe-to-run", Lack.UNEXAMINED, 0, "3.1.1", "Reviewer", "2026-05-02"),
        ObjectedTo(pinned("ctx==0.2.6", line=7), "", A, "safe-to-run", "mozilla", "R", "2026-05-24", "sends it away"),
        RecordsUnreadable("vetting/audits.toml", "unknown keys: x", "audit record 1"),
    ]

    assert report_text(problems) == (
        f"""\
THE FOLLOWING ARCHIVES ARE WHAT YOUR HASHES SAY, BUT NOBODY EXAMINED THEM.

    flask==3.1.2 (requirements.txt:12)
        {WHEEL}   {A}
        wanted: safe-to-run            examined: 3.1.1 (Reviewer, 2026-05-02)
        see:    peep diff flask 3.1.1 3.1.2
    numpy==2.3.1 (requirements.txt:40)
        numpy-2.3.1-cp312-cp312-manylinux_2_28_x86_64.whl {A}
        examined for safe-to-run but for its compiled files; accept-compiled = false

SOMEBODY EXAMINED THE FOLLOWING AND OBJECTS.

    ctx==0.2.6 (requirements.txt:7)
        mozilla (2026-05-24): sends it away
        {A}

The following records cannot be believed, so nothing counts as examined:

    vetting/audits.toml: audit record 1: unknown keys: x"""
        + END
    )


def told(*problem, **more):
    return report_text([NotExamined(*problem, **more)]).split("\n\n")[1].split("\n")[1:]


def test_what_a_single_archive_lacks():
    commit = f"git:{'c' * 40}  https://git.example/flask"

    assert told(FLASK, "", A, "safe-to-deploy", others=2) == [
        f"{' ' * 8}{A}",
        f"{' ' * 8}and 2 other listed archives; nothing was fetched",
        f"{' ' * 8}wanted: safe-to-deploy         examined: no version of it",
        f"{' ' * 8}see:    peep diff flask 3.1.2 --full",
    ]
    excused = told(FLASK, WHEEL, A, "safe-to-run", Lack.UNEXAMINED, 0, "3.1.1", "R", "2026-05-02", True)  # noqa: FBT003
    assert excused[1] == f"{' ' * 8}wanted: safe-to-run            excused: 3.1.1 (R, 2026-05-02)"
    other = told(FLASK, WHEEL, A, "safe-to-run", Lack.UNEXAMINED, 0, "3.1.2.0", "R", "2026-05-02")
    assert other[1:] == [
        f"{' ' * 8}wanted: safe-to-run            examined: other bytes of this version (R, 2026-05-02)",
        f"{' ' * 8}see:    peep diff flask 3.1.2 --full",
    ]
    assert told(FLASK, commit, "", "safe-to-run", Lack.COMMIT)[0] == f"{' ' * 8}{commit}"
    assert "--force-reinstall" in told(FLASK, "", "", "safe-to-run", Lack.UNRECORDED)[-1]
    assert "accept-machine = false" in told(FLASK, WHEEL, A, "safe-to-run", Lack.MACHINE)[-1]


def test_what_records_say_cannot_command_a_terminal():
    objection = ObjectedTo(FLASK, WHEEL, A, "safe-to-run", "", "a\x1b[2J", "2026-01-01", "b\u202ec\nd")
    lacking = NotExamined(FLASK, WHEEL, A, "safe-to-run", Lack.UNEXAMINED, 0, "3\x1b", "x\x1b", "2026-01-01")

    text = report_text([objection, lacking, RecordsUnreadable("a\x1b", "b\u202e")])

    assert all(character == "\n" or character.isprintable() for character in text)


def test_facts_side_by_side_stand_below_each_other_where_they_do_not_fit():
    who = "Reviewer of many packages <reviewer-of-many@packages.example.org>"
    lacking = NotExamined(FLASK, WHEEL, A, "safe-to-run", Lack.UNEXAMINED, 0, "3.1.1", who, "2026-05-02")

    assert report_text([lacking], 80).splitlines()[4:8] == [
        "        wanted: safe-to-run",
        f"        examined: 3.1.1 ({who.rpartition(' ')[0]}",
        f"        {who.rpartition(' ')[2]}, 2026-05-02)",
        "        see:    peep diff flask 3.1.1 3.1.2",
    ]
