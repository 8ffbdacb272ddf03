from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.errors import RequirementsErrors
from peep.model import Digest, HashForm
from peep.requirements.blocks import NewPin, append_block, replace_blocks
from peep.requirements.file_parser import RequirementLine, parse_text
from peep.requirements.hashes import hash_line

A, B, C = (Digest("sha256", letter * 64) for letter in "abc")


def replaced(text: str, new: NewPin) -> str:
    return replace_blocks(text, "r.txt", lambda line: new if line.parsed.name.lower() == new.name.lower() else None)


def test_only_the_block_of_the_project_changes():
    text = f"""\
# head
-i https://index.example/simple
foo==1.0 \\
  --hash={A} \\
  --hash={B}
    # via
    #   bar
Bar[x]==2.0 ; sys_platform == "win32" \\
    --hash={B}  # keep me
baz==3.0 --hash={C}
"""
    assert replaced(text, NewPin("bar", "2.1", (C, A))) == text.replace(
        f'Bar[x]==2.0 ; sys_platform == "win32" \\\n    --hash={B}  # keep me',
        f'Bar[x]==2.1 ; sys_platform == "win32" \\\n    --hash={A} \\\n    --hash={C}  # keep me',
    )
    assert replaced(text, NewPin("foo", "1.1", (C,))) == text.replace(
        f"foo==1.0 \\\n  --hash={A} \\\n  --hash={B}", f"foo==1.1 \\\n  --hash={C}"
    )
    assert replaced(text, NewPin("baz", "4.0", (A,))) == text.replace(
        f"baz==3.0 --hash={C}", f"baz==4.0 \\\n    --hash={A}"
    )


def test_hash_comments_are_replaced_in_their_place():
    old, new = (hash_line(digest, HashForm.COMMENT) for digest in (A, B))
    text = f"# about foo\n{old}\n# remark\nfoo==1.0  # why\n\n{old}\nbar==1.0\n"
    assert replaced(text, NewPin("foo", "2.0", (B,))) == (
        f"# about foo\n{new}\n# remark\nfoo==2.0  # why\n\n{old}\nbar==1.0\n"
    )


def test_the_ends_of_lines_stay():
    text = f"foo==1.0 \\\r\n    --hash={A}\r\nbar==1.0 \\\r\n    --hash={B}\r\n"
    assert replaced(text, NewPin("foo", "2.0", (C,))) == (
        f"foo==2.0 \\\r\n    --hash={C}\r\nbar==1.0 \\\r\n    --hash={B}\r\n"
    )
    unended = f"foo==1.0 --hash={A}"
    assert replaced(unended, NewPin("foo", "2.0", (C,))) == f"foo==2.0 \\\n    --hash={C}"


def test_other_options_of_the_line_stay():
    text = f"foo==1.0 --hash={A} --config-settings=a=b\n"
    assert replaced(text, NewPin("foo", "2.0", (B,))) == f"foo==2.0 --config-settings=a=b \\\n    --hash={B}\n"


def test_names_of_files_follow_the_hashes():
    text = f"foo==1.0 \\\n    --hash={A}\n    # file foo-1.0.whl\n    # via bar\nbar==1.0 \\\n    --hash={B}\n"
    new = NewPin("foo", "2.0", (C, B), ((C, "foo-2.0.tar.gz"), (B, "foo-2.0.whl")))
    assert replaced(text, new) == (
        f"foo==2.0 \\\n    --hash={B} \\\n    --hash={C}\n    # file foo-2.0.whl\n    # file foo-2.0.tar.gz\n"
        f"    # via bar\nbar==1.0 \\\n    --hash={B}\n"
    )
    plain = text.replace("    # file foo-1.0.whl\n", "")
    assert "# file" not in replaced(plain, new)


def test_a_new_project_stands_at_the_end_in_the_files_form():
    options = f"foo==1.0 \\\n    --hash={A}\n"
    assert append_block(options, "r.txt", NewPin("bar", "1.0", (C, B))) == (
        f"{options}bar==1.0 \\\n    --hash={B} \\\n    --hash={C}\n"
    )
    comments = f"{hash_line(A, HashForm.COMMENT)}\r\nfoo==1.0"
    assert append_block(comments, "r.txt", NewPin("bar", "1.0", (B,))) == (
        f"{comments}\r\n{hash_line(B, HashForm.COMMENT)}\r\nbar==1.0\r\n"
    )


def test_broken_lines_are_told_and_nothing_changes():
    with pytest.raises(RequirementsErrors, match=r"r\.txt:1"):
        replaced("foo==1.0 --nope\n", NewPin("foo", "2.0", (A,)))


names = st.sampled_from(["foo", "bar", "baz"])
blocks = st.tuples(
    names, st.sampled_from(["1.0", "2.0"]), st.lists(st.sampled_from([A, B, C]), min_size=1, unique=True)
)


@given(
    st.lists(blocks, max_size=4, unique_by=lambda block: block[0]),
    names,
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_a_replaced_block_says_what_was_asked_and_the_others_what_they_said(listed, name, end, is_comment):
    lines: list[str] = []
    for project, version, hashes in listed:
        if is_comment:
            lines += [*(hash_line(digest, HashForm.COMMENT) for digest in hashes), f"{project}=={version}"]
        else:
            options = [f"    {hash_line(digest, HashForm.OPTION)}" for digest in hashes]
            lines += [f"{one} \\" for one in [f"{project}=={version}", *options[:-1]]] + options[-1:]
    text = "".join(line + end for line in lines)
    new = NewPin(name, "9.9", (A, C))
    parsed = parse_text(replaced(text, new), "r.txt", {})
    found = [
        (one.parsed.name, one.parsed.version, set(one.hashes))
        for one in parsed.entries
        if isinstance(one, RequirementLine)
    ]
    assert not parsed.errors
    assert found == [
        (project, "9.9" if project == name else version, {A, C} if project == name else set(hashes))
        for project, version, hashes in listed
    ]
