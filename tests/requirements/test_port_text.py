import codecs

import pytest

from peep.errors import RequirementsErrors
from peep.requirements.port import port_to_comments, port_to_pip
from peep.requirements.porting import ported_files
from support.requirements_files import BASE64_A, BASE64_B, HEX_A, HEX_B, Folder

A, B = f"--hash=sha256:{HEX_A}", f"--hash=sha256:{HEX_B}"
COMMENT_A, COMMENT_B = f"# sha256: {BASE64_A}", f"# sha256: {BASE64_B}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{COMMENT_A}\nmock==0.8.0\n", f"mock==0.8.0 \\\n    {A}\n"),
        (f"{COMMENT_A}\n{COMMENT_B}\nmock==0.8.0\n", f"mock==0.8.0 \\\n    {A} \\\n    {B}\n"),
        (f"{COMMENT_A}\nmock==0.8.0", f"mock==0.8.0 \\\n    {A}"),
        (f"{COMMENT_A}\r\nmock==0.8.0\r\n", f"mock==0.8.0 \\\r\n    {A}\r\n"),
        (f"{COMMENT_A}\rmock==0.8.0", f"mock==0.8.0 \\\r    {A}"),
        (f"\r{COMMENT_A}\nmock==1 \\\n\na==1\n", f"\rmock==1 \\\n    {A} \\\n\na==1\n"),
        (f"{COMMENT_A}\nmock==0.8.0  # why\n", f"mock==0.8.0 \\\n    {A}  # why\n"),
        (
            f"# Tarball:\n{COMMENT_A}\n#\n\n# Zip:\n  {COMMENT_B}   # vetted\n\nmock==0.8.0\n",
            f"# Tarball:\n#\n\n# Zip:\n# vetted\n\nmock==0.8.0 \\\n    {A} \\\n    {B}\n",
        ),
        (f"{COMMENT_A}\nmock==0.8.0 ; python_version < '3'\n", f"mock==0.8.0 ; python_version < '3' \\\n    {A}\n"),
        (f"{COMMENT_A}\n  https://x.example/a.zip#egg=a\n", f"  https://x.example/a.zip#egg=a \\\n    {A}\n"),
        (f"{COMMENT_A}\nmock==0.8.0 \\\n    {B}\n", f"mock==0.8.0 \\\n    {B} \\\n    {A}\n"),
        (f"{COMMENT_A}\nmock==0.8.0 {A}\n", f"mock==0.8.0 {A}\n"),
        (f"{COMMENT_A}\n{COMMENT_A}\nmock==0.8.0 -C a=b\n", f"mock==0.8.0 -C a=b \\\n    {A}\n"),
        (f"{COMMENT_A}\nmock==0.8.0 \\\n# end\nb==1\n", f"mock==0.8.0 \\\n    {A} \\\n# end\nb==1\n"),
        (f"{COMMENT_A}\nmock==0.8.0 \\\n", f"mock==0.8.0 \\\n    {A}\n"),
        (
            f"-i https://x.example/simple\n{COMMENT_A}\na==1\nb==2 # no hash\n-r more.txt\n",
            f"-i https://x.example/simple\na==1 \\\n    {A}\nb==2 # no hash\n-r more.txt\n",
        ),
        (f"{COMMENT_A} {COMMENT_B}\nmock==0.8.0\n", f"# remark: {COMMENT_B}\nmock==0.8.0 \\\n    {A}\n"),
        (
            f"{COMMENT_A} # peep: --trust-local x\nmock==0.8.0\n",
            f"# remark: # peep: --trust-local x\nmock==0.8.0 \\\n    {A}\n",
        ),
    ],
)
def test_hash_comments_become_options_and_nothing_else_changes(before, after):
    ported = port_to_pip(before, "r.txt")

    assert ported.text == after
    assert port_to_pip(before, "r.txt").ported
    assert not port_to_pip(after, "r.txt").ported


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n# nothing\n",
        f"mock==0.8.0 \\\n    {A}\n",
        f"#sha256: {BASE64_A}\nmock==0.8.0\n",
        f"{COMMENT_A}\n-e ./local\n",
        f"{COMMENT_A}\n-r other.txt\n",
        f"mock==0.8.0\n{COMMENT_A}\n",
        f"# lxml==1.0 {A}\nmock==0.8.0\n",
    ],
)
def test_a_file_with_nothing_to_port_stays_as_it_is(text):
    assert port_to_pip(text, "r.txt").text == text
    assert not port_to_pip(text, "r.txt").ported


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{COMMENT_A}\n#lxml==3.3.3\n{COMMENT_B}\nmock==1\n", f"#lxml==3.3.3 {A}\nmock==1 \\\n    {B}\n"),
        (f"{COMMENT_A}\n  # lxml==3.3.3  # later\nmock==1\n", f"  # lxml==3.3.3 {A}  # later\nmock==1\n"),
        (f"{COMMENT_A}\n# https://x.example/a.zip#egg=a\nmock==1\n", f"# https://x.example/a.zip#egg=a {A}\nmock==1\n"),
        (f"{COMMENT_A}\n# mock==1 needs lxml\nmock==1\n", f"# mock==1 needs lxml\nmock==1 \\\n    {A}\n"),
        (f"{COMMENT_A}\n# Mock == 1\nmock==1\n", f"# Mock == 1\nmock==1 \\\n    {A}\n"),
    ],
)
def test_r6_a_hash_of_a_commented_out_requirement_stays_with_it(before, after):
    assert port_to_pip(before, "r.txt").text == after
    assert not port_to_pip(after, "r.txt").ported


