"""Secrets that are written out in foreign lines: hidden whole, before any cut, and nothing else with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.formats.literal_secrets import told, told_around, without_secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('x = "https://user:pa@ss@host/p?token=abc&x=1#f"', 'x = "https://****@host/p?token=****&x=1#f"'),
        ("git+https://ghp_token@host/x", "git+https://****@host/x"),
        ("ssh://me:pw@host", "ssh://****@host"),
        ('"https://host?sig=%2Babc%20d"', '"https://host?sig=****"'),
        ("https://a:pa$$word@host, https://b:100%sure@host", "https://****@host, https://****@host"),
    ],
)
def test_what_is_written_out_is_hidden(text, shown):
    assert without_secrets(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "ssh://git@host/x",
        "https://host/@scope/name",
        "f\"https://host/?token={os.environ['X']}\"",
        "curl https://x:$(whoami)@host https://$USER:$PASS@host ${A}://{user}@host",
        "https://%s:%s@host",
        "decorated = lambda a: a @ b  # see http://host/",
        "http:int = run()@other",
        "a = b ? c : d@e",
    ],
)
def test_code_and_plain_addresses_stay(text):
    assert without_secrets(text) == text


SECRETS = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ23456789$%!*,;-~.+", min_size=8, max_size=60).filter(
    lambda secret: not secret.startswith("$") and "%" not in secret[-2:]
)
AROUND = st.text("abcdefgh \t\"'/:?=&#@.{}()\\\n", max_size=400)
URLS = st.sampled_from(
    ["https://u:{}@host/x", "x://{}@h", "ftp://{}@h:21/", "https://h/p?token={}", "http://h?a=b&x_api_key={}"]
)


def pieces_of(secret, count=4):
    return {secret[start : start + count] for start in range(len(secret) - count + 1)}


@given(AROUND, URLS, SECRETS, AROUND, st.integers(0, 600), st.integers(0, 600))
def test_no_cut_shows_a_piece_of_a_secret(before, url, secret, after, most, position):
    secret = secret.replace(";", "-").replace("&", "-") if "=" in url else secret
    text = f'{before} "{url.format(secret)}" {after}'
    for shown in (
        without_secrets(text),
        told(text, most),
        told_around(text, min(position, len(text)), 100, 200),
        without_secrets(without_secrets(text)),
    ):
        assert not any(piece in shown for piece in pieces_of(secret))


@given(AROUND.filter(lambda text: "://" not in text), st.integers(0, 400))
def test_texts_without_urls_stay_as_they_are(text, position):
    assert without_secrets(text) == text
    assert told_around(text, position, 10, 20) == text[max(0, position - 10) : position + 20]
