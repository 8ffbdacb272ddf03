"""Which files the interpreter reads at every start, by where they lie."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.formats import startup_files
from peep.formats.startup_files import landing, startup_entry, startup_members


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("lib/python3.11/site-packages/f.pth", "lib/python3.11/site-packages/f.pth"),
        ("lib64/python3.13t/site-packages/f.start", "lib64/python3.13t/site-packages/f.start"),
        ("Lib/site-packages/F.PTH", "Lib/site-packages/F.PTH"),
        ("lib/pypy3.9/site-packages/f.pth", "lib/pypy3.9/site-packages/f.pth"),
        ("local/lib/python3.12/dist-packages/f.pth", "local/lib/python3.12/dist-packages/f.pth"),
        ("f.pth", "f.pth"),
        ("lib/python3.11/site-packages/SiteCustomize.PY", "lib/python3.11/site-packages/SiteCustomize.PY"),
        ("lib/python3.11/site-packages/sitecustomize.pyc", "lib/python3.11/site-packages/sitecustomize.pyc"),
        ("lib/python3.11/site-packages/usercustomize.abi3.so", "lib/python3.11/site-packages/usercustomize.abi3.so"),
        ("Lib/site-packages/usercustomize.cp311-win_amd64.pyd", "Lib/site-packages/usercustomize.cp311-win_amd64.pyd"),
        ("lib/python3.11/site-packages/sitecustomize/__init__.py", "lib/python3.11/site-packages/sitecustomize"),
        ("lib/python3.11/site-packages/usercustomize/deep/er.py", "lib/python3.11/site-packages/usercustomize"),
        ("lib/python3.11/sitecustomize.py", "lib/python3.11/sitecustomize.py"),
        ("lib/python3.11/lib-dynload/sitecustomize.so", "lib/python3.11/lib-dynload/sitecustomize.so"),
        ("DLLs/sitecustomize.pyd", "DLLs/sitecustomize.pyd"),
        ("lib/python3.11/os.cpython-311-x86_64-linux-gnu.so", "lib/python3.11/os.cpython-311-x86_64-linux-gnu.so"),
        ("lib/python3.11/encodings/x.py", "lib/python3.11/encodings"),
        ("lib64/python3.12/lib-dynload/_json.so", "lib64/python3.12/lib-dynload/_json.so"),
        ("Lib/abc/__init__.py", "Lib/abc"),
        ("DLLs/_socket.pyd", "DLLs/_socket.pyd"),
        ("lib/python311.zip", "lib/python311.zip"),
        ("lib64/python313t.zip", "lib64/python313t.zip"),
        ("Python312.zip", "Python312.zip"),
        ("Python312/site-packages/f.pth", "Python312/site-packages/f.pth"),
        ("lib/python3.11/demo.py", ""),
        ("lib/python3.11/site-packages/os.py", ""),
        ("lib/json/data.json", ""),
        ("lib/libcrypt.so", ""),
        ("share/python311.zip", ""),
        ("lib/python3.11/site-packages/demo/f.pth", ""),
        ("lib/python3.11/site-packages/demo/lib/python3.11/site-packages/f.pth", ""),
        ("lib/python3.11/site-packages/demo/sitecustomize.py", ""),
        ("lib/python3.11/site-packages/sitecustomize.txt", ""),
        ("lib/python3.11/site-packages/sitecustomize_more.py", ""),
        ("lib/python3.11/site-packages/sitecustomize-1.0.dist-info/METADATA", ""),
        ("lib/python3.11/model.pth", ""),
        ("lib/model.pth", ""),
        ("share/site-packages/f.pth", ""),
        ("bin/f.pth", ""),
    ],
)
def test_by_where_it_lies(path: str, entry: str):
    assert startup_entry(path) == entry
    assert startup_entry(f"/srv/lib/env/{path}", "/srv/lib/env") == (f"/srv/lib/env/{entry}" if entry else "")


def test_folders_of_modules_that_are_known_count_as_they_are():
    assert startup_entry("/opt/Modules/f.pth", "/opt/env", ["/opt/modules/"]) == "/opt/Modules/f.pth"
    assert startup_entry("/opt/modules-not/f.pth", "/opt/env", ["/opt/modules"]) == ""
    assert startup_entry("/elsewhere/lib/python3.11/site-packages/f.pth", "/opt/env", ["/opt/modules"]) == ""


@pytest.mark.parametrize(
    "member",
    [
        "f.pth",
        "demo-1.0.data/purelib/f.start",
        "demo-1.0.data/platlib/sitecustomize.cpython-311-x86_64-linux-gnu.so",
        "demo-1.0.data/data/lib/python3.11/site-packages/f.pth",
        "demo-1.0.data/data/lib64/python3.9/site-packages/usercustomize/__init__.py",
        "demo-1.0.data/data/LIB/Site-Packages/f.pth",
        "demo-1.0.data/data/f.pth",
    ],
)
def test_members_of_a_wheel_are_judged_by_where_they_land(member: str):
    assert startup_members(["demo/__init__.py", member], "demo-1.0.data") == (member,)


@pytest.mark.parametrize(
    "member",
    [
        "demo-1.0.data/scripts/f.pth",
        "demo-1.0.data/headers/f.pth",
        "demo-1.0.data/data/share/f.pth",
        "other.data/f.pth",
    ],
)
def test_other_members_are_none(member: str):
    assert startup_members([member], "demo-1.0.data") == ()


@given(st.text("ab./-", max_size=12), st.sampled_from(["purelib", "platlib"]))
def test_a_module_folder_by_any_way_is_the_same(inside: str, scheme: str):
    direct = startup_entry(landing(inside, "demo-1.0.data"))
    assert startup_entry(landing(f"demo-1.0.data/{scheme}/{inside}", "demo-1.0.data")) == direct
    assert bool(startup_entry(f"lib/python3.12/site-packages/{inside}")) == bool(direct)


PARTS = (
    "lib", "lib64", "local", "Lib", "python3.11", "pypy3.9", "Python312", "site-packages", "dist-packages",
    "lib-dynload", "DLLs", "os.py", "json", "Encodings", "SiteCustomize.py", "usercustomize", "_json.abi3.so", "x.pth",
    "X.START", "python311.zip", "demo.py", "env", "code", "\u0130.py", "",
)  # fmt: skip


@given(
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=6).map("/".join),
    st.sampled_from(["", "/env", "/env/", "env", "/code/env", "/\u0130"]),
    st.lists(st.sampled_from(["/env/lib/python3.11/site-packages", "/opt/modules/", "lib/python3.11", "/env/os"])),
)
def test_what_is_not_looked_at_closely_is_read_by_nobody(inside: str, root: str, sites: list[str]):
    """The quick look at the names of a path spares most of them the patterns, and changes no answer."""
    for path in (inside, f"{root}/{inside}", *(f"{site}/{inside}" for site in sites)):
        quick = startup_entry(path, root, sites)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(startup_files, "_may_be_read", lambda _: True)
            assert startup_entry(path, root, sites) == quick
