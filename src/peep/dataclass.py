"""Fast `dataclass(slots=True)` and `NamedTuple`, to be read as the standard library's.

peep has some 150 small types. `dataclasses` compiles six functions for each of them and imports `inspect` to do so: 45
of the 105 milliseconds in which a run imports its modules, more than other installers take for a whole run. Here one
function is compiled per class, `__init__`, and only when the first instance is made: a run makes instances of half of
its types. The others are shared. Type checkers see the original; to programs, the instances are what its instances
are: `dataclasses.replace`, `fields` and `asdict` take them too. The same goes for `NamedTuple` and its `__new__`.
"""

from __future__ import annotations

from operator import attrgetter, itemgetter

TYPE_CHECKING = False  # what `typing` calls so, without importing it
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from dataclasses import asdict, dataclass, field, replace
    from typing import Any, NamedTuple, NoReturn

__all__ = ["NamedTuple", "asdict", "dataclass", "field", "replace"]

_REQUIRED = object()


class _Field:
    """How a field is filled that has no plain default, and whether `repr` shows it."""

    __slots__ = ("default", "default_factory", "is_shown")

    def __init__(
        self,
        *,
        default: object = _REQUIRED,
        default_factory: Callable[[], object] | None = None,
        repr: bool = True,  # noqa: A002 - the original's word
    ) -> None:
        self.default = default
        self.default_factory = default_factory
        self.is_shown = repr


def _dataclass(cls: type | None = None, /, *, frozen: bool = False, slots: bool = True, order: bool = False) -> Any:
    """The decorator; of the original's options it has those that are used here, and it knows no inheritance."""
    del slots  # the word is for readers and type checkers; without, it is the same

    def made(cls: type) -> type:
        stated = vars(cls)
        names = tuple(cls.__annotations__)
        fields = {name: _as_field(stated.get(name, _REQUIRED)) for name in names}
        replaced = {*names, "__dict__", "__weakref__"}

        def first(self: object, *values: object, **named: object) -> None:
            """`__init__` until there is an instance."""
            initialiser = _initialiser(anew, fields, "_set_{0}(self, {1})" if frozen else "self.{0} = {1}")
            setattr(anew, "__init__", initialiser)  # noqa: B010 - type checkers refuse the assignment
            initialiser(self, *values, **named)

        members = {
            "__qualname__": cls.__qualname__,
            "__slots__": names,
            "__match_args__": names,
            "__init__": first,
            "__repr__": _representation([name for name, one in fields.items() if one.is_shown]),
            "__dataclass_fields__": _LateFields(fields),
            **_comparisons(names, frozen=frozen, order=order),
            **({"__setattr__": _refuse, "__delattr__": _refuse} if frozen else {}),
            **{name: member for name, member in stated.items() if name not in replaced},
        }
        anew = type(cls.__name__, cls.__bases__, members)  # slots need a class that is made with them
        return anew

    return made if cls is None else made(cls)


def _asdict(instance: Any) -> dict[str, Any]:
    """The fields by name; unlike the original's, values stay what they are."""
    return {name: getattr(instance, name) for name in instance.__match_args__}


def _replace(instance: Any, /, **changes: object) -> Any:
    return type(instance)(**{**_asdict(instance), **changes})


def _as_field(default: object) -> _Field:
    return default if isinstance(default, _Field) else _Field(default=default)


def _initialiser(cls: type, fields: Mapping[str, _Field], statement: str) -> Callable[..., None]:
    """Compile `__init__`; `statement` sets field `{0}` to the value of expression `{1}`.

    Frozen fields are set through their slots, past `__setattr__`; a third faster than through `object.__setattr__`.
    """
    namespace: dict[str, Any] = {f"_set_{name}": vars(cls)[name].__set__ for name in fields}
    namespace["_absent"] = _REQUIRED
    parameters, lines = ["self"], []
    for name, one in fields.items():
        value = name
        if one.default_factory is not None:
            namespace[f"_new_{name}"] = one.default_factory
            parameters.append(f"{name}=_absent")
            value = f"_new_{name}() if {name} is _absent else {name}"
        elif one.default is _REQUIRED:
            parameters.append(name)
        else:
            namespace[f"_default_{name}"] = one.default
            parameters.append(f"{name}=_default_{name}")
        lines.append(statement.format(name, value))
    exec(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines or ["pass"]), namespace)  # noqa: S102 - names
    initialiser: Callable[..., None] = namespace["__init__"]
    initialiser.__qualname__ = f"{cls.__qualname__}.__init__"
    return initialiser


def _representation(shown: Sequence[str]) -> Callable[[object], str]:
    def representation(self: object) -> str:
        told = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__qualname__}({told})"

    return representation


