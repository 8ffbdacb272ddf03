"""Hash lines in both forms: `# sha256: <urlsafe base64>` and pip's `--hash=sha256:<hex>`.

Source of the comment form: the original peep (3.1.2); of the option form: pip's hash-checking mode.
"""

from __future__ import annotations

import base64
import binascii
import re
import string

from peep.errors import PeepError
from peep.model import HEX_LENGTHS, STRONG_ALGORITHMS, Digest, HashForm, Location, MalformedHash

_COMMENT_LINE = r"[ \t]*#\s+sha256:\s+(?P<hash>\S+)\s*(?P<remark>#.*)?"
_LOOKS_LIKE_ONE = r"[ \t]*#\s*sha(?:256|384|512)\s*:\s*[A-Za-z0-9_=-]{32,}"
_BASE64_LENGTH = 43
_URLSAFE = frozenset(string.ascii_letters + string.digits + "-_")
_HEX = re.compile(r"[0-9A-Fa-f]*")


class MalformedHashText(PeepError):
    """Text in the place of a hash that is no digest; `str` says what is wrong with it."""


def hash_line(digest: Digest, form: HashForm) -> str:
    """Render a digest as a line of a requirements file, without indentation, continuation or end of line.

    The comment form knows sha256 only; raises `PeepError` for any other algorithm.
    """
    if form is not HashForm.COMMENT:
        return f"--hash={digest.algorithm}:{digest.hex}"
    if digest.algorithm != "sha256":
        raise PeepError(f"a hash comment can only hold sha256, not {digest.algorithm}")
    encoded = base64.urlsafe_b64encode(bytes.fromhex(digest.hex)).decode("ascii")
    return f"# sha256: {encoded.rstrip('=')}"


def match_comment_line(line: str) -> re.Match[str] | None:
    """Recognise a hash line of the comment form; groups `hash` and `remark` (which may be None)."""
    return re.fullmatch(_COMMENT_LINE, line)


def looks_like_hash_comment(line: str) -> bool:
    """Tell whether an ordinary comment resembles a hash line so closely that its writer should be warned."""
    return re.match(_LOOKS_LIKE_ONE, line, re.IGNORECASE) is not None


def parse_comment_hash(text: str, location: Location) -> Digest | MalformedHash:
    """Read the digest of a hash line: urlsafe base64 of 32 bytes without padding, so 43 characters."""
    wrong = _base64_fault(text)
    if wrong:
        return MalformedHash(text, wrong, location)
    try:
        raw = base64.urlsafe_b64decode(text + "=")
    except binascii.Error:
        return MalformedHash(text, "it is not base64", location)
    if base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=") != text:
        # Two unused bits at the end: another spelling of a digest must not pass for the digest itself.
        return MalformedHash(text, "its last character cannot end a digest", location)
    return Digest("sha256", raw.hex())


def parse_option_hash(text: str) -> Digest:
    """Read the value of `--hash`: `algorithm:hex`, a strong algorithm, the full number of digits.

    Raises `MalformedHashText` (THREATS R7, R11).
    """
    algorithm, colon, hexadecimal = text.partition(":")
    if not colon:
        raise MalformedHashText(f"{text!r} is no hash: write --hash=sha256:…")
    algorithm = algorithm.lower()
    if algorithm not in STRONG_ALGORITHMS:
        strong = ", ".join(STRONG_ALGORITHMS)
        raise MalformedHashText(f"{algorithm!r} cannot vouch for an archive; use one of {strong}")
    return digest_of(algorithm, hexadecimal)


def digest_of(algorithm: str, hexadecimal: str) -> Digest:
    """Make a `Digest` of a strong algorithm from hex text; raises `MalformedHashText` saying what is wrong."""
    expected = HEX_LENGTHS[algorithm]
    if not _HEX.fullmatch(hexadecimal):
        strange = min(set(hexadecimal) - set(string.hexdigits))
        raise MalformedHashText(f"the {algorithm} hash holds {strange!r}, which is no hexadecimal digit")
    if len(hexadecimal) != expected:
        raise MalformedHashText(f"the {algorithm} hash has {len(hexadecimal)} digits, not {expected}")
    return Digest(algorithm, hexadecimal.lower())


def _base64_fault(text: str) -> str:
    if len(text) == HEX_LENGTHS["sha256"] and _HEX.fullmatch(text):
        return "it is hexadecimal, as --hash=sha256:… takes it; a comment holds urlsafe base64"
    strange = sorted(set(text) - _URLSAFE)
    if strange:
        return f"it holds {strange[0]!r}, which urlsafe base64 does not use"
    if len(text) != _BASE64_LENGTH:
        return f"it has {len(text)} characters, not {_BASE64_LENGTH}"
    return ""
