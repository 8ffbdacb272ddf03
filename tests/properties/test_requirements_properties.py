"""Whatever stands in a requirements file: a result or a user's error, and no rendering that reads back differently."""

import contextlib

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from peep.errors import PeepError
from peep.model import Digest, HashForm, Location
from peep.requirements.decoding import decode, physical_lines
from peep.requirements.file_parser import RequirementLine, parse_text
from peep.requirements.files import parse_arguments, parse_requirements_files
from peep.requirements.hashes import hash_line, match_comment_line, parse_comment_hash, parse_option_hash
from peep.requirements.lock_selection import LockSelection
from peep.requirements.pins import pinned_requirements
from peep.requirements.port import port_to_comments, port_to_pip
from peep.requirements.pylock import pins_from_pylock
from support.examples import examples
from support.requirements_files import BASE64_A, BASE64_B, HEX_A, HEX_B, LINUX

PIECES = st.sampled_from(
    [
        *("\n", "\r\n", "\r", " ", "\t", "\\", "\\\n", "#", "# ", "'", '"', ";", "@", "[", "]", ",", "=", "==", "==="),
        *("flask", "Flask==1.0", "a==1", "b>=2", "a==1.*", "[x,y]", "-", "--", "-r", "-c ", "-e ", "-i ", "--hash="),
        *("--hash=sha256:" + HEX_A, " \\\n    --hash=sha256:" + HEX_B, "--index-url ", "--no-binary :all:", "--pre"),
        *(f"# sha256: {BASE64_A}\n", f"# sha256: {BASE64_B}  # ok\n", "# sha256: x", "# peep: --trust-local ", "${X}"),
        *("https://x.example/a-1.zip", "file:///a", "git+https://x.example/a@b", "#egg=a", "&sha256=" + HEX_A, "./a"),
        *("; python_version < '3'", " ; os_name == 'posix'", "(", ")", "=======", "<<<<<<< x", "\u2028", "\x00", "&"),
        *("requirements.txt", "other.txt", "\ufeff", "--global-option=x", "# a==1\n", "-C k=v", "\u00a0", "*", "!"),
    ]
)
LINES = st.sampled_from(
    [
        *(
            "",
            "# why",
            f"# sha256: {BASE64_A}",
            f"  # sha256: {BASE64_B}  # vetted",
            f"# sha256: {BASE64_A} # peep: --x",
        ),
        *("a==1", "B==2  # why", "c==3 ; python_version < '3'", "d==4 -C k=v", f"e==5 --hash=sha256:{HEX_A}"),
        *(
            f"f==6 \\\n    --hash=sha256:{HEX_B} \\\n  --hash=sha256:{HEX_A}  # via x",
            f"g==7 --hash sha256:{HEX_B} \\\n",
        ),
        *("https://x.example/h.zip#egg=h", f"i==9 --hash='sha256:{HEX_A}' \\\n  # end", "-e ./j", "--pre", "-r k.txt"),
    ]
)
"""Lines that mean something, without a commented-out requirement (whose hash is not carried over, R6)."""
VALID_TEXTS = st.lists(st.tuples(LINES, st.sampled_from(["\n", "\r\n", "\r"])), max_size=12).map(
    lambda lines: "".join(line + end for line, end in lines)
)
TEXTS = st.one_of(st.lists(PIECES, max_size=30).map("".join), st.text(max_size=200))
CONTENTS = st.one_of(TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=200))
DIGESTS = st.sampled_from([("sha256", 32), ("sha384", 48), ("sha512", 64)]).flatmap(
    lambda kind: st.binary(min_size=kind[1], max_size=kind[1]).map(lambda raw: Digest(kind[0], raw.hex()))
)
SHA256 = st.binary(min_size=32, max_size=32).map(lambda raw: Digest("sha256", raw.hex()))
NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True).filter(
    lambda name: not name.lower().endswith((".whl", ".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".tbz", ".txz"))
)
HERE = Location("r.txt", 1)


@given(CONTENTS, CONTENTS)
@settings(max_examples=examples(400), deadline=None)
def test_no_file_raises_anything_but_a_users_error(first, second):
    contents = {"requirements.txt": first, "other.txt": second}

    def read(path):
        if path not in contents:
            raise FileNotFoundError(2, "No such file", path)
        return contents[path]

    with contextlib.suppress(PeepError):
        files = parse_requirements_files(["requirements.txt"], read, {"X": "y z"})
        pinned = pinned_requirements(files, (), LINUX)
        assert len({pin.name for pin in pinned.pins}) == len(pinned.pins)
        assert all(pin.version or pin.url for pin in pinned.pins)


@given(st.lists(TEXTS, max_size=3))
@settings(max_examples=examples(100), deadline=None)
def test_no_argument_raises_anything_but_a_users_error(arguments):
    with contextlib.suppress(PeepError):
        file, _ = parse_arguments(arguments, {})
        assert all(line.location.line == 0 for line in file.lines)


TOML_PIECES = st.sampled_from(
    [
        *('lock-version = "1.0"\n', 'created-by = "x"\n', "[[packages]]\n", 'name = "a"\n', 'version = "1.0"\n'),
        *(
            "packages = []\n",
            "wheels = [",
            "]\n",
            '{ url = "https://x.example/a-1.0-py3-none-any.whl", ',
            "}",
            "=",
            "[",
        ),
        *(f'hashes = {{ sha256 = "{HEX_A}" }} ', "archive = ", "sdist = ", 'path = "../a.zip", ', "size = -1, ", "{"),
        *("marker = \"'x' in extras\"\n", 'requires-python = "<3"\n', "[tool]\n", "\n", '"', "nan", "\x00"),
        *('vcs = { type = "git", url = "x", commit-id = "y" }\n', "extras = [1]\n"),
    ]
)
HEAD = b'lock-version = "1.0"\ncreated-by = "x"\n'


@given(st.sampled_from([b"", HEAD]), st.lists(TOML_PIECES, max_size=25).map("".join), st.binary(max_size=50))
@settings(max_examples=examples(300), deadline=None)
def test_no_lock_file_raises_anything_but_a_users_error(head, text, noise):
    content = head + text.encode() + noise
    with contextlib.suppress(PeepError):
        pinned = pins_from_pylock(content, "pylock.toml", LINUX, LockSelection(("x",)))
        assert all(pin.hashes for pin in pinned.pins)


@given(DIGESTS)
def test_an_option_hash_reads_back(digest):
    assert parse_option_hash(hash_line(digest, HashForm.OPTION).removeprefix("--hash=")) == digest


@given(SHA256)
def test_a_hash_comment_reads_back(digest):
    found = match_comment_line(hash_line(digest, HashForm.COMMENT))

    assert found is not None
    assert parse_comment_hash(found["hash"], HERE) == digest


@given(st.text(max_size=60))
def test_only_one_text_stands_for_a_digest(text):
    digest = parse_comment_hash(text, HERE)

    if isinstance(digest, Digest):
        assert hash_line(digest, HashForm.COMMENT) == f"# sha256: {text}"


@given(CONTENTS)
def test_text_and_lines_lose_nothing(content):
    with contextlib.suppress(PeepError):
        decoded = decode(content, "r.txt")
        assert decoded.encode(decoded.text) == content
        assert "".join(line.text + line.end for line in physical_lines(decoded.text)) == decoded.text


def lines_of(text):
    return [
        (line.written, frozenset(line.hashes), line.is_editable)
        for line in parse_text(text, "r.txt", {}).entries
        if isinstance(line, RequirementLine)
    ]


@given(TEXTS)
@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_porting_any_text_keeps_requirements_and_adds_no_hash(text):
    try:
        ported = port_to_pip(text, "r.txt")
    except PeepError:
        reject()

    before, after = lines_of(text), lines_of(ported.text)
    assert [line[0] for line in before] == [line[0] for line in after]
    for (_, listed, _), (_, kept, _) in zip(before, after, strict=True):
        assert kept <= listed
    assert not port_to_pip(ported.text, "r.txt").ported
    if not ported.ported:
        assert ported.text == text


@given(VALID_TEXTS)
@settings(max_examples=examples(300), deadline=None)
def test_porting_either_way_changes_no_hash_and_is_done_once(text):
    for port in (port_to_pip, port_to_comments):
        ported = port(text, "r.txt").text

        assert lines_of(ported) == lines_of(text)
        assert port(ported, "r.txt").text == ported


@given(st.lists(st.tuples(NAMES, st.lists(SHA256, max_size=3), st.sampled_from(HashForm)), max_size=5))
def test_both_forms_port_into_each_other(requirements):
    text = "".join(rendered(name, hashes, form) for name, hashes, form in requirements)
    expected = [(f"{name}==1", frozenset(hashes), False) for name, hashes, _ in requirements]

    assert lines_of(text) == expected
    options = port_to_pip(text, "r.txt").text
    assert lines_of(options) == expected
    assert "sha256: " not in options
    comments = port_to_comments(options, "r.txt").text
    assert lines_of(comments) == expected
    assert "--hash" not in comments


def rendered(name, hashes, form):
    lines = [hash_line(digest, form) for digest in hashes]
    if form is HashForm.COMMENT:
        return "".join(f"{line}\n" for line in lines) + f"{name}==1\n"
    return " \\\n    ".join([f"{name}==1", *lines]) + "\n"


@given(st.lists(SHA256, min_size=1, max_size=4), st.lists(SHA256, min_size=1, max_size=4))
def test_r9_two_lines_of_one_project_never_widen_each_other(first, second):
    text = rendered("a", first, HashForm.OPTION) + rendered("a", second, HashForm.OPTION)
    files = parse_requirements_files(["r.txt"], lambda _: text.encode(), {})

    if set(first) & set(second):
        (pin,) = pinned_requirements(files, (), LINUX).pins
        assert set(pin.hashes) == set(first) & set(second)
    else:
        with pytest.raises(PeepError):
            pinned_requirements(files, (), LINUX)
