"""Build requirements are resolved among the constraints alone; what is missing is told with everything else (T13)."""

from __future__ import annotations

from peep.build.requirements import BuildNeed, close_needs, foreseen_needs
from peep.build.suggestion import suggested_lines
from peep.model import Digest, IndexFile, Location, PinnedRequirement, ProjectDetail
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
    return {one.name: one for one in pins}


def test_everything_listed_and_known():
    closure = close_needs(
        [need("hatchling>=1")],
        constraints(pin("hatchling"), pin("packaging", "26.0"), pin("unused")),
        {"hatchling": ["packaging>=24", "tomli>=1.2; python_version < '3.11'"], "packaging": []},
        MARKERS,
    )
    assert sorted(closure.pins) == ["hatchling", "packaging"]
    assert (closure.unread, closure.problems) == ((), ())


def test_pins_with_unknown_dependencies_are_named_so_that_they_can_be_obtained():
    closure = close_needs([need("hatchling")], constraints(pin("hatchling")), {}, MARKERS)
    assert [one.name for one in closure.unread] == ["hatchling"]


def test_all_missing_ones_are_reported_with_their_chains():
    closure = close_needs(
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
        (
            "other-2.tar.gz",
            "packaging>=24",
            ("other", "hatchling", "packaging"),
            ("packaging for packaging>=24",),
        ),
        ("other-2.tar.gz", "pluggy", ("other", "hatchling", "pluggy"), ("pluggy for pluggy",)),
    ]


def test_pins_that_do_not_serve_say_why():
    listed = constraints(pin("a", hashes=()), pin("b", "1.0"), pin("c", None, url="https://files.example/c.zip"))
    needs = [need("a"), need("b>=2"), need("c @ https://elsewhere.example/c.zip"), need("c")]
    reasons = [problem.reason for problem in close_needs(needs, listed, {}, MARKERS).problems]
    assert reasons == [
        "build.txt:3 pins it without a hash",
        "build.txt:3 pins version 1.0",
        "it is wanted from a URL of its own, and build.txt:3 does not pin that URL",
    ]


def test_a_prerelease_that_is_pinned_serves():
    assert not close_needs([need("a>=1.0a1")], constraints(pin("a", "1.0b2")), {"a": []}, MARKERS).problems


def test_extras_of_build_requirements_count():
    known = {"setuptools-scm": ["tomli; extra == 'toml'", "rich; extra == 'rich'", "packaging"]}
    closure = close_needs([need("setuptools_scm[toml]")], constraints(pin("setuptools-scm")), known, MARKERS)
    assert [problem.chain[-1] for problem in closure.problems] == ["tomli", "packaging"]


def test_an_extra_that_names_other_extras_of_its_own_project():
    known = {"a": ["a[x,y]; extra == 'all'", "b; extra == 'x'", "c; extra == 'y'"], "b": [], "c": []}
    closure = close_needs([need("a[all]")], constraints(pin("a"), pin("b"), pin("c")), known, MARKERS)
    assert sorted(closure.pins) == ["a", "b", "c"]


def test_rings_of_requirements_end():
    known = {"a": ["b"], "b": ["a"]}
    assert sorted(close_needs([need("a")], constraints(pin("a"), pin("b")), known, MARKERS).pins) == ["a", "b"]


def test_markers_are_those_of_the_target():
    closure = close_needs([need("a; sys_platform == 'win32'"), need("b; extra == 'x'")], {}, {}, MARKERS)
    assert closure.problems == ()


def test_old_setuptools_will_ask_for_wheel():
    assert foreseen_needs("setuptools.build_meta", constraints(pin("setuptools", "69.5.1"))) == ("wheel",)
    assert foreseen_needs("setuptools.build_meta", constraints(pin("setuptools", "80.9.0"))) == ()
    assert foreseen_needs("hatchling.build", constraints(pin("setuptools", "60.0"))) == ()
    assert foreseen_needs("setuptools.build_meta", {}) == ()


