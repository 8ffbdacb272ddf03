"""Moments of what stands at the top of an sdist: beside a wheel only what that installs is run at import."""

from support.comparing import compared_releases
from support.releases import PACKAGE, TextRelease

WAITS = "def go(text):\n    exec(text)\n"


def moments_and_signals(tmp_path, *, has_wheel=True, tag="py3-none-any", **changes):
    """Of the second of two releases, by path; `changes` come with it."""
    old = TextRelease("1.0", has_wheel=has_wheel, tag=tag)
    found = compared_releases(tmp_path, old, TextRelease("1.1", has_wheel=has_wheel, tag=tag, **changes))
    return {one.path: one.moment for one in found.changes}, {(hit.rule, hit.path) for hit in found.signals}


def test_tests_and_tools_beside_a_wheel_are_not_imported(tmp_path):
    tools = {"src/test_inert.py": WAITS, "noxfile.py": "import subprocess\n\nsubprocess.run(['true'])\n"}
    moments, signals = moments_and_signals(tmp_path, sdist=tools)
    assert (moments["src/test_inert.py"], moments["noxfile.py"]) == ("test", "code")
    assert not signals


def test_without_a_wheel_anything_at_the_top_may_be_installed(tmp_path):
    moments, signals = moments_and_signals(tmp_path, has_wheel=False, sdist={"src/tool.py": WAITS})
    assert moments["src/tool.py"] == "import"
    assert ("code-dynamic", "src/tool.py") in signals


def test_the_source_of_a_native_module_is_imported(tmp_path):
    native = {"tool.cpython-311-x86_64-linux-gnu.so": b"\x7fELF" + bytes(60)}
    moments, signals = moments_and_signals(
        tmp_path, tag="cp311-cp311-linux_x86_64", wheel=native, sdist={"src/tool.py": WAITS}
    )
    assert moments["src/tool.py"] == "import"
    assert ("code-dynamic", "src/tool.py") in signals


def test_what_an_installed_package_imports_is_imported(tmp_path):
    """The sdist's package is another than the wheel's, and brings in a module that no wheel has."""
    changed = {"src/inert/__init__.py": f"{PACKAGE['inert/__init__.py']!s}\nimport tool\n", "src/tool.py": WAITS}
    moments, signals = moments_and_signals(tmp_path, sdist=changed)
    assert moments["src/tool.py"] == "import"
    assert ("code-dynamic", "src/tool.py") in signals
