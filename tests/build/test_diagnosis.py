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
        ("Package libpq was not found in the pkg-config search path.", "does not know the library libpq"),
        ("No package 'gobject-introspection-1.0' found", "does not know the library gobject-introspection-1.0"),
        ('../meson.build:41:0: ERROR: Dependency "openblas" not found, tried pkgconfig', "library openblas"),
        ("/bin/sh: 1: krb5-config: not found", "the program krb5-config is missing"),
        ("Error: pg_config executable not found.", "the program pg_config is missing"),
        ("CalledProcessError: Command 'krb5-config --libs' returned non-zero exit status 127.", "krb5-config, or one"),
        ("error in suds setup command: use_2to3 is invalid.", "written for Python 2"),
        ("AttributeError: cython_sources", "list cython<3 among the build constraints"),
        ("AttributeError: 'build_ext' object has no attribute 'cython_sources'", "--build-requirement NAME: cython<3"),
        ("lxml.pyx:7:1: undeclared name not builtin: long", "cython<3.1"),
        ("ModuleNotFoundError: No module named 'pkg_resources'", "setuptools<81"),
        ("ModuleNotFoundError: No module named 'distutils'", "setuptools brings it"),
        ("ModuleNotFoundError: No module named 'imp'", "not meant for this version of Python"),
        (
            "AttributeError: module 'pkgutil' has no attribute 'ImpImporter'. Did you mean: 'zipimporter'?",
            "setuptools>=66.1",
        ),
    ],
)
def test_causes_that_the_output_tells(line, cause):
    assert cause in likely_cause(["before", line, "after"], 1)


def test_no_cause_is_made_up():
    assert not likely_cause(["AssertionError"], 1)


def test_time_and_killing_are_causes_too():
    assert "longer" in likely_cause([], 124, timed_out=True)
    assert "memory" in likely_cause([], 137)
