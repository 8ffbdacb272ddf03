"""Rules over raw text: deceptive characters, blobs, unreadable lines, telling names in constants."""

from __future__ import annotations

import io
import math
import re
import tokenize
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from hashlib import sha256

from peep.examine.facts import Literal
from peep.examine.import_scan import without_literals
from peep.formats.literal_secrets import told, told_around
from peep.formats.visible_text import BIDIRECTIONAL, CONTROLS, INVISIBLE

Finding = tuple[str, int, str]
"""(rule, line, evidence)."""

_PADDING = re.compile(r"(?<![ \t])(?:[ \t]{120,}(?!\\$)[^\s#]|[ \t]{30,};[ \t]*[^\s#;}])", re.MULTILINE)
"""From where blanks begin: a long row of them would else be run through from each of them anew.

A backslash that ends a line is no code: macros of C have it in one column.
"""
_SHORTEST_PADDING = " " * 30
_PICTURE = "[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff]"
_SELECTOR = "[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
_INVISIBLE = re.compile(
    rf"(?!(?<={_PICTURE})[\ufe0e\ufe0f](?!{_SELECTOR}))"
    rf"(?!(?<=[\ufe0f\U0001f000-\U0001faff])\u200d{_PICTURE}){INVISIBLE.pattern}"
)
"""But for one selector after a picture, and a joiner between two: emoji (UTS 51) hide no text in them."""
_LONGEST_READABLE = 2_000
_SHORTEST_BLOB = 200
_LONGEST_CONSTANT = 100_000
_BLOBS = (
    re.compile(r"[A-Za-z0-9+/_-]{200,}={0,2}"),
    re.compile(r"(?:[0-9a-fA-F]{2}){128,}"),
    re.compile(r"(?:\\x[0-9a-fA-F]{2}){60,}"),
    re.compile(r"(?:\\u[0-9a-fA-F]{4}){60,}"),
)
_QUOTE = re.compile(r"(?<=[\"'`])")
_LONGEST_BEGINNING = 80
_LOW_ENTROPY = 3.6
_HASH_LINE = re.compile(
    r"sha(?:1|224|256|384|512)|--hash|integrity|blake2|BEGIN [A-Z ]*(?:CERTIFICATE|KEY)", re.IGNORECASE
)
_COOKIE = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.ASCII)
_PLAIN_CODECS = re.compile(
    r"utf-?8(?:-sig)?|us-ascii|ascii|latin-?1|iso-?8859-?\d+|windows-125\d|cp\d+|mac-?\w+|koi8-[rut]|euc-?\w+|gb\w+|"
    r"big5\w*|shift-?jis\w*|sjis|johab|ptcp154|tis-?620|hz|iso-?2022-\w+",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w*[^\x00-\x7f]\w*")
_LOOK_ALIKES = frozenset({"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "MATHEMATICAL", "FULLWIDTH"})
"""Scripts, by how Unicode's names of characters begin."""


def character_findings(text: str, *, is_code: bool, is_python: bool) -> Iterator[Finding]:
    """What a text has that an eye does not see; in code more than in prose."""
    if not text.isascii():
        yield from _lines_with("text-bidi", BIDIRECTIONAL, text)
        if is_code and INVISIBLE.search(text):
            yield from _lines_with("text-invisible", _INVISIBLE, text.removeprefix("\ufeff"))
        if is_python:
            yield from _homoglyphs(text)
    if is_code:
        yield from _lines_with("text-control", CONTROLS, text)
        yield from _lines_of("text-padding", _paddings(text), text)


def _paddings(text: str) -> Iterator[re.Match[str]]:
    """As `_PADDING.finditer`, but that runs of blanks are found as texts where there are no tabs."""
    if "\t" in text:
        yield from _PADDING.finditer(text)
        return
    position = text.find(_SHORTEST_PADDING)
    while position >= 0:
        found = _PADDING.match(text, position)
        if found:
            yield found
            position = text.find(_SHORTEST_PADDING, found.end())
            continue
        position += len(_SHORTEST_PADDING)
        while text.startswith(" ", position):
            position += 1
        position = text.find(_SHORTEST_PADDING, position)


def _lines_with(rule: str, pattern: re.Pattern[str], text: str) -> Iterator[Finding]:
    return _lines_of(rule, pattern.finditer(text), text)


def _lines_of(rule: str, matches: Iterable[re.Match[str]], text: str) -> Iterator[Finding]:
    last = 0
    for line, start in numbered(matches, text):
        if line != last:
            last = line
            yield rule, line, line_at(text, start)


def numbered(matches: Iterable[re.Match[str]], text: str) -> Iterator[tuple[int, int]]:
    """Line, counted from 1, and position of each match, in their order; counts each part of a text once."""
    line, counted = 1, 0
    for found in matches:
        line += text.count("\n", counted, found.start())
        counted = found.start()
        yield line, counted


def line_at(text: str, position: int) -> str:
    """The line around a position, at most 300 characters of it that include the position."""
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    line = text[start : end if end >= 0 else len(text)]
    if len(line) <= 300:  # noqa: PLR2004 - as said above
        return line.strip(" \t\r")
    return told_around(line, position - start, 100, 200).strip(" \t\r")


def _homoglyphs(text: str) -> Iterator[Finding]:
    """Identifiers that mix Latin letters with look-alikes of other scripts; by tokens, for the tree is NFKC."""
    if not any(_is_look_alike(character) for character in set(text)):
        return
    code = without_literals(text)
    if code.isascii() or not any(_mixes_alphabets(word) for word in _WORD.findall(code)):
        return
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NAME and not token.string.isascii() and _mixes_alphabets(token.string):
                yield "text-homoglyph", token.start[0], token.string
    except (tokenize.TokenError, SyntaxError, ValueError):
        return


def _mixes_alphabets(word: str) -> bool:
    """`word`: a name that is not all ASCII."""
    if unicodedata.normalize("NFKC", word).isascii():
        return True  # letters of another width or style, which Python reads as plain ones
    scripts = {_script(character) for character in word if character.isalpha()}
    return "LATIN" in scripts and not scripts.isdisjoint(_LOOK_ALIKES)


@lru_cache(maxsize=1024)
def _is_look_alike(character: str) -> bool:
    """Whether it can be what makes a name `_mixes_alphabets`."""
    if character.isascii() or not f"a{character}".isidentifier():
        return False
    return unicodedata.normalize("NFKC", character).isascii() or _script(character) in _LOOK_ALIKES


def _script(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0]


# -- blobs and lines ----------------------------------------------------------------------------------


def blob_findings(text: str, *, is_run: bool) -> Iterator[Finding]:
    """Long encoded texts and lines that nobody can read, in code.

    The evidence is how the line begins: a table that every build makes anew (descriptors of protocols, strings of
    compiled Cython) is no new one. `is_run`: the file decodes or runs data, so that other data is another signal.
    """
    lines = text.split("\n")
    if max(map(len, lines)) < _SHORTEST_BLOB:
        return
    for number, line in enumerate(lines, 1):
        if len(line) < _SHORTEST_BLOB:
            continue
        digest = f" sha256 {sha256(line.encode('utf-8', 'replace')).hexdigest()[:12]}" if is_run else ""
        if len(line) > _LONGEST_READABLE:
            yield "text-long-line", number, f"over {_LONGEST_READABLE} characters: {_beginning(line)}{digest}"
        if not _HASH_LINE.search(line[:_LONGEST_READABLE]) and _is_blob(line[:100_000]):
            yield "text-blob", number, f"{_beginning(line)}{digest}"


def _beginning(line: str) -> str:
    """What stands before the first quoted text, or the first of the line where that comes late."""
    start = told(line.strip(), _LONGEST_BEGINNING)
    return f"{_QUOTE.split(start, maxsplit=1)[0] or start}..."


def _is_blob(line: str) -> bool:
    for pattern in _BLOBS:
        found = pattern.search(line)
        if found and (pattern is not _BLOBS[0] or _entropy(found[0]) > _LOW_ENTROPY):
            return True
    return False


def _entropy(text: str) -> float:
    """Shannon entropy in bits per character."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())


def codec_findings(text: str) -> Iterator[Finding]:
    """PEP 263: the declared encoding of a Python file, where it is none that people write text in."""
    for number, line in enumerate(text.split("\n", 2)[:2], 1):
        found = _COOKIE.match(line)
        if found:
            if not _PLAIN_CODECS.fullmatch(found[1].replace("_", "-")):
                yield "code-codec", number, line.strip()
            return


# -- telling constants --------------------------------------------------------------------------------

_VARIABLES = re.compile(
    r"(?:AWS_(?:SECRET_ACCESS_KEY|ACCESS_KEY_ID|SESSION_TOKEN)|(?:GITHUB|GH|GITLAB|NPM|PYPI|HF|SLACK|DISCORD|TELEGRAM)"
    r"_(?:API_)?TOKEN|NODE_AUTH_TOKEN|TWINE_PASSWORD|UV_PUBLISH_TOKEN|POETRY_PYPI_TOKEN_\w+|"
    r"(?:OPENAI|ANTHROPIC)_API_KEY|"
    r"AZURE_CLIENT_SECRET|GOOGLE_APPLICATION_CREDENTIALS|DOCKER_PASSWORD|KUBECONFIG|VAULT_TOKEN|SSH_AUTH_SOCK|"
    r"ACTIONS_ID_TOKEN_REQUEST_TOKEN|ACTIONS_RUNTIME_TOKEN|CI_JOB_TOKEN)"
)
_FILES = re.compile(
    r"\.ssh\b|\bid_(?:rsa|ed25519|ecdsa|dsa)\b|\.aws[/\\]|\.netrc\b|\.pypirc\b|\.npmrc\b|\.git-credentials|"
    r"\.docker[/\\]config|\.kube[/\\]config|/etc/(?:shadow|passwd)\b|wallet\.dat|\.gnupg|\.config[/\\]gcloud|\.azure[/\\]|"
    r"Login Data|Local State|Local Extension Settings|(?:google-chrome|Google[/\\]+Chrome|BraveSoftware)[/\\]|"
    r"\.mozilla[/\\]firefox|Firefox[/\\]+Profiles|Local Storage[/\\]+leveldb|"
    r"secrets/kubernetes\.io|exodus\.wallet|nkbihfbeogaeaoehlefnkodbefgpgknn|bfnaelmomeimhlpmgjnjophhpkkoljpa|"
    r"Telegram Desktop[/\\]+tdata|\.electrum[/\\]wallets|\.ethereum[/\\]keystore|"
    r"solana[/\\]id\.json|\.(?:bitcoin|monero|exodus)[/\\]|cookies\.sqlite|/proc/[\w/]*(?:environ|maps|mem)\b|\.bash_history|\.vault-token|keychain"
)
_PERSISTENCE = re.compile(
    r"\bcrontab\b|/etc/cron|systemd/user|\.config[/\\]autostart|LaunchAgents|LaunchDaemons|CurrentVersion\\+Run|"
    r"authorized_keys|\.bashrc\b|\.zshrc\b|\.bash_profile|\.profile\b|/etc/rc\.local|Start Menu\\+Programs\\+Startup|"
    r"\bschtasks\b|/etc/ld\.so\.preload|\bLD_PRELOAD\b|\.github/workflows\b|\.git[/\\]+hooks\b|/etc/sudoers\b|"
    r"\.vscode[/\\]+tasks\.json|\.cursor[/\\]+mcp\.json|\bPYTHONSTARTUP\b"
)
_EXFILTRATION = re.compile(
    r"discord(?:app)?\.com/api/webhooks|api\.telegram\.org|hooks\.slack\.com|pastebin\.com|webhook\.site|"
    r"requestbin|\bpipedream\.net|\bngrok\b|burpcollaborator|\boast(?:ify)?\.|interact\.sh|interactsh|transfer\.sh|"
    r"\bfile\.io\b|anonfiles|gofile\.io|\bdnslog\b|\bceye\.io|canarytokens|ipinfo\.io|api\.ipify|ifconfig\.me|"
    r"169\.254\.169\.254|metadata\.google\.internal|trycloudflare\.com|rentry\.co|hastebin|paste\.ee|0x0\.st|"
    r"icp0\.io|workers\.dev",
    re.IGNORECASE,
)
_PUNYCODE = re.compile(r"(?:^|[/.@])xn--[a-z0-9-]+", re.IGNORECASE)
_ADDRESS = re.compile(
    r"\b(?:https?|ftp|wss?|tcp)://(?!127\.|0\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|192\.0\.2\.|"
    r"198\.51\.100\.|203\.0\.113\.|255\.|1\.2\.3\.4|1\.1\.1\.1|8\.8\.8\.8)(?:\d{1,3}(?:\.\d{1,3}){3}|0x[0-9a-f]{8}|\d{8,10})\b",
    re.IGNORECASE,
)
_FILE_PARTS = (
    ".ssh", "id_rsa", "id_ed25519", "id_ecdsa", "id_dsa", ".aws", ".netrc", ".pypirc", ".npmrc", ".git-credentials",
    ".docker", ".kube", "/etc/shadow", "/etc/passwd", "wallet.dat", ".gnupg", "gcloud", ".azure", "login data",
    "local state", "local extension settings", "chrome", "bravesoftware", ".mozilla", "telegram desktop", ".electrum",
    ".ethereum", "solana", ".bitcoin", ".monero", ".exodus", "cookies.sqlite", "/proc/", ".bash_history",
    ".vault-token", "keychain", "firefox", "local storage", "secrets/kubernetes.io", "exodus.wallet",
    "nkbihfbeogaeaoehlefnkodbefgpgknn", "bfnaelmomeimhlpmgjnjophhpkkoljpa",
)  # fmt: skip
_PERSISTENCE_PARTS = (
    "crontab", "/etc/cron", "systemd/user", "autostart", "launchagents", "launchdaemons", "currentversion",
    "authorized_keys", ".bashrc", ".zshrc", ".bash_profile", ".profile", "/etc/rc.local", "start menu", "schtasks",
    "/etc/ld.so.preload", "ld_preload", ".github/workflows", "hooks", "/etc/sudoers", ".vscode", ".cursor",
    "pythonstartup",
)  # fmt: skip
_EXFILTRATION_PARTS = (
    "/api/webhooks", "api.telegram.org", "hooks.slack.com", "pastebin.com", "webhook.site", "requestbin",
    "pipedream.net", "ngrok", "burpcollaborator", "oast", "interact.sh", "interactsh", "transfer.sh", "file.io",
    "anonfiles", "gofile.io", "dnslog", "ceye.io", "canarytokens", "ipinfo.io", "api.ipify", "ifconfig.me",
    "169.254.169.254", "metadata.google.internal", "trycloudflare.com", "rentry.co", "hastebin", "paste.ee", "0x0.st",
    "icp0.io", "workers.dev",
)  # fmt: skip
_VARIABLE_PARTS = (
    "aws_", "_token", "twine_password", "_api_key", "azure_client_secret", "google_application_credentials",
    "docker_password", "kubeconfig", "ssh_auth_sock",
)  # fmt: skip
_CONSTANT_RULES = (
    ("secret-variable", _VARIABLES, True, _VARIABLE_PARTS),
    ("secret-file", _FILES, False, _FILE_PARTS),
    ("persistence", _PERSISTENCE, False, _PERSISTENCE_PARTS),
    ("host-exfil", _EXFILTRATION, False, _EXFILTRATION_PARTS),
    ("host-punycode", _PUNYCODE, False, ("xn--",)),
    ("host-address", _ADDRESS, False, ("://",)),
)
"""Rule, pattern, whether it is to be the whole constant, and what is in all that it matches: one of some parts.

The parts are lower-case ASCII; they are looked for in all constants of a file at once, hundreds of times faster.
"""

_ASCII_TWINS = str.maketrans({"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"})
"""All that a pattern which ignores case takes for a letter of ASCII."""


def literal_findings(literals: Collection[Literal]) -> Iterator[Finding]:
    """What text constants name: credentials, places that start programs, hosts. Docstrings are not among them."""
    rules = _possible_rules({literal.text for literal in literals})
    for literal in literals if rules else ():
        text = literal.text[:_LONGEST_CONSTANT]
        for rule, pattern, is_whole in rules:
            found = pattern.fullmatch(text) if is_whole else pattern.search(text)
            if found:
                yield rule, literal.line, told(found[0], 160) if is_whole or len(text) > 200 else text  # noqa: PLR2004


def _possible_rules(texts: Collection[str]) -> list[tuple[str, re.Pattern[str], bool]]:
    """The rules that can fire on one of these texts."""
    joined = "\n".join(texts)
    lowered = (joined if joined.isascii() else joined.translate(_ASCII_TWINS)).lower()
    return [
        (rule, pattern, is_whole)
        for rule, pattern, is_whole, parts in _CONSTANT_RULES
        if any(part in lowered for part in parts)
    ]
