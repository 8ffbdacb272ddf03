"""Suspicious constructions: decoded code that is run, names made at run time, patches of others."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache

from peep.examine.call_kinds import DANGEROUS_MODULES, is_decoder, kind_of_call
from peep.examine.environment_reads import for_programs, partial_reads
from peep.examine.loader_shapes import LOADERS, LoaderShapes, is_executable_memory
from peep.examine.names import Names
from peep.examine.syntax_tree import SyntaxTree
from peep.formats.literal_secrets import told

Suspicion = tuple[str, str, int]
"""(kind, name, line)."""
_GETTERS = frozenset({"operator.attrgetter()", "operator.methodcaller()"})
_ENVIRONMENT = frozenset({"os.environ", "os.environb"})
_ENVIRONMENT_NAMES = frozenset({"environ", "environb"})
_RUNNERS = frozenset({"exec", "eval", "compile", "execfile", "types.FunctionType", "types.CodeType"})
_OPENERS = frozenset({"open", "io.open", "codecs.open"})
_PATH_CHANGES = frozenset({"sys.path.insert", "sys.path.append", "site.addsitedir"})
_OF_NOTE = frozenset(
    {
        "map", "bytes", "bytearray", "setattr", "getattr", "vars", *LOADERS, *_RUNNERS, *_OPENERS, *_PATH_CHANGES,
        *_GETTERS,
    }
)  # fmt: skip
_METHODS = frozenset({"decode", "encode", "join", "__subclasses__"})
"""Methods whose calls are looked at, whatever they belong to."""
_LETTERS = range(32, 127)
_FEWEST_LETTERS = 4
_ABSOLUTE = re.compile(r"(?:/|[A-Za-z]:[\\/]|~)")
_HOOKED = frozenset(
    {"sys.excepthook", "sys.displayhook", "sys.stdout.write", "threading.excepthook", "sys.unraisablehook"}
)
_WRITE_MODES = frozenset("wax+")
_FOREIGN_CODE = ("ctypes.", "cffi.")
_OPENING = ("CDLL", "LoadLibrary", ".dlopen")
_LIBC = re.compile(r"lib(?:c|System)\.(?:so(?:\.\d)?|(?:B\.)?dylib)|msvcrt(?:\.dll)?|libc\.musl[\w.-]*")
_CHECKS = frozenset({"verify", "verify_ssl", "check_hostname", "validate_certs", "ssl_verify", "verify_certs"})
"""Keywords and attributes that say whether a certificate or a signature is checked."""
_BUILD_KEYWORDS = frozenset({"setup_requires", "dependency_links"})
_ODD_KEYWORDS = _CHECKS | _BUILD_KEYWORDS | {"cmdclass", "co_code"}
_VERIFYING = frozenset(
    {
        "get", "post", "put", "patch", "delete", "head", "options", "request", "stream", "send", "Client",
        "AsyncClient", "HTTPTransport", "AsyncHTTPTransport", "decode", "create_ssl_context",
    }
)  # fmt: skip
_DROPPED_BY_NAME = frozenset(
    {
        ("verify_mode", "ssl.CERT_NONE"),
        ("cert_reqs", "ssl.CERT_NONE"),
        ("_create_default_https_context", "ssl._create_unverified_context"),
    }
)
_HOOK_LISTS = frozenset({"sys.meta_path", "sys.path_hooks", "sys.path_importer_cache"})
_TEXT_CODECS = frozenset({"rot13", "rot_13", "hex", "base64", "zlib", "bz2", "uu", "punycode", "unicode_escape"})


class Suspicions:
    """Looks at each node of one file; what must be known of its names beforehand is gathered from the whole tree."""

    def __init__(self, tree: SyntaxTree, names: Names) -> None:
        self._tree = tree
        self._names = names
        self._decoders = {id(node) for node in tree.of_kind(ast.Call) if self._decodes(node)}
        self._has_odd_keywords = any(keyword.arg in _ODD_KEYWORDS for keyword in tree.of_kind(ast.keyword))
        self._decoded = self._decoded_names() if self._decoders else frozenset()
        self._shapes = LoaderShapes(tree, names)
        self._meanings = {name: names.meaning(name) for name in {node.id for node in tree.of_kind(ast.Name)}}
        self._readings = {**self._executable_memory(), **self._environment_reads()}
        self.has_readings = bool(self._readings)
        """Whether plain names and attributes can be odd; else `of` need not be asked about them."""
        self._foreign = _foreign_names(tree)

    def _decodes(self, node: ast.Call) -> bool:
        is_received = isinstance(node.func, ast.Attribute) and node.func.attr in ("recv", "recvfrom")
        return is_received or is_decoder(self._names.called(node)) or self._decodes_text(node)

    def _executable_memory(self) -> dict[int, tuple[str, str]]:
        """Nodes that name what makes code of bytes."""
        last = {name: meaning.rpartition(".")[2] for name, meaning in self._meanings.items()}
        found = [(node, node.attr) for node in self._tree.of_kind(ast.Attribute) if is_executable_memory(node.attr)]
        if any(is_executable_memory(meaning) for meaning in last.values()):
            found_too = [(node, last[node.id]) for node in self._tree.of_kind(ast.Name)]
        else:
            found_too = []
        return {id(node): ("memory", name) for node, name in (*found, *found_too) if is_executable_memory(name)}

    def _environment_reads(self) -> dict[int, tuple[str, str]]:
        """Nodes that mean the process's whole environment, and what is taken it for."""
        called_so = [node for node in self._tree.of_kind(ast.Attribute) if node.attr in _ENVIRONMENT_NAMES]
        found = {id(node) for node in called_so if self._is_environment(node)}
        aliases = {name for name, meaning in self._meanings.items() if meaning in _ENVIRONMENT}
        named = self._tree.of_kind(ast.Name) if aliases else ()
        found.update(id(node) for node in named if node.id in aliases and isinstance(node.ctx, ast.Load))
        if not found:
            return {}
        found -= partial_reads(self._tree)
        extended = for_programs(self._tree)
        return {one: ("environ-extended" if one in extended else "environ", "os.environ") for one in found}

    def _is_environment(self, node: ast.Attribute) -> bool:
        return isinstance(node.ctx, ast.Load) and self._names.resolve(node) in _ENVIRONMENT

    def _decoded_names(self) -> frozenset[str]:
        """Names whose value was decoded, and functions that give back something decoded; three rounds of passing on."""
        assignments: list[tuple[list[str], ast.AST]] = []
        for node in self._tree.of_kinds({ast.Assign, ast.FunctionDef, ast.AsyncFunctionDef}):
            if isinstance(node, ast.Assign):
                assignments.append(([one.id for one in node.targets if isinstance(one, ast.Name)], node.value))
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                below = self._tree.below(node)
                assignments += [([node.name], one.value) for one in below if isinstance(one, ast.Return) and one.value]
        found: set[str] = set()
        for _ in range(3):
            before = len(found)
            for targets, value in assignments:
                if targets and not found.issuperset(targets) and self._holds_decoded(value, found):
                    found.update(targets)
            if len(found) == before:
                break
        return frozenset(found)

    def of(self, node: ast.AST) -> Iterable[Suspicion]:
        """Everything odd about one node itself, unless it is a call; its children are asked for on their own."""
        if isinstance(node, ast.Attribute | ast.Name):
            reading = self._readings.get(id(node))
            return ((*reading, node.lineno),) if reading else ()
        if isinstance(node, ast.Subscript):
            return self._subscript(node)
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            return self._assignment(node)
        return _mapping(node) if isinstance(node, ast.Dict) else ()

    def of_call(self, node: ast.Call, name: str) -> Iterator[Suspicion]:
        """Everything odd about one call; `name`: what is called, as far as it is known."""
        function = node.func
        if isinstance(function, ast.Attribute):
            is_odd = function.attr in _METHODS or _is_of_note(name)
        else:
            is_odd = isinstance(function, ast.Call) or _is_of_note(name)
        if is_odd:
            yield from self._odd_call(node, name)
        if self._has_odd_keywords:
            called = name or (function.attr if isinstance(function, ast.Attribute) else "")
            yield from ((kind, given, node.lineno) for kind, given in _by_keywords(node.keywords, called))

    def _odd_call(self, node: ast.Call, name: str) -> Iterator[Suspicion]:
        """What is odd about a call by a name of note, of one of `_METHODS`, or of what another call gave back."""
        if name in _RUNNERS and any(self._holds_decoded(one, self._decoded) for one in node.args[:2]):
            yield "decoded", name, node.lineno
        if kind_of_call(name) == "process" and node.args and self._holds_decoded(node.args[0], self._decoded):
            yield "remote-command", name, node.lineno
        if name in _OPENERS and self._opens_to_write(node):
            yield "write", name, node.lineno
        if self._decodes_text(node):
            yield "decode", "*.decode", node.lineno
        if name and node.args:
            yield from self._call_with(name, node)
        yield from self._hidden(node, name)
        yield from ((kind, shape, node.lineno) for kind, shape in self._shapes.of_call(node, name))

    def _call_with(self, name: str, node: ast.Call) -> Iterator[Suspicion]:
        """Calls that are odd by what they are given."""
        first = node.args[0]
        if name.startswith(_FOREIGN_CODE) and name.endswith(_OPENING) and self._is_libc(first):
            yield "libc", f"{name}({told(ast.unparse(first), 40)})", node.lineno
        elif name in _PATH_CHANGES:
            path = self._names.text(node.args[-1])
            if path and _ABSOLUTE.match(path):
                yield "path-insert", f"{name}({path!r})", node.lineno
        elif name == "setattr" and self._is_foreign(first):
            yield "patch", f"setattr({told(ast.unparse(first), 80)}, …)", node.lineno

    def _is_libc(self, library: ast.expr) -> bool:
        """The running program itself, or the C library by its name, or as it is found."""
        if isinstance(library, ast.Name):
            library = self._names.assigned(library.id) or library
        if isinstance(library, ast.Call) and self._names.called(library) == "ctypes.util.find_library":
            return bool(library.args) and self._names.text(library.args[0]) in ("c", "msvcrt")
        return _is_none(library) or bool(_LIBC.fullmatch(self._names.text(library) or ""))

    def _hidden(self, node: ast.Call, name: str) -> Iterator[Suspicion]:
        """Names that are made at run time, so that a search does not find them."""
        arguments = node.args
        if name == "map" and len(arguments) > 1 and self._spells_letters(arguments[0], arguments[1]):
            yield "hidden-name", "map(chr, …)", node.lineno
        if name in ("bytes", "bytearray") and arguments and _spells_text(arguments[0]):
            yield "hidden-name", f"{name}([…])", node.lineno
        if isinstance(node.func, ast.Attribute) and node.func.attr == "join" and self._joins_letters(arguments):
            yield "hidden-name", "join(chr(…) for …)", node.lineno
        if name in _GETTERS and arguments:
            base = self._names.resolve(arguments[0])
            if base.partition(".")[0] in DANGEROUS_MODULES:
                yield "hidden-name", f"operator.…({base})", node.lineno
        if isinstance(node.func, ast.Attribute) and _lists_all_classes(node.func):
            yield "hidden-name", "object.__subclasses__()", node.lineno
        owner = self._computed_owner(node.func)
        if owner.partition(".")[0] in DANGEROUS_MODULES:
            yield "hidden-name", f"getattr({owner}, …)()", node.lineno

    def _joins_letters(self, arguments: Sequence[ast.expr]) -> bool:
        made = arguments[0] if arguments else None
        if not isinstance(made, ast.GeneratorExp | ast.ListComp) or not isinstance(made.elt, ast.Call):
            return False
        return self._spells_letters(made.elt.func, made.generators[0].iter)

    def _spells_letters(self, function: ast.expr, source: ast.expr) -> bool:
        """`chr` over anything but a range or numbers of other characters, of which alphabets are made."""
        if self._names.resolve(function) != "chr":
            return False
        if isinstance(source, ast.List | ast.Tuple | ast.Set) and all(
            isinstance(one, ast.Constant) for one in source.elts
        ):
            return _spells_text(source)
        return not (isinstance(source, ast.Call) and self._names.resolve(source.func) == "range")

    def _computed_owner(self, function: ast.expr) -> str:
        """The object of `getattr(OBJECT, computed)`, '' for all else."""
        if not isinstance(function, ast.Call) or self._names.resolve(function.func) != "getattr":
            return ""
        if len(function.args) < 2 or self._names.text(function.args[1]) is not None:  # noqa: PLR2004
            return ""
        return self._names.resolve(function.args[0])

    def _subscript(self, node: ast.Subscript) -> Iterator[Suspicion]:
        base = node.value
        text = self._names.resolve(base)
        is_builtins = isinstance(base, ast.Name) and base.id == "__builtins__"
        if is_builtins or text in ("builtins", "builtins.__dict__", "builtins.<dict>"):
            yield "hidden-name", "__builtins__[…]", node.lineno

    def _assignment(self, node: ast.Assign | ast.AugAssign | ast.AnnAssign) -> Iterator[Suspicion]:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            base = target.value if isinstance(target, ast.Subscript) else target
            name = self._names.resolve(base)
            if name in _HOOK_LISTS or name in _HOOKED:
                yield "hook", name, node.lineno
            elif name == "sys.modules" and isinstance(target, ast.Subscript):
                module = self._names.text(target.slice)
                yield from [("patch", f"sys.modules[{module!r}]", node.lineno)] * (module in sys.stdlib_module_names)
            elif isinstance(target, ast.Attribute) and self._drops_check(target.attr, node.value):
                yield "unverified", f"{target.attr} = {told(ast.unparse(node.value or target), 60)}", node.lineno
            elif isinstance(target, ast.Attribute) and target.attr == "__code__":
                yield "memory", "__code__", node.lineno
            elif isinstance(target, ast.Attribute) and self._is_foreign(target.value):
                yield "patch", told(ast.unparse(target), 120), node.lineno
            elif isinstance(target, ast.Name) and target.id == "cmdclass":
                yield "cmdclass", "cmdclass", node.lineno

    def _drops_check(self, attribute: str, value: ast.expr | None) -> bool:
        if attribute in _CHECKS:
            return isinstance(value, ast.Constant) and value.value is False
        name = self._names.resolve(value) if value is not None else ""
        return (attribute, name) in _DROPPED_BY_NAME

    def _opens_to_write(self, node: ast.Call) -> bool:
        mode = node.args[1] if len(node.args) > 1 else None
        mode = next((keyword.value for keyword in node.keywords if keyword.arg == "mode"), mode)
        text = self._names.text(mode)
        return text is not None and bool(_WRITE_MODES & set(text))

    def _decodes_text(self, node: ast.Call) -> bool:
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in ("decode", "encode") or not node.args:
            return False
        codec = self._names.text(node.args[0])
        return codec is not None and codec.lower().replace("-", "_") in _TEXT_CODECS

    def _holds_decoded(self, node: ast.AST, known: Collection[str]) -> bool:
        """Whether something decoded stands in an expression, or a name that is known to hold something decoded."""
        if not self._decoders:
            return False
        return any(
            id(part) in self._decoders or (isinstance(part, ast.Name) and part.id in known)
            for part in self._tree.below(node)
        )

    def _is_foreign(self, node: ast.expr) -> bool:
        """Whether an object belongs to an imported module that is not of the same package, nor a thing made here."""
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name) or root.id not in self._foreign:
            return False
        return "()" not in self._names.resolve(node)