def test_r6_a_hash_that_counts_no_more_is_told():
    ported = port_to_pip(f"{COMMENT_A}\n#lxml==3.3.3\nmock==1\n#sha256: {BASE64_A}\n", "r.txt")

    odd, moved = ported.warnings
    assert odd.startswith("r.txt:4: an ordinary comment that looks like a hash")
    assert moved == (
        "r.txt:2: the hash above this commented-out requirement stays with it, and counts for mock==1 no more"
    )
    (counting,) = port_to_comments(f"{COMMENT_A}\n#lxml==3.3.3\nmock==1\n", "r.txt").warnings
    assert counting.startswith("r.txt:2: the hash above this commented-out requirement counts for the next one")


def test_tells_what_was_ported():
    ported = port_to_pip(f"a==1\n{COMMENT_A}\n{COMMENT_B}\nMock==2\n", "r.txt").ported

    assert [(str(one.location), one.requirement, [digest.hex for digest in one.hashes]) for one in ported] == [
        ("r.txt:4", "Mock==2", [HEX_A, HEX_B])
    ]


def test_r7_malformed_digests_stop_a_file_with_every_place():
    text = f"# sha256: ABADBAD\na==1\n{COMMENT_A}\nb==1\n# sha256: {BASE64_A}x\nc==1\n"

    with pytest.raises(RequirementsErrors) as caught:
        port_to_pip(text, "r.txt")

    assert [error.location.line for error in caught.value.errors] == [1, 5]