def detail(*files):
    return ProjectDetail("a", tuple(files), "https://index.example/simple")


def listed(filename, digit="1", **more):
    return IndexFile(filename, f"https://files.example/{filename}", (Digest("sha256", digit * 64),), **more)


def test_a_suggestion_is_the_newest_that_fits_everybody_with_the_hashes_of_all_wheels():
    found = detail(
        listed("a-1.0-py3-none-any.whl"),
        listed("a-2.0-cp311-cp311-linux_x86_64.whl", "3"),
        listed("a-2.0-cp312-cp312-linux_x86_64.whl", "2"),
        listed("a-2.0.tar.gz", "4"),
        listed("a-3.0-py3-none-any.whl", yanked=""),
        listed("a-4.0-py3-none-any.whl", requires_python=">=3.13"),
        listed("a-5.0rc1-py3-none-any.whl"),
        listed("a-6.0-py3-none-any.whl"),
        listed("no version"),
    )
    assert suggested_lines("a", ["a>=1", "a<6"], [found], "3.11.7") == (
        "a==2.0 \\",
        f"    --hash=sha256:{'2' * 64} \\",
        f"    --hash=sha256:{'3' * 64}",
    )


def test_a_suggestion_of_an_sdist_and_none_at_all():
    assert suggested_lines("a", ["a"], [detail(listed("a-1.0.tar.gz"))], "3.11.7") == (
        "a==1.0 \\",
        f"    --hash=sha256:{'1' * 64}",
    )
    assert suggested_lines("a", ["a>9"], [detail(listed("a-1.0.tar.gz"))], "3.11.7") == ()
    assert suggested_lines("a", ["a"], [detail(IndexFile("a-1.0.tar.gz", "https://files.example/a"))], "3.11.7") == ()


def test_a_suggestion_heeds_the_index_that_says_most():
    silent = detail(listed("a-2.0-py3-none-any.whl"), listed("a-1.0-py3-none-any.whl"))
    telling = detail(listed("a-2.0-py3-none-any.whl", requires_python=">=3.12"))
    assert suggested_lines("a", ["a"], [silent, telling], "3.11.7")[0].startswith("a==1.0")


def test_each_archive_is_built_with_the_newest_version_that_serves_all_its_needs():
    listed = {f"{name}=={version}": pin(name, version) for name, version in VERSIONS}
    known = {"saw==2.0": ["oil>=2"], "saw==1.0": ["oil<2"], "oil==1.0": [], "oil==2.0": [], "file==1.0": ["oil<2"]}
    needs = [need("saw", "new-1.tar.gz"), need("saw<2", "old-1.tar.gz")]
    closure = close_needs(needs, listed, known, MARKERS)
    assert sorted(closure.pins) == ["oil==1.0", "oil==2.0", "saw==1.0", "saw==2.0"]
    assert closure.problems == ()
    one = close_needs([need("saw", "a-1.tar.gz"), need("oil<2", "a-1.tar.gz")], listed, known, MARKERS)
    assert {problem.requirement for problem in one.problems} == {"oil>=2", "oil<2"}
    late = close_needs([need("oil"), need("file")], {**listed, "file==1.0": pin("file")}, known, MARKERS)
    assert (sorted(late.pins), late.problems) == (["file==1.0", "oil==1.0"], ())


VERSIONS = (("saw", "1.0"), ("saw", "2.0"), ("oil", "2.0"), ("oil", "1.0"))


def test_wheel_is_foreseen_for_the_setuptools_that_a_tree_is_built_with():
    listed = {f"setuptools=={version}": pin("setuptools", version) for version in ("80.9.0", "58.0.0")}
    assert foreseen_needs("setuptools.build_meta", listed, ["setuptools"]) == ()
    assert foreseen_needs("setuptools.build_meta", listed, ["setuptools<60"]) == ("wheel",)
