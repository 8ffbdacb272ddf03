"""Constant folding of Python expressions: texts that were cut up, reversed, joined or encoded.

Arithmetic on literals with bounded sizes; nothing of the analysed file runs.
"""

from __future__ import annotations

import ast
import base64
import binascii
import codecs
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import cast

Constant = str | bytes | int
_LONGEST = 1 << 20
_DEEPEST = 400
_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "base64.b64decode": base64.b64decode,
    "base64.urlsafe_b64decode": base64.urlsafe_b64decode,
    "base64.b32decode": base64.b32decode,
    "base64.b16decode": base64.b16decode,
    "base64.b85decode": base64.b85decode,
    "base64.a85decode": base64.a85decode,
    "binascii.unhexlify": binascii.unhexlify,
    "binascii.a2b_hex": binascii.a2b_hex,
}
_PLAIN_CODECS = frozenset({"utf-8", "utf8", "ascii", "latin-1", "latin1", "rot13", "rot_13", "hex"})


class Folder(ABC):
    """Folds expressions of one file. `constants`: names bound once, to a constant.

    Who knows what names mean derives from it, so that neither holds the other: without a circle of references the tree
    of a file goes as soon as nobody needs it.
    """

    def __init__(self) -> None:
        self.constants: dict[str, Constant] = {}

    @abstractmethod
    def resolve(self, node: ast.expr) -> str:
        """The dotted name that an expression means, '' where that is not to be seen."""

    def text(self, node: ast.expr | None) -> str | None:
        """The text that an expression is, None where it is no constant text."""
        value = self.value(node)
        return value if isinstance(value, str) else None

    def value(self, node: ast.expr | None, depth: int = 0) -> Constant | None:
        """The constant that an expression is, None for all else."""
        if node is None or depth > _DEEPEST:
            return None
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str | bytes | int) else None
        if isinstance(node, ast.Name):
            return self.constants.get(node.id)
        if isinstance(node, ast.BinOp):
            return self._operation(node, depth)
        if isinstance(node, ast.Subscript):
            return self._slice(node, depth)
        if isinstance(node, ast.JoinedStr):
            return self._formatted(node, depth)
        return self._call_value(node, depth) if isinstance(node, ast.Call) else None

    def _operation(self, node: ast.BinOp, depth: int) -> Constant | None:
        left, right = self.value(node.left, depth + 1), self.value(node.right, depth + 1)
        if left is None or right is None:
            return None
        if isinstance(node.op, ast.Add):
            if isinstance(left, str) and isinstance(right, str):
                return _short(left + right)
            if isinstance(left, bytes) and isinstance(right, bytes):
                return _short(left + right)
        if isinstance(left, int) and isinstance(right, int):
            return _number(node.op, left, right)
        return None

    def _slice(self, node: ast.Subscript, depth: int) -> Constant | None:
        value = self.value(node.value, depth + 1)
        if not isinstance(value, str | bytes):
            return None
        if not isinstance(node.slice, ast.Slice):
            index = self.value(node.slice, depth + 1)
            in_range = isinstance(index, int) and -len(value) <= index < len(value)
            return value[index] if isinstance(index, int) and in_range else None
        bounds = [self._bound(part, depth) for part in (node.slice.lower, node.slice.upper, node.slice.step)]
        if bounds[2] == 0:
            return None
        return value[slice(*bounds)]

    def _bound(self, node: ast.expr | None, depth: int) -> int | None:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = self.value(node.operand, depth + 1)
            return -value if isinstance(value, int) else None
        value = self.value(node, depth + 1)
        return value if isinstance(value, int) else None

    def _formatted(self, node: ast.JoinedStr, depth: int) -> str | None:
        parts = []
        for value in node.values:
            part = self.value(value.value if isinstance(value, ast.FormattedValue) else value, depth + 1)
            if not isinstance(part, str | int) or (isinstance(part, int) and abs(part) > 1 << 64):
                return None
            parts.append(str(part))
        return "".join(parts)[:_LONGEST]

    def _call_value(self, node: ast.Call, depth: int) -> Constant | None:
        name = self.resolve(node.func)
        if name == "chr" and len(node.args) == 1:
            number = self.value(node.args[0], depth + 1)
            return chr(number) if isinstance(number, int) and 0 <= number < 0x110000 else None  # noqa: PLR2004
        if name == "bytes" and len(node.args) == 1:
            return self._bytes(node.args[0], depth)
        if name in _DECODERS and node.args:
            return _decoded(_DECODERS[name], self.value(node.args[0], depth + 1))
        if name in ("bytes.fromhex", "bytearray.fromhex") and node.args:
            return _decoded(binascii.unhexlify, self.value(node.args[0], depth + 1))
        if name == "codecs.decode" and node.args:
            codec = self.value(node.args[1], depth + 1) if len(node.args) > 1 else "utf-8"
            return _by_codec(self.value(node.args[0], depth + 1), codec)
        return self._method(node, depth) if isinstance(node.func, ast.Attribute) else None

    def _bytes(self, node: ast.expr, depth: int) -> bytes | None:
        if not isinstance(node, ast.List | ast.Tuple) or len(node.elts) > _LONGEST:
            return None
        numbers = [self.value(one, depth + 1) for one in node.elts]
        known = [one for one in numbers if isinstance(one, int) and 0 <= one < 256]  # noqa: PLR2004
        return bytes(known) if len(known) == len(numbers) else None

    def _method(self, node: ast.Call, depth: int) -> Constant | None:
        function = cast("ast.Attribute", node.func)
        value = self.value(function.value, depth + 1)
        if not isinstance(value, str | bytes):
            return None
        arguments = node.args
        if function.attr == "join" and len(arguments) == 1:
            return self._joined(value, arguments[0], depth)
        if function.attr in ("decode", "encode"):
            return _by_codec(value, self.value(arguments[0], depth + 1) if arguments else "utf-8")
        if function.attr in ("lower", "upper", "strip", "swapcase") and not arguments:
            return cast("str | bytes", getattr(value, function.attr)())
        if function.attr == "replace" and len(arguments) == 2:  # noqa: PLR2004 - old, new
            old, new = (self.value(one, depth + 1) for one in arguments)
            if isinstance(value, str) and isinstance(old, str) and isinstance(new, str) and old:
                return _short(value.replace(old, new)) if len(new) <= len(old) else None
        return None

    def _joined(self, separator: str | bytes, node: ast.expr, depth: int) -> Constant | None:
        if isinstance(node, ast.List | ast.Tuple):
            parts = [self.value(one, depth + 1) for one in node.elts]
        else:
            whole = self.value(node, depth + 1)
            parts = list(whole) if isinstance(whole, str) else [None]
        if isinstance(separator, str) and all(isinstance(part, str) for part in parts):
            return _short(separator.join(cast("list[str]", parts)))
        return None


