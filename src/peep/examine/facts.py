"""Facts of one Python file: its imports and notable calls, at import time or later.

The file is parsed, never compiled and never run. Function bodies count as run at import where module level calls the
function, also by way of other functions of the file; decorators, defaults, class bodies and metaclasses count too.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from peep.dataclass import NamedTuple, dataclass, field
from peep.examine.call_kinds import kind_of_call, kind_of_method
from peep.examine.joined_paths import called_path, divided_path
from peep.examine.names import Names
from peep.examine.suspicions import Suspicions
from peep.examine.syntax_tree import LEAVES, SyntaxTree, is_docstring

_LOOKING_AT_TYPES = frozenset({"isinstance", "issubclass", "typing.cast", "hasattr", "getattr", "callable"})
_STARTING = frozenset({"process", "network"})
_CALLED_AS_DECORATORS = frozenset({"process", "network", "dynamic"})
_RUNNING = frozenset({"map", "filter", "functools.partial", "functools.reduce"})
_NAMING = (ast.Name, ast.Attribute)
_HANDED_ON = frozenset({"exec", "eval"})
_PLAIN_YAML = frozenset({"yaml.SafeLoader", "yaml.CSafeLoader", "yaml.BaseLoader", "yaml.CBaseLoader"})
_PROPERTIES = frozenset({"property", "cached_property"})
_TOO_DEEP = "nested too deeply"
_TOO_LARGE = "takes more memory than the analysis may have"
IMPORT = "import"
CALL = "call"


class Use(NamedTuple):
    """One call (or access) of note. `kind`: of `call_kinds` or of `suspicions`; `name`: as resolved."""

    kind: str
    name: str
    line: int
    when: str


class ImportFact(NamedTuple):
    """One imported module: `level` leading dots, `names` of a `from` import."""

    module: str
    level: int
    names: tuple[str, ...]
    line: int
    when: str


class Literal(NamedTuple):
    """One text constant that is no docstring."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class FileFacts:
    """`error` says why a file could not be analysed; then nothing else is known."""

    error: str = ""
    imports: tuple[ImportFact, ...] = ()
    uses: tuple[Use, ...] = ()
    literals: tuple[Literal, ...] = ()


def facts_of(content: bytes) -> FileFacts:
    """Analyse one Python file. Never raises: what this Python cannot parse is said in `error`."""
    return facts_in(parsed(content))


def parsed(content: bytes) -> SyntaxTree | str:
    """The tree of a Python file, or why there is none."""
    try:
        return SyntaxTree(content)
    except SyntaxError as error:
        return f"line {error.lineno or 0}: {error.msg}"
    except (ValueError, LookupError) as error:  # a NUL, an unknown encoding, a number of too many digits
        return str(error) or type(error).__name__
    except RecursionError:
        return _TOO_DEEP
    except MemoryError:
        return _TOO_LARGE


def facts_in(tree: SyntaxTree | str) -> FileFacts:
    """As `facts_of`, of what was parsed already."""
    if isinstance(tree, str):
        return FileFacts(tree)
    try:
        return _Analysis(tree).facts()
    except RecursionError:
        return FileFacts(_TOO_DEEP)
    except MemoryError:
        return FileFacts(_TOO_LARGE)


@dataclass(slots=True)
class _Scope:
    """One function, one class's method, the module, or what runs only as a program."""

    key: str
    is_method: bool = False
    runs_unnamed: bool = False
    """A method that runs when something is done with an object, such as `__getitem__` and properties."""
    calls: set[str] = field(default_factory=set)
    uses: list[tuple[str, str, int]] = field(default_factory=list)
    imports: list[tuple[str, int, tuple[str, ...], int]] = field(default_factory=list)


