"""Shapes of loaders: code made to be run, names spelled out of sight, other projects installed.

Each is told of one call, by what it calls and what it is given; what its parts do elsewhere in the file does not count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peep.examine.call_kinds import DANGEROUS_MODULES, kind_of_call
from peep.examine.names import Names
from peep.examine.syntax_tree import SyntaxTree

_RUNNERS = frozenset({"exec", "eval", "execfile"})
_HARMLESS_CALLS = frozenset({"compile", "globals", "locals", "vars", "dict", "str", "repr", "len", "type", "int"})
"""What stands around code that comes from elsewhere, and makes none."""
LOADERS = frozenset({"__import__", "importlib.import_module", "importlib.__import__"})
_IMPORTED_INLINE = DANGEROUS_MODULES - {"sys"}
"""Modules that nobody imports inside an expression, but to have no import that is seen."""
_HIDDEN_BUILTINS = frozenset({"exec", "eval", "compile", "__import__"})
_EXECUTABLE_MEMORY = frozenset(
    {
        "PROT_EXEC", "mprotect", "pkey_mprotect", "memfd_create", "VirtualAlloc", "VirtualAllocEx", "VirtualProtect",
        "VirtualProtectEx", "WriteProcessMemory", "CreateRemoteThread", "CreateRemoteThreadEx", "QueueUserAPC",
        "NtAllocateVirtualMemory", "NtWriteVirtualMemory", "NtCreateThreadEx", "RtlCreateUserThread", "RtlMoveMemory",
        "process_vm_writev", "PyRun_SimpleString", "PyRun_String", "PyRun_SimpleFile",
    }
)  # fmt: skip
"""Names by which bytes become code beside the interpreter, whatever they belong to."""
_NATIVE_LOADERS = ("CDLL", "PyDLL", "WinDLL", "OleDLL", "LoadLibrary", "ExtensionFileLoader", "load_dynamic")
_INSTALLERS = frozenset(
    {
        "pip", "pip3", "uv", "pipx", "conda", "mamba", "npm", "pnpm", "yarn", "bun", "gem", "cargo", "brew", "apt",
        "apt-get", "dnf", "yum", "apk", "choco", "winget",
    }
)  # fmt: skip
_RUNNERS_OF_OTHERS = frozenset({"npx", "uvx", "bunx"})
"""Programs that fetch what they run."""
_PUBLISHERS = frozenset({"twine", "npm", "pnpm", "yarn", "uv", "poetry", "flit", "hatch", "pdm", "cargo"})
_PUBLISHING = frozenset({"upload", "publish"})
_NETWORK_PROGRAMS = frozenset(
    {
        "curl", "wget", "nslookup", "dig", "nc", "ncat", "netcat", "telnet", "tftp", "powershell", "pwsh", "mshta",
        "certutil", "bitsadmin", "regsvr32",
    }
)  # fmt: skip
"""Programs that reach the network, or run what they find there."""
_LONGEST_COMMAND = 10_000
_ESCAPE = "\\"
Shape = tuple[str, str]
"""(kind, name)."""


class LoaderShapes:
    """Asked about each call of one file."""

    def __init__(self, tree: SyntaxTree, names: Names) -> None:
        self._tree = tree
        self._names = names

    def of_call(self, node: ast.Call, name: str) -> Iterator[Shape]:
        """`name`: what is called, as far as it is known."""
        if name in _RUNNERS and node.args and self._is_made(node.args[0]):
            yield "computed", name
        if name.rpartition(".")[2] in _EXECUTABLE_MEMORY and not isinstance(node.func, ast.Attribute):
            yield "memory", name
        if self._spells_name(node, name):
            yield "hidden-name", f"{name}({ast.unparse(node.args[-1])[:40]})"
        if self._opens_builtins(node, name):
            yield "hidden-name", "vars(builtins)"
        if (
            name.endswith(_NATIVE_LOADERS)
            and kind_of_call(name)
            and node.args
            and self._is_unknown_place(node.args[-1])
        ):
            yield "native-place", name
        if kind_of_call(name) == "process":
            yield from ((kind, name) for kind in self._purposes(node))

    # -- code that is made -----------------------------------------------------------------------

    def _is_made(self, code: ast.expr) -> bool:
        """Whether the text that is run is read, unpacked, put together or taken from a docstring right there."""
        value = self._names.assigned(code.id) if isinstance(code, ast.Name) else None
        return any(self._makes_text(part) for part in self._tree.below(code if value is None else value))

    def _makes_text(self, part: ast.AST) -> bool:
        if isinstance(part, ast.Call):
            return self._names.called(part) not in _HARMLESS_CALLS
        return isinstance(part, ast.Attribute | ast.Name) and _last_name(part) == "__doc__"

    # -- names that are spelled out of sight -----------------------------------------------------

    def _spells_name(self, node: ast.Call, name: str) -> bool:
        """A module or function of note whose name is cut up, turned round or escaped where it could be written."""
        if name in LOADERS and node.args:
            module = self._names.text(node.args[0]) or ""
            is_inline = name == "__import__" and module in _IMPORTED_INLINE
            is_known = module.partition(".")[0] in DANGEROUS_MODULES
            return is_inline or (is_known and self._is_disguised(node.args[0]))
        if name != "getattr" or len(node.args) < 2:  # noqa: PLR2004 - object, name
            return False
        found = self._names.resolve(node)
        if found in _HIDDEN_BUILTINS:
            return True
        return bool(kind_of_call(found)) and self._is_disguised(node.args[1])

    def _is_disguised(self, text: ast.expr) -> bool:
        if isinstance(text, ast.Name):
            text = self._names.assigned(text.id) or text
        if isinstance(text, ast.Constant):
            return _ESCAPE in self._tree.source_of(text)
        return not isinstance(text, ast.Name) and self._names.text(text) is not None

    def _opens_builtins(self, node: ast.Call, name: str) -> bool:
        return name == "vars" and bool(node.args) and self._names.resolve(node.args[0]) == "builtins"

    # -- what is brought along -------------------------------------------------------------------

    def _is_unknown_place(self, place: ast.expr) -> bool:
        """A path that is no constant, not found by the system, and not beside the module itself."""
        if self._names.text(place) is not None or (isinstance(place, ast.Constant) and place.value is None):
            return False
        below = [part for part in self._tree.below(place) if isinstance(part, ast.Name | ast.Attribute)]
        return not any(_last_name(part) in ("find_library", "__file__") for part in below)

    def _purposes(self, node: ast.Call) -> Iterator[str]:
        """What a program is started for, by the words of the command."""
        words = set(self._words(node))
        if ("install" in words and not words.isdisjoint(_INSTALLERS)) or not words.isdisjoint(_RUNNERS_OF_OTHERS):
            yield "install"
        if not words.isdisjoint(_PUBLISHING) and not words.isdisjoint(_PUBLISHERS):
            yield "publish"
        if not words.isdisjoint(_NETWORK_PROGRAMS):
            yield "network-program"

    def _words(self, node: ast.Call) -> Iterator[str]:
        """Words of the texts that are given, also by a name; programs without their folders."""
        given = [self._names.assigned(one.id) or one if isinstance(one, ast.Name) else one for one in node.args]
        for part in (below for one in given for below in self._tree.below(one)):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                for word in part.value[:_LONGEST_COMMAND].replace(";", " ").replace("|", " ").split():
                    yield word.rpartition("/")[2].removesuffix(".exe")


def is_executable_memory(name: str) -> bool:
    """Whether an attribute, or the last part of what a name means, makes code of bytes."""
    return name in _EXECUTABLE_MEMORY


def _last_name(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id
