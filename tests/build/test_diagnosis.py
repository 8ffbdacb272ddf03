from __future__ import annotations

import pytest

from peep.build.diagnosis import likely_cause


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("error: command 'gcc' failed: No such file or directory", "the compiler gcc is missing"),
        ("unable to execute 'x86_64-linux-gnu-gcc': No such file or directory", "x86_64-linux-gnu-gcc is missing"),
        ("../meson.build:1:0: ERROR: Unknown compiler(s): [['cc'], ['gcc']]", "no C compiler"),
        ("foo.c:1:10: fatal error: Python.h: No such file or directory", "header files of Python"),
        ("foo.c:1:10: fatal error: yaml.h: No such file or directory", "C header yaml.h"),
        ("/usr/bin/ld: cannot find -lssl: No such file or directory", "C library ssl"),
        ("socket.gaierror: [Errno -3] Temporary failure in name resolution", "network"),
        ("urllib.error.URLError: <urlopen error [Errno 101] Network is unreachable>", "network"),
        ("ModuleNotFoundError: No module named 'Cython'", "imports Cython"),
        ("PermissionError: [Errno 13] Permission denied: '/x'", "outside of its build area"),
        ("KeyError: 'SPECIAL_HOME'", "environment variable SPECIAL_HOME"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
    ],
)
def test_causes_that_the_output_tells(line, cause):
    assert cause in likely_cause(["before", line, "after"], 1)


def test_no_cause_is_made_up():
    assert not likely_cause(["AssertionError"], 1)


def test_time_and_killing_are_causes_too():
    assert "longer" in likely_cause([], 124, timed_out=True)
    assert "memory" in likely_cause([], 137)
