"""peep's own `dataclass` against the standard library's: the same classes, made by both, behave alike."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
import typing

import pytest

from peep import dataclass as light

DECORATORS = {"standard": dataclasses, "light": light}


def make(module, **options):
    @module.dataclass(slots=True, **options)
    class Point:
        """A docstring."""

        x: int
        y: int = 2
        names: list[str] = module.field(default_factory=list)
        secret: str = module.field(default="s", repr=False)

        @property
        def total(self):
            return self.x + self.y

    return Point


@pytest.fixture(params=["standard", "light"])
def module(request):
    return DECORATORS[request.param]


def test_fields_are_set_by_place_by_name_and_by_default(module):
    point = make(module, frozen=True)(1, names=["a"])

    assert (point.x, point.y, point.names, point.secret, point.total) == (1, 2, ["a"], "s", 3)
    assert make(module)(1).names is not make(module)(1).names


@pytest.mark.parametrize(("words", "named"), [((), {}), ((1,), {"z": 1}), ((1, 2, [], "s", 5), {})])
def test_wrong_arguments_are_refused(module, words, named):
    with pytest.raises(TypeError):
        make(module)(*words, **named)


def test_frozen_ones_stay_as_they_are(module):
    point = make(module, frozen=True)(1)
    for change in (lambda: setattr(point, "x", 2), lambda: delattr(point, "x"), lambda: setattr(point, "new", 2)):
        with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):  # TypeError: cpython issue 90562
            change()

    assert point.x == 1


def test_the_others_change_and_have_no_hash(module):
    kind = make(module)
    point = kind(1)
    point.x = 5

    assert point == kind(5)
    with pytest.raises(AttributeError):
        point.new = 1
    with pytest.raises(TypeError):
        hash(point)


def test_equality_is_that_of_class_and_fields(module):
    kind, other = make(module, frozen=True), make(module, frozen=True)

    assert kind(1, names=("a",)) == kind(1, names=("a",))
    assert hash(kind(1, names=("a",))) == hash(kind(1, names=("a",)))
    assert kind(1) != kind(2)
    assert kind(1) != other(1)
    assert kind(1) != (1, 2, [], "s")


def test_order_is_that_of_the_fields(module):
    kind = make(module, frozen=True, order=True)

    assert sorted([kind(2), kind(1, 3), kind(1, 2)]) == [kind(1, 2), kind(1, 3), kind(2)]
    assert max(kind(1), kind(2)) == kind(2)
    assert kind(1) <= kind(1) < kind(2) >= kind(2) > kind(1)
    with pytest.raises(TypeError):
        assert make(module)(1) < make(module)(2)


def test_the_text_shows_the_fields_that_are_shown(module):
    assert repr(make(module)(1)) == "make.<locals>.Point(x=1, y=2, names=[])"
    assert make(module).__doc__ == "A docstring."


@pytest.mark.parametrize("replace", [dataclasses.replace, light.replace])
def test_a_copy_with_changes(module, replace):
    if module is dataclasses and replace is light.replace:
        pytest.skip("nobody gives it those")
    point = replace(make(module, frozen=True)(1), y=7)

    assert (point.x, point.y) == (1, 7)
    with pytest.raises(TypeError):
        replace(point, z=1)


def test_the_standard_functions_know_both(module):
    point = make(module, frozen=True)(1)

    assert dataclasses.is_dataclass(point)
    assert [field.name for field in dataclasses.fields(point)] == ["x", "y", "names", "secret"]
    assert dataclasses.asdict(point) == {"x": 1, "y": 2, "names": [], "secret": "s"}


def test_patterns_match(module):
    kind = make(module)
    match kind(1, 3):
        case kind(1, y):
            assert y == 3
        case _:
            pytest.fail("does not match")


@light.dataclass(frozen=True, slots=True)
class Single:
    value: str


@light.dataclass(frozen=True, slots=True)
class Empty:
    pass


@pytest.mark.parametrize("one", [Single("a"), Empty()])
def test_copies_and_pickles_are_equal(one):
    assert copy.copy(one) == copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one
    assert hash(copy.copy(one)) == hash(one)


# -- named tuples ----------------------------------------------------------------------------------


class StandardPlace(typing.NamedTuple):
    """A docstring."""

    path: str
    line: int = 1

    @property
    def text(self) -> str:
        return f"{self.path}:{self.line}"


class LightPlace(light.NamedTuple):
    """A docstring."""

    path: str
    line: int = 1

    @property
    def text(self) -> str:
        return f"{self.path}:{self.line}"


class LightPair(light.NamedTuple):
    left: int
    right: int


@pytest.mark.parametrize("kind", [StandardPlace, LightPlace])
class TestNamedTuple:
    def test_it_is_a_tuple_of_its_fields(self, kind):
        place = kind("a")
        path, line = place

        assert (path, line) == (place.path, place.line) == ("a", 1)
        assert place == ("a", 1)
        assert hash(place) == hash(("a", 1))
        assert kind("a", 2) > place
        assert place[0] == "a"
        assert isinstance(place, tuple)
        assert place.text == kind(line=1, path="a").text == "a:1"
        assert kind.__doc__ == "A docstring."
        assert kind._fields == ("path", "line")

    @pytest.mark.parametrize(("words", "named"), [((), {}), (("a", 1, 2), {}), (("a",), {"z": 1})])
    def test_wrong_arguments_are_refused(self, kind, words, named):
        with pytest.raises(TypeError):
            kind(*words, **named)
        with pytest.raises(TypeError):
            kind(*words, **named)

    def test_it_stays_as_it_is(self, kind):
        place = kind("a")
        for name in ("path", "new"):
            with pytest.raises(AttributeError):
                setattr(place, name, "b")

        assert place._replace(line=3) == kind("a", 3)
        assert type(place._replace(line=3)) is kind
        with pytest.raises(ValueError, match="unexpected field names"):
            place._replace(z=3)

    def test_its_text_patterns_copies_and_pickles(self, kind):
        place = kind("a", 3)

        assert repr(place) == f"{kind.__name__}(path='a', line=3)"
        assert copy.copy(place) == copy.deepcopy(place) == pickle.loads(pickle.dumps(place)) == place
        assert type(pickle.loads(pickle.dumps(place))) is type(copy.deepcopy(place)) is kind
        match place:
            case kind(path, 3):
                assert path == "a"
            case _:
                pytest.fail("does not match")


def test_named_tuples_are_equal_to_others_of_the_same_values():
    assert LightPair(1, 2) == LightPair(*reversed(LightPair(2, 1))) == (1, 2)
    assert tuple.__new__(LightPair, (1, 2)).right == 2


def test_it_loads_nothing():
    before = "import sys; before = set(sys.modules); import peep.dataclass; print(*sorted(set(sys.modules) - before))"
    found = subprocess.run([sys.executable, "-I", "-c", before], capture_output=True, text=True, check=True).stdout

    assert {"dataclasses", "inspect", "typing", "re"}.isdisjoint(found.split())
