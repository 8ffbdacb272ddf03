"""Programs that a wheel asks for, and what it may not ask for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from peep.environment.launchers import checked_entry_points, launchers, relative_interpreter, rewritten_script, shebang
from peep.errors import EnvironmentChangeError
from peep.formats.program_names import replaced_program


def parse(line, section="console_scripts"):
    return checked_entry_points(f"[{section}]\n{line}\n", "x-1.0-py3-none-any.whl")


def test_both_sections_and_nothing_else():
    text = """
[console_scripts]
# a remark
b = pkg.mod:main
a=pkg:Class.method [extra1, extra2]
; another

[other.group]
evil = whatever; import os

[gui_scripts]
window = pkg . gui : run
"""
    with pytest.raises(EnvironmentChangeError):
        checked_entry_points(text, "x.whl")
    found = checked_entry_points(text.replace("pkg . gui : run", "pkg.gui : run"), "x.whl")
    assert [tuple(entry) for entry in found] == [
        ("a", "pkg", "Class.method", False),
        ("b", "pkg.mod", "main", False),
        ("window", "pkg.gui", "run", True),
    ]


@pytest.mark.parametrize(
    "name",
    ["../evil", "/abs", "a/b", "nested/../python", "..", ".", "C:evil", "a\\b", "", "python", "Python3", "python3.13t",
     "python.exe", "PYTHON3.EXE", "pythonw", "pypy3", "activate", "deactivate.bat", "a\tb", "é", "a;b", "$(x)", "con:",
     "two words"],
)  # fmt: skip
def test_names_that_are_no_program_names_w12(name):
    with pytest.raises(EnvironmentChangeError, match=r"entry_points\.txt: .*(launcher name|would replace)"):
        parse(f"{name} = m:f")


@pytest.mark.parametrize("name", ["a", "a-b.c_d", "python-argcomplete", "pythonize", "py.test", "pypyr"])
def test_names_of_programs(name):
    assert parse(f"{name} = m:f")[0].name == name
    assert replaced_program(name) == ""


@pytest.mark.parametrize(
    "value",
    ["m:f; import os", "m", "m:", ":f", "m:f()", "m:f\x0bimport os", "m f:g", "m:f g", '"m":f', "m:f #", "1m:f", "m:1f",
     "m..n:f", "m:f.", "m:f [x", "m:f\\", "m-n:f"],
)  # fmt: skip
def test_values_that_are_more_than_a_function_w13(value):
    with pytest.raises(EnvironmentChangeError):
        parse(f"prog = {value}")


@pytest.mark.skipif(os.name != "posix", reason="launchers of POSIX")
@pytest.mark.parametrize("folder", ["plain", "with space", "with'quote\"and$dollar", "long" * 40, "ünïcode"])
def test_launchers_start_from_any_folder_w14(tmp_path, folder):
    place = tmp_path / folder
    place.mkdir()
    python = place / "python"
    python.symlink_to(sys.executable)
    (place / "mod.py").write_text("import sys\ndef main(): print(sys.argv[1:]); return 3\n")
    ((name, content),) = launchers(parse("prog = mod:main"), str(python), "posix")
    script = "#!python -c evil\nimport sys\nprint(sys.argv[1:])\n"
    for path, text in ((name, content), ("script", rewritten_script(script.encode(), str(python)))):
        (place / path).write_bytes(text)
        (place / path).chmod(0o755)
        ended = subprocess.run(
            [place / path, "a b", "$c"], capture_output=True, env={"PYTHONPATH": str(place)}, check=False
        )
        assert ended.stdout == b"['a b', '$c']\n"
        assert ended.returncode == (3 if path == name else 0)


@pytest.mark.parametrize("kind", ["win-amd64", "win-arm64", "win-ia32"])
def test_windows_launchers_are_programs_of_their_own(kind):
    found = dict(launchers(parse("prog = m:f") + parse("win = m:f", "gui_scripts"), r"C:\env\python.exe", kind))

    assert set(found) == {"prog.exe", "win.exe"}
    assert all(content.startswith(b"MZ") for content in found.values())
    assert rb"#!C:\env\python.exe" in found["prog.exe"]
    assert rb"#!C:\env\pythonw.exe" in found["win.exe"]


@pytest.mark.parametrize("kind", ["win-amd64", "win-arm64", "win-ia32"])
def test_windows_launchers_find_an_interpreter_in_a_folder_with_a_space(kind):
    """They take what follows a bare space for arguments (pypa/distlib issue 104)."""
    entries = parse("prog = m:f") + parse("win = m:f", "gui_scripts")
    found = dict(launchers(entries, r"C:\Jo Doe\env\python.exe", kind))

    assert b'#!"C:\\Jo Doe\\env\\python.exe"\n' in found["prog.exe"]
    assert b'#!"C:\\Jo Doe\\env\\pythonw.exe"\n' in found["win.exe"]


@pytest.mark.parametrize(
    ("script", "python", "expected"),
    [
        (b"#!python\nx", r"C:\env\python.exe", b"#!C:\\env\\python.exe\nx"),
        (b"#!python\nx", r"C:\Jo Doe\env\python.exe", b'#!"C:\\Jo Doe\\env\\python.exe"\nx'),
        (b"#!pythonw\nx", r"C:\Jo Doe\Python.exe", b'#!"C:\\Jo Doe\\Pythonw.exe"\nx'),
        (b"#!pythonw\nx", r"C:\pypy3.exe", b"#!C:\\pypy3.exe\nx"),
        (b"#!python\nx", "C:\\" + "x" * 200 + "\\python.exe", b"#!C:\\" + b"x" * 200 + b"\\python.exe\nx"),
    ],
)
def test_scripts_on_windows_name_the_interpreter_for_its_own_launcher(script, python, expected):
    """Which knows no `/bin/sh`, and quotes."""
    assert rewritten_script(script, python) == expected


@pytest.mark.skipif(os.name != "posix", reason="the time zone is changed by a variable")
def test_windows_launchers_are_the_same_on_another_day(monkeypatch):
    first = list(launchers(parse("prog = m:f"), "python.exe", "win-amd64"))
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)

    assert list(launchers(parse("prog = m:f"), "python.exe", "win-amd64")) == first


def test_unknown_platforms_are_an_error():
    with pytest.raises(EnvironmentChangeError, match="no launcher for this platform"):
        list(launchers(parse("prog = m:f"), "python", "win-mips"))


@pytest.mark.parametrize(
    "content",
    [b"", b"#!/bin/sh\n", b"# !python\n", b" #!python\n", b"#!perl\n", b"#!/usr/bin/python3\n",
     b"#!/usr/bin/env python3\n", b"\x7fELF#!python\n", b"#!python\n\0\0binary"],
)  # fmt: skip
def test_scripts_without_the_placeholder_stay_as_they_are_w14(content):
    assert rewritten_script(content, "/env/bin/python") == content


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"#!python\nx", b"#!/p\nx"),
        (b"#!python\r\nx", b"#!/p\nx"),
        (b"#!pythonw\nx", b"#!/p\nx"),
        (b"#!python -c 'evil'\nx", b"#!/p\nx"),
        (b"#!python", b"#!/p\n"),
        (b"#!python3\nx", b"#!/p\nx"),
        (b"#!python3.11 -x\nx", b"#!/p\nx"),
        (b"#!pythonw3\r\nx", b"#!/p\nx"),
        (b"#!python-config\nx", b"#!/p\nx"),
        (b"#!python/../evil\nx", b"#!/p\nx"),
        (b"#! \tpython3\nx", b"#!/p\nx"),
    ],
)
def test_the_placeholder_is_replaced_with_nothing_of_the_wheels_behind_it_w14_w23(content, expected):
    assert rewritten_script(content, "/p") == expected
    assert relative_interpreter(expected) == ""


@pytest.mark.parametrize(
    ("content", "program"),
    [
        (b"#!perl -w\n", "perl"),
        (b"#! ./run\n", "./run"),
        (b"#!/usr/bin/env perl\n", ""),
        (b"#!\nx", ""),
        (b"x #!perl", ""),
        (b"", ""),
    ],
)
def test_programs_of_the_current_folder_are_known_w23(content, program):
    assert relative_interpreter(content) == program


def test_the_longest_line_that_every_kernel_reads():
    assert shebang("/" + "x" * 123).startswith(b"#!/x")
    assert shebang("/" + "x" * 125).startswith(b"#!/bin/sh\n")