class _Analysis:
    def __init__(self, tree: SyntaxTree) -> None:
        self._tree = tree
        self._names = Names(tree)
        self._suspicions = Suspicions(tree, self._names)
        self._actions = _ACTIONS_WITH_READINGS if self._suspicions.has_readings else _ACTIONS
        self._joined: set[int] = set()
        self._module = _Scope("")
        self._scopes: list[_Scope] = [self._module]
        self._literals: list[Literal] = []

    def facts(self) -> FileFacts:
        self._body(self._tree.root.body, self._module, "")
        live = self._live_scopes()
        uses: list[Use] = []
        imports: list[ImportFact] = []
        for scope in self._scopes:
            when = IMPORT if id(scope) in live else CALL
            uses += [Use(kind, name, line, when) for kind, name, line in scope.uses]
            imports += [ImportFact(*one, when) for one in scope.imports]
        by_line = sorted(set(uses), key=lambda use: (use.line, use.kind, use.name))
        return FileFacts("", tuple(imports), tuple(by_line), tuple(self._literals))

    # -- walking ---------------------------------------------------------------------------------

    def _body(self, statements: Sequence[ast.stmt], scope: _Scope, owner: str) -> None:
        for index, statement in enumerate(statements):
            if index == 0 and is_docstring(statement):
                continue
            self._visit(statement, scope, owner)

    def _visit(self, top: ast.AST, scope: _Scope, owner: str) -> None:
        """A node and all below it, in the order of the text; only what has a scope of its own is a call deeper."""
        below, action_for = self._tree.below_each.get, self._actions.get
        waiting: list[ast.AST] = [top]
        while waiting:
            node = waiting.pop()
            action = action_for(type(node), _descend)
            if action is None or (action is not _descend and action(self, node, scope, owner)):
                continue
            found = below(id(node))
            if found:
                waiting += reversed(found)

    # What is done at a node of some type; True where nothing below it is left to be visited.

    def text_at(self, node: ast.Constant, _scope: _Scope, _owner: str) -> bool:
        if isinstance(node.value, str) and node.value:
            self._literals.append(Literal(node.value, node.lineno))
        return True

    def import_at(self, node: ast.Import | ast.ImportFrom, scope: _Scope, _owner: str) -> bool:
        _note_import(node, scope)
        return True

    def call_at(self, node: ast.Call, scope: _Scope, _owner: str) -> bool:
        name = self._names.called(node)
        self._call(node, name, scope)
        scope.uses += self._suspicions.of_call(node, name)
        return False

    def subscript_at(self, node: ast.Subscript, scope: _Scope, _owner: str) -> bool:
        if isinstance(node.value, ast.Name):
            scope.calls.add(f"{node.value.id}.__class_getitem__")
        scope.uses += self._suspicions.of(node)
        return False

    def oddity_at(self, node: ast.AST, scope: _Scope, _owner: str) -> bool:
        scope.uses += self._suspicions.of(node)
        return False

    def function_at(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: _Scope, owner: str) -> bool:
        self._function(node, scope, owner)
        return True

    def class_at(self, node: ast.ClassDef, scope: _Scope, _owner: str) -> bool:
        self._class(node, scope)
        return True

    def condition_at(self, node: ast.If, scope: _Scope, owner: str) -> bool:
        self._condition(node, scope, owner)
        return True

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: _Scope, owner: str) -> None:
        for outer in (*node.decorator_list, node.args, node.returns):  # with defaults and annotations
            if outer is not None:
                self._visit(outer, scope, owner)
        self._decorated(node.decorator_list, scope)
        inner = _Scope(f"{owner}.{node.name}" if owner else node.name, bool(owner), _runs_unnamed(node))
        self._scopes.append(inner)
        self._body(node.body, inner, "")
        if not owner and scope is self._module and node.name == "__getattr__":
            self._lazy(inner)

    def _lazy(self, scope: _Scope) -> None:
        """PEP 562: a module's `__getattr__` runs when somebody asks for a name that is not there."""
        for kind, name, line in list(scope.uses):
            if kind == "network":
                scope.uses.append(("lazy-network", name, line))

    def _decorated(self, decorators: Sequence[ast.expr], scope: _Scope) -> None:
        """A decorator is called where it stands: `@subprocess.Popen` starts a program."""
        for decorator in decorators:
            if isinstance(decorator, ast.Name):
                scope.calls.add(decorator.id)
            if isinstance(decorator, ast.Name | ast.Attribute):
                name = self._names.resolve(decorator)
                if kind_of_call(name) in _CALLED_AS_DECORATORS:
                    scope.uses.append((kind_of_call(name), name, decorator.lineno))

    def _class(self, node: ast.ClassDef, scope: _Scope) -> None:
        for outer in (*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)):
            self._visit(outer, scope, "")
        self._decorated(node.decorator_list, scope)
        for base in node.bases:
            if isinstance(base, ast.Name):
                scope.calls.add(f"{base.id}.__init_subclass__")
        for keyword in node.keywords:
            if keyword.arg == "metaclass" and isinstance(keyword.value, ast.Name):
                scope.calls.update(f"{keyword.value.id}.{name}" for name in ("__new__", "__init__", "__prepare__"))
        self._body(node.body, scope, node.name)

    def _condition(self, node: ast.If, scope: _Scope, owner: str) -> None:
        self._visit(node.test, scope, owner)
        guard = _guard(node.test)
        if guard == "never":
            inner = _Scope("<never>")
        elif guard == "program":
            inner = _Scope("<program>")
        else:
            inner = scope
        if inner is not scope:
            self._scopes.append(inner)
        for statement in node.body:
            self._visit(statement, inner, owner)
        for statement in node.orelse:
            self._visit(statement, scope, owner)

    def division_at(self, node: ast.BinOp, _scope: _Scope, _owner: str) -> bool:
        """A path that is put together is a text as well; the parts of one are no paths of their own."""
        if isinstance(node.op, ast.Div):
            if id(node) not in self._joined:
                self._note_path(divided_path(node, self._names.text), node.lineno)
            self._joined.add(id(node.left))
        return False

    def _note_path(self, path: str, line: int) -> None:
        if path:
            self._literals.append(Literal(path, line))

    def _call(self, node: ast.Call, name: str, scope: _Scope) -> None:
        function = node.func
        self._note_path(called_path(node, name, self._names.text), node.lineno)
        kind = kind_of_call(name) if name else ""
        if not kind and isinstance(function, ast.Attribute):
            kind = kind_of_method(function.attr)
            name = name or f"*.{function.attr}"
        if kind and not (kind == "deserialise" and self._takes_plain_values(node, name)):
            scope.uses.append((kind, name, node.lineno))
        if name not in _LOOKING_AT_TYPES:
            self._handed_on(node, scope, is_run=kind == "hook" or name in _RUNNING)
        if isinstance(function, ast.Name):
            scope.calls.add(function.id)
        elif isinstance(function, ast.Attribute):
            scope.calls.add(f".{function.attr}")
        if name in ("__import__", "importlib.import_module"):
            self._loaded(node, name, scope)

    def _takes_plain_values(self, node: ast.Call, name: str) -> bool:
        """Whether a loader is told, where it is called, to make no objects of what it reads."""
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        if name == "torch.load":
            return _is_true(given.get("weights_only"))
        if name == "numpy.load":
            return not _is_true(given.get("allow_pickle"))
        loader = given.get("Loader", node.args[1] if len(node.args) > 1 else None)
        return name == "yaml.load" and loader is not None and self._names.resolve(loader) in _PLAIN_YAML

    def _handed_on(self, node: ast.Call, scope: _Scope, *, is_run: bool) -> None:
        """Functions that are given to others to call: `map(os.system, …)`, `Thread(target=mine)`, which run then."""
        for given in (*node.args, *[keyword.value for keyword in node.keywords]):
            if isinstance(given, _NAMING):
                if is_run and isinstance(given, ast.Name):
                    scope.calls.add(given.id)
                name = self._names.resolve(given)
                if name and _is_run_by_others(name):
                    scope.uses.append((kind_of_call(name), name, given.lineno))

    def _loaded(self, node: ast.Call, name: str, scope: _Scope) -> None:
        module = self._names.text(node.args[0]) if node.args else None
        if module is None:
            scope.uses.append(("computed-import", name, node.lineno))
        elif module.strip("."):
            level = len(module) - len(module.lstrip("."))
            scope.imports.append((module[level:], level, (), node.lineno))

    # -- which functions run at import -----------------------------------------------------------

    def _live_scopes(self) -> set[int]:
        by_call: dict[str, list[_Scope]] = {}
        for scope in self._scopes[1:]:
            owner, _, name = scope.key.rpartition(".")
            names = [scope.key, f".{name}"] if scope.is_method else [scope.key]
            if scope.runs_unnamed:
                names.append(owner)
            for one in names:
                by_call.setdefault(one, []).append(scope)
        live = {id(self._module)}
        waiting = [self._module]
        while waiting:
            for call in waiting.pop().calls:
                for scope in by_call.get(call, ()):
                    if id(scope) not in live:
                        live.add(id(scope))
                        waiting.append(scope)
        return live


