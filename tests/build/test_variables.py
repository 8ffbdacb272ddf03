"""The environment variables of a build."""

from __future__ import annotations

from peep.build.variables import steering_variables, windows_variables


def test_the_compilers_kits_of_macos_and_windows_are_the_users_choice():
    chosen = {"DEVELOPER_DIR": "/Xcode", "SDKROOT": "/sdk", "DISTUTILS_USE_SDK": "1", "MSSDK": "1"}

    assert steering_variables({**chosen, "SECRET": "x"}) == chosen


def test_a_build_on_windows_learns_of_the_machine_and_not_of_the_user():
    """`platform.machine()` and the search for a compiler read them; without, wheels get no tags or are not made."""
    machine = {
        "PROCESSOR_ARCHITECTURE": "AMD64",
        "PROGRAMFILES": r"C:\Program Files",
        "PROGRAMFILES(X86)": r"C:\Program Files (x86)",
        "SYSTEMROOT": r"C:\Windows",
    }
    user = {
        "APPDATA": r"C:\Users\jo\AppData\Roaming",
        "PIP_INDEX_URL": "https://jo:secret@index.example/",
        "TEMP": r"C:\Users\jo\AppData\Local\Temp",
        "USERNAME": "jo",
        "USERPROFILE": r"C:\Users\jo",
    }

    found = windows_variables(machine | user, r"D:\build\home", r"D:\build\tmp")

    assert {name: found[name] for name in machine} == machine
    assert not any("jo" in value for value in found.values())
    assert found["USERPROFILE"] == found["APPDATA"] == found["LOCALAPPDATA"] == r"D:\build\home"
    assert found["TEMP"] == found["TMP"] == r"D:\build\tmp"
