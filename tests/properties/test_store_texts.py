"""What the store writes as text is read back the same, whatever a wheel says of itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peep.model import StoredFile, StoredWheel, WheelIdentity
from peep.store.key_value_cache import parsed_fact, rendered_fact
from peep.store.layout import file_path
from peep.store.manifest import Manifest, parsed, rendered

SHA256 = "ab" * 32

lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), max_size=30)
words = lines.map(lambda text: " ".join(text.split()))
paths = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
files = st.builds(
    StoredFile,
    path=paths,
    record_hash=st.text("abcDEF019-_", min_size=43, max_size=43),
    size=st.integers(0, 1 << 60),
    is_executable=st.booleans(),
)
identities = st.builds(
    WheelIdentity,
    name=lines,
    version=lines,
    filename=lines,
    dist_info=lines,
    root_is_purelib=st.booleans(),
    tags=st.lists(lines, max_size=3).map(tuple),
)
wheels = st.builds(
    StoredWheel,
    identity=identities,
    sha256=st.just(SHA256),
    root=st.just("/store/wheel"),
    files=st.lists(files, min_size=1, max_size=20).map(
        lambda found: tuple(file._replace(stored_as=file_path(number)) for number, file in enumerate(found))
    ),
    mtime_ns=st.integers(0, 1 << 62),
    entry_points=st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    requires_dist=st.lists(words, max_size=3).map(tuple),
    provides_extra=st.lists(words, max_size=3).map(tuple),
    requires_python=words,
)


@given(wheels, st.sampled_from(["", "started:17.5", "ea0737c6-c8f8-49ec-85ef-e3770dc4c9df"]))
def test_a_manifest_is_read_back_as_it_was(wheel, boot):
    manifest = Manifest(wheel, boot)

    assert parsed(rendered(manifest), SHA256, wheel.root) == manifest
    assert parsed(rendered(manifest), "cd" * 32, wheel.root) is None


@given(st.binary(max_size=200))
def test_no_bytes_are_more_than_absent(content):
    assert parsed(content, SHA256, "/store/wheel") is None
    assert parsed_fact(content, "plan", "key") is None


@given(lines, st.text(max_size=50).filter(lambda text: text.isprintable()), st.binary(max_size=200))
def test_a_fact_is_found_by_its_own_kind_and_key_only(kind, key, value):
    text = rendered_fact(kind, key, value)

    assert parsed_fact(text, kind, key) == value
    assert parsed_fact(text, kind + "x", key) is None
    assert parsed_fact(text, kind, key + "x") is None
