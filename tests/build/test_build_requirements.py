"""Build requirements are resolved among the constraints alone; what is missing is told with everything else (T13)."""

from __future__ import annotations

from peep.build.requirements import BuildNeed, close_needs, foreseen_needs
from peep.model import Digest, Location, PinnedRequirement
from support.pins import source_for

MARKERS = {"python_version": "3.11", "sys_platform": "linux", "python_full_version": "3.11.7"}


def pin(name, version="1.0", *, hashes=("a" * 64,), url=None):
    return PinnedRequirement(
        name,
        name,
        version,
        (Location("build.txt", 3),),
        tuple(Digest("sha256", text) for text in hashes),
        source=source_for(url, {}),
    )


def need(text, sdist="useless-1.0.tar.gz"):
    return BuildNeed(sdist, text, (sdist.split("-")[0],))


def constraints(*pins):
    listed = {}
    for one in pins:
        listed.setdefault(one.name, []).append(one)
    return listed


def close(needs, listed, known, markers=MARKERS, *more):
    """`known`: what version 1.0 of each project requires, or by `tool_key` what another does."""
    keyed = {key if " " in key else f"{key} {listed[key][0].version}": texts for key, texts in known.items()}
    return close_needs(needs, listed, keyed, markers, *more)


def names(pins):
    return sorted(one.name for one in pins)


def test_everything_listed_and_known():
    closure = close(
        [need("hatchling>=1")],
        constraints(pin("hatchling"), pin("packaging", "26.0"), pin("unused")),
        {"hatchling": ["packaging>=24", "tomli>=1.2; python_version < '3.11'"], "packaging": []},
        MARKERS,
    )
    assert names(closure.pins) == ["hatchling", "packaging"]
    assert (closure.unread, closure.problems) == ((), ())


def test_pins_with_unknown_dependencies_are_named_so_that_they_can_be_obtained():
    closure = close([need("hatchling")], constraints(pin("hatchling")), {}, MARKERS)
    assert [one.name for one in closure.unread] == ["hatchling"]


def test_all_missing_ones_are_reported_with_their_chains():
    closure = close(
        [need("hatchling"), need("nothing"), need("hatchling", "other-2.tar.gz")],
        constraints(pin("hatchling")),
        {"hatchling": ["packaging>=24", "pluggy"]},
        MARKERS,
        lambda name, texts: (f"{name} for {' and '.join(texts)}",),
    )
    assert [(p.sdist, p.requirement, p.chain, p.suggestion) for p in closure.problems] == [
        ("useless-1.0.tar.gz", "nothing", ("useless", "nothing"), ("nothing for nothing",)),
        (
            "useless-1.0.tar.gz",
            "packaging>=24",
            ("useless", "hatchling", "packaging"),
            ("packaging for packaging>=24",),
        ),
        ("useless-1.0.tar.gz", "pluggy", ("useless", "hatchling", "pluggy"), ("pluggy for pluggy",)),
        ("other-2.tar.gz", "packaging>=24", ("other", "hatchling", "packaging"), ("packaging for packaging>=24",)),
        ("other-2.tar.gz", "pluggy", ("other", "hatchling", "pluggy"), ("pluggy for pluggy",)),
    ]


def test_pins_that_do_not_serve_say_why():
    listed = constraints(pin("a", hashes=()), pin("b", "1.0"), pin("c", None, url="https://files.example/c.zip"))
    needs = [need("a"), need("b>=2"), need("c @ https://elsewhere.example/c.zip"), need("c")]
    reasons = [problem.reason for problem in close(needs, listed, {}, MARKERS).problems]
    assert reasons == [
        "build.txt:3 pins it without a hash",
        "build.txt:3 pins version 1.0",
        "it is wanted from a URL of its own, and build.txt:3 does not pin that URL",
    ]


def test_a_prerelease_that_is_pinned_serves():
    assert not close([need("a>=1.0a1")], constraints(pin("a", "1.0b2")), {"a": []}, MARKERS).problems


def test_extras_of_build_requirements_count():
    known = {"setuptools-scm": ["tomli; extra == 'toml'", "rich; extra == 'rich'", "packaging"]}
    closure = close([need("setuptools_scm[toml]")], constraints(pin("setuptools-scm")), known, MARKERS)
    assert [problem.chain[-1] for problem in closure.problems] == ["tomli", "packaging"]


def test_an_extra_that_names_other_extras_of_its_own_project():
    known = {"a": ["a[x,y]; extra == 'all'", "b; extra == 'x'", "c; extra == 'y'"], "b": [], "c": []}
    closure = close([need("a[all]")], constraints(pin("a"), pin("b"), pin("c")), known, MARKERS)
    assert names(closure.pins) == ["a", "b", "c"]


