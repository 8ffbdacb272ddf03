"""Files of a lock file's packages replaced in its text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.formats.documents import parse_toml
from peep.formats.pylock_edit import UneditableLock, with_files
from peep.formats.pylock_text import PylockFile, PylockPackage
from peep.model import Digest

HEAD = 'lock-version = "1.0"\ncreated-by = "other"\n'
NEW = PylockPackage(
    "a", wheels=(PylockFile("a-1-py3-none-any.whl", (Digest("sha256", "a" * 64),), "https://u.example"),)
)
LINE = f'{{name = "a-1-py3-none-any.whl", url = "https://u.example", hashes = {{sha256 = "{"a" * 64}"}}}}'
FORMS = {
    "one line": 'wheels = [{url = "https://x.example/]]", hashes = {}}] # [x]\n',
    "many lines": "wheels = [\n    {url = 'https://x.example/a', hashes = {}},  # ]\n\n]\n",
    "tables": '[[packages.wheels]]\nname = "b"\n[packages.wheels.hashes]\nsha256 = "b"\n',
    "both": 'sdist = {name = "s"}\nwheels = [\n]\n',
    "dotted": 'sdist.name = "s"\nsdist . url = "https://x.example"\nsdist.hashes.sha256 = "0"\n',
    "none": "",
}
REST = {
    "nothing": "",
    "a tool": '[packages.tool.peep]\nindex = "corp"\n',
    "a tool of another": '[packages.tool."x[y"]\n',
}


def block(name: str, files: str, rest: str = "", keys: str = "") -> str:
    return f'\n[[packages]]\nname = "{name}"\n{keys}version = "1"\n{files}{rest}'


@pytest.mark.parametrize("files", FORMS)
@pytest.mark.parametrize("rest", REST)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_files_become_others_and_no_other_byte_changes(files, rest, end):
    others = [block("x", FORMS["one line"]), block("z", FORMS["tables"])]
    text = HEAD + others[0] + block("a", FORMS[files], REST[rest]) + others[1]
    edited = with_files(text.replace("\n", end), {1: NEW})
    expected = HEAD + others[0] + block("a", f"wheels = [\n    {LINE},\n]\n", REST[rest]) + others[1]
    assert edited == expected.replace("\n", end)


def test_a_text_of_several_lines_that_looks_like_tables_is_left_alone():
    keys = 'marker = """\nsys_platform == \'win32\'"""\n'
    edited = with_files(HEAD + block("a", FORMS["both"], keys=keys), {0: NEW})
    assert parse_toml(edited)["packages"][0] == {
        "name": "a",
        "marker": "sys_platform == 'win32'",
        "version": "1",
        "wheels": parse_toml(f"x = [{LINE}]")["x"],
    }


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "packages = [{name = 'a', version = '1'}]\n",
        HEAD + block("a", "", keys='remark = """\n[[packages]]\n"""\n'),
        HEAD + block("a", 'wheels.0 = "x"\n').replace("wheels.0", '"wheels"'),
    ],
)
def test_what_cannot_be_edited_is_refused(text):
    with pytest.raises(UneditableLock):
        with_files(text, {0: NEW})


@given(
    st.lists(st.tuples(st.sampled_from(sorted(FORMS)), st.sampled_from(sorted(REST))), min_size=1, max_size=4),
    st.data(),
)
def test_whatever_the_forms_are_the_text_says_what_was_asked_for(forms, data):
    text = HEAD + "".join(block(f"p{number}", FORMS[one], REST[rest]) for number, (one, rest) in enumerate(forms))
    chosen = data.draw(st.sets(st.sampled_from(range(len(forms)))))
    before, after = parse_toml(text), parse_toml(with_files(text, dict.fromkeys(chosen, NEW)))
    for number, (old, new) in enumerate(zip(before["packages"], after["packages"], strict=True)):
        if number not in chosen:
            assert new == old
            continue
        assert new.pop("wheels") == parse_toml(f"x = [{LINE}]")["x"]
        assert new == {key: value for key, value in old.items() if key not in {"wheels", "sdist"}}
