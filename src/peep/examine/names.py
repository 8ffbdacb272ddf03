"""Name resolution in one Python file, down to dotted names such as `subprocess.run`.

One table for the whole file, whatever the scope: what a name may mean anywhere in it. That errs on the side of saying
too much, as a reader does who searches for a word.
"""

from __future__ import annotations

import ast
import builtins
from typing import cast

from peep.examine.call_kinds import kind_of_call
from peep.examine.constants import Folder
from peep.examine.syntax_tree import SyntaxTree

_BUILTINS = frozenset(dir(builtins))
_NAMESPACE = "<globals>"
_MOST_BINDINGS = 100_000
_DEEPEST = 80
_SHALLOW = 8
_DICTS = (".__dict__", ".<dict>")
_BINDING = frozenset({ast.Assign, ast.AnnAssign, ast.NamedExpr})
_LOADERS = frozenset({"__import__", "importlib.import_module", "importlib.__import__", "import_module"})


class Names(Folder):
    """What the names of a file mean: `resolve` gives dotted names, `text` and `value` the constants of expressions."""

    def __init__(self, tree: SyntaxTree) -> None:
        super().__init__()
        self._imported: dict[str, str] = {}
        self._aliases: dict[str, ast.expr] = {}
        self._defined: set[str] = set()
        self._stars: list[str] = []
        self._resolving: set[str] = set()
        self._meanings: dict[str, str] = {}
        self._called: dict[int, str] = {}
        assigned: dict[str, list[ast.expr]] = {}
        for imported in tree.of_kinds({ast.Import, ast.ImportFrom}):
            self._collect_import(cast("ast.Import | ast.ImportFrom", imported))
        for bound in tree.of_kinds(_BINDING):
            _collect(bound, assigned)
        self._defined.update(node.arg for node in tree.of_kind(ast.arg))
        self._defined.update(node.name for node in tree.of_kind(ast.FunctionDef))
        self._defined.update(node.name for node in tree.of_kind(ast.AsyncFunctionDef))
        self._classes = {node.name for node in tree.of_kind(ast.ClassDef)}
        self._defined |= self._classes
        self._bind(assigned)
        self._meanings.clear()  # what was bound last can change what was asked for first

    def _collect_import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                self._imported[alias.asname or top] = alias.name if alias.asname else top
            return
        prefix = "." * node.level + (node.module or "")
        joint = "" if prefix.endswith(".") or not prefix else "."
        for alias in node.names:
            if alias.name == "*":
                self._stars.append(prefix)
            else:
                self._imported[alias.asname or alias.name] = f"{prefix}{joint}{alias.name}"

    def _bind(self, assigned: dict[str, list[ast.expr]]) -> None:
        for name, values in assigned.items():
            if len(values) > 1:
                self._defined.add(name)
            self._aliases[name] = values[0]
        for name, values in list(assigned.items())[:_MOST_BINDINGS]:
            if len(values) == 1:
                constant = self.value(values[0])
                if constant is not None:
                    self.constants[name] = constant

    def resolve(self, node: ast.expr, depth: int = 0) -> str:
        """The dotted name that an expression means, as `os.system`; '' where that is not to be seen."""
        if depth > _DEEPEST:
            return ""
        if isinstance(node, ast.Name):
            return self._name(node.id, depth)
        if isinstance(node, ast.Attribute):
            base = self.resolve(node.value, depth + 1)
            return self._attribute(base, node.attr) if base else self._of_class(node, depth)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        if isinstance(node, ast.Subscript):
            return self._item(node, depth)
        return self.resolve(node.value, depth + 1) if isinstance(node, ast.NamedExpr | ast.Await) else ""

    def assigned(self, name: str) -> ast.expr | None:
        """What is assigned to a plain name first, None where nothing is."""
        return self._aliases.get(name)

    def called(self, node: ast.Call) -> str:
        """As `resolve`, of what a call calls; remembered, for many rules ask."""
        name = self._called.get(id(node))
        if name is None:
            name = self._called[id(node)] = self.resolve_most(node.func)
        return name

    def resolve_most(self, node: ast.expr) -> str:
        """As `resolve`, for the many that are a plain name or its attribute, without asking step by step."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            base = self._meanings.get(node.value.id)
            if base is not None:
                return self._attribute(base, node.attr) if base else ""
        return self.resolve(node)

    def meaning(self, name: str) -> str:
        """As `resolve`, of a plain name."""
        return self._name(name, 0)

    def _name(self, name: str, depth: int) -> str:
        found = self._meanings.get(name)
        if found is None:
            found = self._meaning(name, depth)
            if depth < _SHALLOW and not self._resolving:  # deeper down it may have been given up
                self._meanings[name] = found
        return found

    def _meaning(self, name: str, depth: int) -> str:
        if name in self._imported:
            return self._imported[name]
        value = self._aliases.get(name)
        if value is not None and name not in self._resolving:
            self._resolving.add(name)
            try:
                found = self.resolve(value, depth + 1)
            finally:
                self._resolving.discard(name)
            if found:
                return found
        if name == "__builtins__":
            return "builtins"
        if name in self._defined or name in self._aliases:
            return ""
        starred = next((f"{module}.{name}" for module in self._stars if kind_of_call(f"{module}.{name}")), "")
        return starred or (name if name in _BUILTINS else "")

    def _of_class(self, node: ast.Attribute, depth: int) -> str:
        """What `C.run` means where the class binds `run = os.system`."""
        is_bound = isinstance(node.value, ast.Name) and node.value.id in self._classes and node.attr in self._aliases
        return self._name(node.attr, depth + 1) if is_bound and node.attr not in self._defined else ""

    @staticmethod
    def _attribute(base: str, attribute: str) -> str:
        if not base:
            return ""
        if base == "builtins" and attribute != "__dict__":
            return attribute
        return f"{base}.{attribute}"

    def _call(self, node: ast.Call, depth: int) -> str:
        function = self.resolve(node.func, depth + 1)
        first = node.args[0] if node.args else None
        if function in _LOADERS:
            module = self.text(first) or ""
            is_top = function == "__import__" and len(node.args) < 4 and not node.keywords  # noqa: PLR2004 - fromlist
            return module.partition(".")[0] if is_top else module
        if function == "getattr" and len(node.args) > 1 and first is not None:
            attribute = self.text(node.args[1])
            return self._attribute(self.resolve(first, depth + 1), attribute) if attribute else ""
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("__getattribute__", "__getattr__"):
            base, attribute = self.resolve(node.func.value, depth + 1), self.text(first)
            return self._attribute(base, attribute) if attribute else ""
        if function in ("globals", "locals") or (function == "vars" and first is None):
            return _NAMESPACE
        if function == "vars" and first is not None:
            base = self.resolve(first, depth + 1)
            return f"{base}.<dict>" if base else ""
        return f"{function}()" if function else ""

    def _item(self, node: ast.Subscript, depth: int) -> str:
        base = self.resolve(node.value, depth + 1)
        if not base and isinstance(node.value, ast.Name):
            return self._of_table(self._aliases.get(node.value.id), node.slice, depth)
        key = self.text(node.slice) if base else None
        if key is None:
            return ""
        if base == _NAMESPACE:
            return self._name(key, depth + 1)
        if base == "sys.modules":
            return key
        if base == "builtins":
            return key
        for ending in _DICTS:
            if base.endswith(ending):
                return self._attribute(base.removesuffix(ending), key)
        return ""

    def _of_table(self, table: ast.expr | None, key: ast.expr, depth: int) -> str:
        """What stands under a constant key of a dictionary, a list or a tuple that is written out."""
        wanted = self.value(key)
        if isinstance(table, ast.Dict) and wanted is not None:
            for one, value in zip(table.keys, table.values, strict=True):
                if one is not None and self.value(one) == wanted:
                    return self.resolve(value, depth + 1)
        if isinstance(table, ast.List | ast.Tuple) and isinstance(wanted, int) and 0 <= wanted < len(table.elts):
            return self.resolve(table.elts[wanted], depth + 1)
        return ""


def _collect(node: ast.AST, assigned: dict[str, list[ast.expr]]) -> None:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            _assign(target, node.value, assigned)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        _assign(node.target, node.value, assigned)


def _assign(target: ast.expr, value: ast.expr, assigned: dict[str, list[ast.expr]]) -> None:
    if isinstance(target, ast.Name):
        assigned.setdefault(target.id, []).append(value)
    elif isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
        for one, its_value in zip(target.elts, value.elts, strict=False):
            _assign(one, its_value, assigned)
