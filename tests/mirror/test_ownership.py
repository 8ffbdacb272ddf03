import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.errors import UsageError
from peep.mirror.ownership import look_alikes, parse_ownership

TEXT = """
format = 1
[[source]]
name = "ours"
kind = "folder"
owns = ["Billing", "acme-*", "acme-public"]
[[source]]
name = "partner"
kind = "index"
url = "https://partner.example/simple/"
owns = ["acme_web"]
[[source]]
name = "public"
kind = "index"
url = "https://index.example/simple/"
owns = "listed"
"""


def owner(name, text=TEXT):
    found = parse_ownership(text.encode(), "mirror.toml").owner_of(name)
    return found and (found.source.name, found.rule)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("billing", ("ours", "billing")),
        ("acme-lib", ("ours", "acme-*")),
        ("acme-not-there-yet", ("ours", "acme-*")),
        ("acme-web", ("partner", "acme-web")),
        ("acme-public", ("ours", "acme-public")),
        ("acme", ("public", "listed")),
        ("flask", ("public", "listed")),
    ],
)
def test_an_exact_name_beats_a_pattern_and_a_pattern_beats_the_rest(name, expected):
    assert owner(name) == expected


@pytest.mark.parametrize("rule", ["Acme_*", "ACME.*", "acme__*", "acme-*"])
def test_a_pattern_means_the_same_in_each_spelling(rule):
    assert owner("acme-lib", TEXT.replace("acme-*", rule)) == ("ours", "acme-*")


def test_where_nothing_is_listed_nobody_owns_a_name():
    assert owner("flask", TEXT[: TEXT.index('[[source]]\nname = "public"')]) is None


def test_private_names_are_those_of_folders():
    assert parse_ownership(TEXT.encode(), "").private_names == ("acme-public", "billing")


def source(name="x", kind="folder", owns='["x"]', more=""):
    return f'[[source]]\nname = "{name}"\nkind = "{kind}"\nowns = {owns}\n{more}\n'


INDEX = 'url = "https://x.example/"'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (source() + source("y"), ["'x' of x and 'x' of y both own x"]),
        (source(owns='["x", "X"]'), ["both own x"]),
        (source(owns='["a-*"]') + source("y", owns='["a-b-*"]'), ["'a-*' of x and 'a-b-*' of y"]),
        (source(owns='["a-*"]') + source("y", owns='["a-c", "a-*"]'), ["'a-*' of x and 'a-*' of y"]),
        (source() + source(owns='["y"]'), ["two sources are called x"]),
        (source(owns='"listed"'), ["must be a list"]),
        (source("x", "index", '"listed"', INDEX) + source("y", "index", '"listed"', INDEX), ["x and y both own"]),
        (source(owns='["a-*"]') + source("y", owns='["A_*"]'), ["'a-*' of x and 'a-*' of y"]),
        (source(owns='["A.b"]') + source("y", owns='["a__B"]'), ["both own a-b"]),
        (source(owns='["*"]'), ["'*' is neither"]),
        (source(owns='["\u212aelvin"]'), ["neither the name"]),
        (source(owns='["a*b"]'), ["neither the name"]),
        (source(owns="[1]"), ["neither the name"]),
        (source(more=INDEX), ["an index has a url"]),
        (source(kind="index"), ["an index has a url"]),
        (source(kind="index", more='url = "ftp://x"'), ["http(s)"]),
        (source(kind="index", more='url = "https://u:p@x.example/"'), ["credentials"]),
        (source(kind="index", more="url = 1"), ["http(s)"]),
        (source(kind="shop"), ["one of folder, index"]),
        (source(name="A B"), ["lower case"]),
        (source(more="own = 1"), ["own is no key"]),
        ("sources = 1", ["sources is no key"]),
        ("source = 1", ["[[source]]"]),
    ],
)
def test_whatever_could_make_two_owners_is_an_error_that_names_both(text, words):
    with pytest.raises(UsageError) as refused:
        parse_ownership(f"format = 1\n{text}".encode(), "here/mirror.toml")
    assert refused.value.exit_status == 2
    assert str(refused.value).startswith("here/mirror.toml: ")
    assert all(word in str(refused.value) for word in words)


@pytest.mark.parametrize("content", [b"", b"format = 2", b"format = true", b"format = 1.0", b"[", b"\xff", b"[" * 9999])
def test_another_format_and_what_is_no_toml(content):
    with pytest.raises(UsageError):
        parse_ownership(content, "mirror.toml")


@given(st.lists(st.sampled_from(["a", "a-*", "a-b", "a-b-*", "b", "b*", "c-*"]), min_size=1, max_size=4))
def test_a_name_has_one_owner_or_the_file_is_refused(rules):
    text = "format = 1\n" + "".join(source(f"s{number}", owns=f'["{rule}"]') for number, rule in enumerate(rules))
    try:
        ownership = parse_ownership(text.encode(), "")
    except UsageError:
        return
    for name in ("a", "a-b", "a-b-c", "b", "bb", "c-d"):
        exact = [rule for rule in rules if rule == name]
        fitting = [rule for rule in rules if rule.endswith("*") and name.startswith(rule[:-1])]
        assert len(exact) <= 1
        assert len(fitting) <= 1
        found = ownership.owner_of(name)
        assert (found and found.rule) == next(iter([*exact, *fitting]), None)


def test_look_alikes():
    names = [
        "billing",
        "bi1ling",
        "biling",
        "bililng",
        "bil-ling",
        "b-illing",
        "billings",
        "building",
        "shipping",
        "bill",
    ]
    found = [other for _, other in look_alikes(["billing"], names)]
    assert found == ["b-illing", "bi1ling", "bil-ling", "bililng", "biling", "billings"]
    assert look_alikes(["abc"], ["acb", "xbc", "abcd", "cba", "abc"]) == [
        ("abc", "abcd"),
        ("abc", "acb"),
        ("abc", "xbc"),
    ]