def _comparisons(names: Sequence[str], *, frozen: bool, order: bool) -> dict[str, object]:
    """What treats an instance as the values of its fields: equality, hash, copying and, under `order`, sorting."""
    values = attrgetter("__class__", *names)

    def equal(self: object, other: object) -> bool:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def less(self: object, other: object) -> bool:
        return values(self) < values(other) if other.__class__ is self.__class__ else NotImplemented

    def less_or_equal(self: object, other: object) -> bool:
        return values(self) <= values(other) if other.__class__ is self.__class__ else NotImplemented

    return {
        "__eq__": equal,
        "__hash__": (lambda self: hash(values(self))) if frozen else None,
        "__reduce__": lambda self: (type(self), tuple(_asdict(self).values())),
        **({"__lt__": less, "__le__": less_or_equal} if order else {}),
    }


def _refuse(self: object, name: str, *_: object) -> NoReturn:
    from dataclasses import FrozenInstanceError  # noqa: PLC0415 - for a mistake in the program only

    raise FrozenInstanceError(f"cannot change field {name!r} of {type(self).__name__}")


class _LateFields:
    """What the functions of `dataclasses` look for, made when one of them does."""

    def __init__(self, fields: Mapping[str, _Field]) -> None:
        self._fields = fields

    def __get__(self, instance: object, owner: type) -> Any:
        import dataclasses  # noqa: PLC0415 - 6 ms, for a caller that has imported it anyway

        def told(one: _Field) -> Any:
            if one.default_factory is not None:
                return dataclasses.field(default_factory=one.default_factory, repr=one.is_shown)
            if one.default is not _REQUIRED:
                return dataclasses.field(default_factory=lambda: one.default, repr=one.is_shown)
            return dataclasses.field(repr=one.is_shown)

        fields = [(name, object, told(one)) for name, one in self._fields.items()]
        return vars(dataclasses.make_dataclass(owner.__name__, fields))["__dataclass_fields__"]


# -- named tuples ----------------------------------------------------------------------------------


if TYPE_CHECKING:

    def _reader(index: int, doc: str) -> Any: ...

else:
    try:
        from _collections import _tuplegetter as _reader  # CPython's, and faster than a property
    except ImportError:

        def _reader(index: int, doc: str) -> property:
            return property(itemgetter(index), doc=doc)


class _NamedTupleType(type):
    """Gives a body of annotated fields back as a class of tuples; it is not the type of what it makes."""

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> Any:
        del bases  # `NamedTuple` alone, whose place the tuple takes
        names = tuple(body.get("__annotations__", ()))
        defaults = tuple(body[one] for one in names if one in body)

        def first(kind: type, /, *values: object, **named: object) -> Any:
            """`__new__` until there is an instance."""
            constructor = _constructor(anew, names, defaults)
            setattr(anew, "__new__", staticmethod(constructor))  # noqa: B010 - type checkers refuse the assignment
            return constructor(kind, *values, **named)

        anew = type(
            name,
            (tuple,),
            {
                "__slots__": (),
                "__match_args__": names,
                "_fields": names,
                "__new__": first,
                **_TUPLE_METHODS,
                **body,
                **{one: _reader(index, "") for index, one in enumerate(names)},
            },
        )
        return anew


def _constructor(cls: type, names: Sequence[str], defaults: tuple[object, ...]) -> Callable[..., Any]:
    """Compile `__new__`."""
    namespace: dict[str, Any] = {"_tuple_new": tuple.__new__}
    fields = "".join(f"{name}, " for name in names)
    exec(f"def __new__(_cls, {fields}):\n return _tuple_new(_cls, ({fields}))", namespace)  # noqa: S102 - names
    constructor: Any = namespace["__new__"]
    constructor.__defaults__ = defaults
    constructor.__qualname__ = f"{cls.__qualname__}.__new__"
    return constructor  # type: ignore[no-any-return]


def _tuple_representation(self: Any) -> str:
    told = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
    return f"{type(self).__name__}({told})"


def _changed_tuple(self: Any, /, **changes: object) -> Any:
    made = type(self)(*map(changes.pop, self._fields, self))
    if changes:
        raise ValueError(f"got unexpected field names: {list(changes)}")
    return made


def _values_of(self: Any) -> tuple[object, ...]:
    """What copies and pickles are made with."""
    return tuple(self)


_TUPLE_METHODS: dict[str, Any] = {
    "__repr__": _tuple_representation,
    "__getnewargs__": _values_of,
    "_replace": _changed_tuple,
}


if not TYPE_CHECKING:
    asdict, dataclass, field, replace = _asdict, _dataclass, _Field, _replace
    NamedTuple = type.__new__(_NamedTupleType, "NamedTuple", (), {})