def test_a_line_that_means_nothing_stops_a_file():
    with pytest.raises(RequirementsErrors, match=r"r\.txt:2: "):
        port_to_pip(f"{COMMENT_A}\na==\n", "r.txt")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"mock==0.8.0 \\\n    {A} \\\n    {B}\n", f"{COMMENT_A}\n{COMMENT_B}\nmock==0.8.0\n"),
        (f"mock==0.8.0 {A}\n", f"{COMMENT_A}\nmock==0.8.0\n"),
        (f"mock==0.8.0 {A}", f"{COMMENT_A}\nmock==0.8.0"),
        (f"mock==0.8.0 \\\r\n    {A}  # why\r\n", f"{COMMENT_A}\r\nmock==0.8.0  # why\r\n"),
        (f"mock==0.8.0 ; os_name=='nt' {A} -C a=b\n", f"{COMMENT_A}\nmock==0.8.0 ; os_name=='nt' -C a=b\n"),
        (f"mock==0.8.0 \\\n  -C a=b \\\n  {A}\n", f"{COMMENT_A}\nmock==0.8.0 \\\n  -C a=b\n"),
        (f"mock==0.8.0 --hash \\\n  sha256:{HEX_A}\nb==1\n", f"{COMMENT_A}\nmock==0.8.0\nb==1\n"),
        (f"mock==0.8.0 --hash='sha256:{HEX_A}' {B}\n", f"{COMMENT_A}\n{COMMENT_B}\nmock==0.8.0\n"),
        (f'mock==0.8.0 --ha"sh=sha256:{HEX_A}"\n', f"{COMMENT_A}\nmock==0.8.0\n"),
        (f"mock==0.8.0 \\\n  {A} \\\n  # via x\n", f"{COMMENT_A}\nmock==0.8.0  # via x\n"),
        (f"# c\n\nmock==0.8.0 --hash=sha256:{HEX_A.upper()}\n", f"# c\n\n{COMMENT_A}\nmock==0.8.0\n"),
        (f"{COMMENT_B}\nmock==0.8.0 {A}\n", f"{COMMENT_B}\n{COMMENT_A}\nmock==0.8.0\n"),
    ],
)
def test_options_become_hash_comments(before, after):
    assert port_to_comments(before, "r.txt").text == after


def test_a_comment_cannot_hold_other_algorithms():
    with pytest.raises(RequirementsErrors) as caught:
        port_to_comments(f"a==1 {A}\nb==1 --hash=sha512:{'0' * 128}\nc==1 --hash=sha384:{'0' * 96}\n", "r.txt")

    assert [(error.location.line, error.reason) for error in caught.value.errors] == [
        (2, "a hash comment cannot hold sha512, only sha256"),
        (3, "a hash comment cannot hold sha384, only sha256"),
    ]


def test_files_come_in_the_order_in_which_they_are_included_each_once():
    folder = Folder(
        {
            "r.txt": f"-r a/s.txt\n-c a/s.txt\n{COMMENT_A}\nb==1\n",
            "a/s.txt": f"{COMMENT_B}\nc==1\n-r t.txt\n",
            "a/t.txt": "# sha256: ABADBAD\nd==1\n",
        }
    )

    files = list(ported_files(["r.txt"], folder.read, {}, port_to_pip))

    assert [(file.path, file.is_changed, len(file.errors)) for file in files] == [
        ("r.txt", True, 0),
        ("a/s.txt", True, 0),
        ("a/t.txt", False, 1),
    ]
    assert files[1].text == f"c==1 \\\n    {B}\n-r t.txt\n"


def test_a_file_that_cannot_be_read_does_not_stop_the_others():
    ported = ported_files(["r.txt"], Folder({"r.txt": f"-r no.txt\n{COMMENT_A}\nb==1\n"}).read, {}, port_to_pip)

    assert next(ported).is_changed
    with pytest.raises(RequirementsErrors, match=r"r\.txt:1: no\.txt cannot be read"):
        next(ported)


def test_credentials_of_a_ported_url_are_not_shown():
    folder = Folder({"https://user:secret@x.example/r.txt": "a==\n# sha256: x\nb==1\n"})

    (file,) = ported_files(["https://user:secret@x.example/r.txt"], folder.read, {}, port_to_pip)

    assert [str(error.location) for error in file.errors] == ["https://****@x.example/r.txt:1"]


def test_the_bytes_of_a_file_keep_their_encoding():
    content = codecs.BOM_UTF16_LE + f"{COMMENT_A}\r\nb==1 # caf\u00e9\r\n".encode("utf-16-le")

    (file,) = ported_files(["r.txt"], Folder({"r.txt": content}).read, {}, port_to_pip)

    expected = f"b==1 \\\r\n    {A}  # caf\u00e9\r\n".encode("utf-16-le")
    assert file.source.encode(file.text) == codecs.BOM_UTF16_LE + expected