def _is_true(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and value.value is True


def _descend(_analysis: _Analysis, _node: ast.AST, _scope: _Scope, _owner: str) -> bool:
    return False


_Action = Callable[[_Analysis, Any, _Scope, str], bool]
_ACTIONS: dict[type, _Action | None] = {
    **dict.fromkeys(LEAVES),
    ast.Constant: _Analysis.text_at,
    ast.BinOp: _Analysis.division_at,
    ast.Call: _Analysis.call_at,
    ast.Subscript: _Analysis.subscript_at,
    ast.FunctionDef: _Analysis.function_at,
    ast.AsyncFunctionDef: _Analysis.function_at,
    ast.ClassDef: _Analysis.class_at,
    ast.If: _Analysis.condition_at,
    ast.Import: _Analysis.import_at,
    ast.ImportFrom: _Analysis.import_at,
    **dict.fromkeys((ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Dict), _Analysis.oddity_at),
}
"""By the type of a node, None for what is passed over; below all others is looked further."""
_ACTIONS_WITH_READINGS = {**_ACTIONS, ast.Attribute: _Analysis.oddity_at, ast.Name: _Analysis.oddity_at}


@lru_cache(maxsize=1024)
def _is_run_by_others(name: str) -> bool:
    return name in _HANDED_ON or (name.rpartition(".")[2].islower() and kind_of_call(name) in _STARTING)


def _runs_unnamed(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    decorators = {one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "") for one in node.decorator_list}
    return (node.name.startswith("__") and node.name.endswith("__")) or not _PROPERTIES.isdisjoint(decorators)


def _note_import(node: ast.Import | ast.ImportFrom, scope: _Scope) -> None:
    if isinstance(node, ast.Import):
        scope.imports += [(alias.name, 0, (), node.lineno) for alias in node.names]
    else:
        names = tuple(alias.name for alias in node.names)
        scope.imports.append((node.module or "", node.level, names, node.lineno))


def _guard(test: ast.expr) -> str:
    """`never` for TYPE_CHECKING, `program` for `__name__ == "__main__"`, '' for other conditions."""
    if isinstance(test, ast.Name) and test.id == "TYPE_CHECKING":
        return "never"
    if isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING":
        return "never"
    if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__":
        right: Iterable[ast.expr] = test.comparators
        values = [one.value for one in right if isinstance(one, ast.Constant)]
        if values == ["__main__"] and isinstance(test.ops[0], ast.Eq):
            return "program"
    return ""