def _short(value: str | bytes) -> str | bytes | None:
    return value if len(value) <= _LONGEST else None


def _number(operator: ast.operator, left: int, right: int) -> int | None:
    if max(abs(left), abs(right)) > 1 << 32:
        return None
    if isinstance(operator, ast.Add):
        return left + right
    if isinstance(operator, ast.Sub):
        return left - right
    if isinstance(operator, ast.Mult):
        return left * right
    return left ^ right if isinstance(operator, ast.BitXor) else None


def _decoded(decode: Callable[[bytes], bytes], value: Constant | None) -> bytes | None:
    if not isinstance(value, str | bytes) or len(value) > _LONGEST:
        return None
    try:
        return decode(value.encode("ascii") if isinstance(value, str) else value)
    except ValueError:  # binascii.Error and UnicodeEncodeError too
        return None


def _by_codec(value: Constant | None, codec: Constant | None) -> Constant | None:
    if not isinstance(value, str | bytes) or not isinstance(codec, str) or codec.lower() not in _PLAIN_CODECS:
        return None
    try:
        if codec.lower() in ("rot13", "rot_13"):
            return codecs.encode(value, "rot13") if isinstance(value, str) else None
        if codec.lower() == "hex":
            return binascii.unhexlify(value)
        return value.encode(codec) if isinstance(value, str) else value.decode(codec)
    except (ValueError, LookupError):
        return None