def test_rings_of_requirements_end():
    known = {"a": ["b"], "b": ["a"]}
    assert names(close([need("a")], constraints(pin("a"), pin("b")), known, MARKERS).pins) == ["a", "b"]


def test_markers_are_those_of_the_target():
    closure = close([need("a; sys_platform == 'win32'"), need("b; extra == 'x'")], {}, {}, MARKERS)
    assert closure.problems == ()


def test_old_setuptools_will_ask_for_wheel():
    assert foreseen_needs("setuptools.build_meta", [], constraints(pin("setuptools", "69.5.1"))) == ("wheel",)
    assert foreseen_needs("setuptools.build_meta", [], constraints(pin("setuptools", "80.9.0"))) == ()
    assert foreseen_needs("hatchling.build", [], constraints(pin("setuptools", "60.0"))) == ()
    assert foreseen_needs("setuptools.build_meta", [], {}) == ()


def picked(closure):
    return {one.name: one.version for one in closure.pins}


def test_each_build_gets_the_newest_listed_version_that_it_allows():
    listed = constraints(pin("saw", "1.0"), pin("saw", "2.0"), pin("saw", "10.0"))
    known = {f"saw {version}": [] for version in ("1.0", "2.0", "10.0")}
    for text, version in {"saw": "10.0", "saw<10": "2.0", "saw==1.0": "1.0", "saw!=10.0,<3": "2.0"}.items():
        assert picked(close([need(text)], listed, known)) == {"saw": version}
    both = close([need("saw==1.0", "a-1.tar.gz"), need("saw", "b-1.tar.gz")], listed, known)
    assert [one.version for one in both.pins] == ["1.0", "10.0"]
    assert both.problems == ()


def test_a_requirement_of_a_tool_counts_for_the_choice_of_another():
    listed = constraints(pin("saw", "2.0"), pin("saw", "1.0"), pin("bench", "5"))
    known = {"saw 2.0": [], "saw 1.0": [], "bench 5": ["saw<2"]}
    closure = close([need("saw"), need("bench")], listed, known)
    assert (picked(closure), closure.problems) == ({"saw": "1.0", "bench": "5"}, ())


def test_an_older_tool_is_taken_where_the_newest_wants_what_is_not_listed_in_that_version():
    listed = constraints(pin("bench", "5"), pin("bench", "4"), pin("saw", "1.0"))
    known = {"saw 1.0": [], "bench 5": ["saw>=2"], "bench 4": ["saw"]}
    closure = close([need("bench")], listed, known)
    assert (picked(closure), closure.problems) == ({"saw": "1.0", "bench": "4"}, ())


def test_no_older_tool_is_taken_to_do_without_a_line_that_is_missing():
    listed = constraints(pin("bench", "5"), pin("bench", "4"))
    [problem] = close([need("bench")], listed, {"bench 5": ["glue"], "bench 4": []}).problems
    assert problem.chain == ("useless", "bench", "glue")


def test_versions_of_which_none_serves_are_all_named():
    listed = constraints(pin("saw", "2.0"), pin("saw", "1.0"))
    [problem] = close([need("saw>2")], listed, {}).problems
    assert problem.reason == "build.txt:3 pins version 2.0; build.txt:3 pins version 1.0"
    known = {"saw 2.0": [], "saw 1.0": []}
    [problem] = close([need("saw<2"), need("saw>1")], listed, known).problems
    assert problem.reason == "build.txt:3 pins version 2.0, which is not saw<2; build.txt:3 pins version 1.0"


def test_many_versions_of_many_tools_come_to_an_end():
    """A list on which nothing fits must not be searched through for ever."""
    pins = [pin(f"t{number}", str(version)) for number in range(12) for version in range(12)]
    known = {f"t{n} {v}": [f"t{m}=={v + 1}" for m in range(12) if m != n] for n in range(12) for v in range(12)}
    assert close([need("t0")], constraints(*pins), known).problems


def test_builds_that_no_one_version_serves_get_a_suggestion_each():
    needs = [need("saw==1.0", "a-1.tar.gz"), need("saw==2.0", "b-1.tar.gz"), need("oil", "a-1.tar.gz")]

    def suggest(name, texts):
        return () if len({text for text in texts if "==" in text}) > 1 else (f"{name}: {' '.join(texts)}",)

    problems = close_needs(needs, {}, {}, MARKERS, suggest).problems
    assert [problem.suggestion for problem in problems] == [("saw: saw==1.0",), ("oil: oil",), ("saw: saw==2.0",)]


def test_which_setuptools_it_will_be_is_said_by_what_the_tree_requires():
    listed = constraints(pin("setuptools", "80.9.0"), pin("setuptools", "69.5.1"))
    assert foreseen_needs("setuptools.build_meta", ["setuptools<70"], listed) == ("wheel",)
    assert foreseen_needs("setuptools.build_meta", ["setuptools"], listed) == ()