@lru_cache(maxsize=1024)
def _is_of_note(name: str) -> bool:
    """Whether a call by this name can be odd in any of the ways that are looked for."""
    is_known = name in _OF_NOTE or name.startswith(_FOREIGN_CODE) or bool(kind_of_call(name))
    return is_known or is_executable_memory(name.rpartition(".")[2])


def _lists_all_classes(function: ast.Attribute) -> bool:
    """`().__class__.__base__.__subclasses__()`: every class that there is, whatever its module calls it."""
    base = function.value
    if isinstance(base, ast.Subscript):
        base = base.value
    is_of_object = isinstance(base, ast.Attribute) and base.attr in ("__base__", "__bases__", "__mro__")
    return function.attr == "__subclasses__" and (is_of_object or (isinstance(base, ast.Name) and base.id == "object"))


def _mapping(node: ast.Dict) -> Iterator[Suspicion]:
    if any(isinstance(key, ast.Constant) and key.value == "cmdclass" for key in node.keys):
        yield "cmdclass", "cmdclass", node.lineno


def _spells_text(node: ast.expr) -> bool:
    if not isinstance(node, ast.List | ast.Tuple | ast.Set) or len(node.elts) < _FEWEST_LETTERS:
        return False
    return all(
        isinstance(one, ast.Constant) and isinstance(one.value, int) and one.value in _LETTERS for one in node.elts
    )


def _by_keywords(keywords: Iterable[ast.keyword], called: str) -> Iterator[tuple[str, str]]:
    """Calls that are odd by the names of what they are given; `verify` means many things but where data is fetched."""
    for keyword in keywords:
        if keyword.arg == "cmdclass":
            yield "cmdclass", "cmdclass"
        elif keyword.arg == "co_code":
            yield "memory", "co_code"
        elif keyword.arg in _BUILD_KEYWORDS:
            yield "build-requires", str(keyword.arg)
        elif keyword.arg in _CHECKS and isinstance(keyword.value, ast.Constant) and keyword.value.value is False:
            is_meant = keyword.arg != "verify" or called.rpartition(".")[2] in _VERIFYING
            yield from [("unverified", f"{called}(…, {keyword.arg}=False)")] * is_meant


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _foreign_names(tree: SyntaxTree) -> set[str]:
    found: set[str] = set()
    for node in tree.of_kinds({ast.Import, ast.ImportFrom}):
        if isinstance(node, ast.Import):
            found.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module != "__future__":
            found.update(alias.asname or alias.name for alias in node.names)
    return found
