"""A run with nothing to do is recognised only while everything that it saw is still so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.build.toolchains import TOOLCHAIN_HOMES
from peep.build.variables import PASSED_ON, PASSED_ON_FOR_ONE
from peep.shortcuts.fingerprint import metadata_names, run_key
from peep.shortcuts.noop import KIND, NoopRecord, load, parsed, rendered
from peep.store.key_value_cache import key_digest, rendered_fact
from peep.system.file_signature import signature

WORDS = ["install", "-r", "requirements.txt"]


@pytest.fixture
def world(tmp_path: Path) -> dict[str, Path]:
    site = tmp_path / "site-packages"
    (site / "demo-1.0.dist-info").mkdir(parents=True)
    places = {
        "pins": tmp_path / "requirements.txt",
        "site": site,
        "origin": site / "demo-1.0.dist-info" / "provenance_url.json",
        "interpreter": tmp_path / "python",
        "journal": tmp_path / "journal",
        "store": tmp_path / "store",
    }
    places["pins"].write_text("demo==1.0\n")
    places["origin"].write_text("{}")
    places["interpreter"].write_text("binary")
    return places


def remember(world: dict[str, Path]) -> dict[str, str]:
    environ = {"PEEP_STORE": str(world["store"])}
    snapshot = NoopRecord(
        "nothing to do",
        {str(world[name]): world[name].read_bytes() for name in ("pins", "origin")},
        {str(world["interpreter"]): signature(str(world["interpreter"]))},
        {str(world["site"]): metadata_names(str(world["site"]))},
        [str(world["journal"])],
    )
    key = run_key(WORDS, environ)
    digest = key_digest(key)
    path = world["store"] / "remembered-v1" / KIND / digest[:2] / digest
    path.parent.mkdir(parents=True)
    path.write_bytes(rendered_fact(KIND, key, rendered(snapshot)))
    world["record"] = path
    return environ


def test_the_same_command_in_the_same_world_is_recognised(world: dict[str, Path]) -> None:
    environ = remember(world)

    assert load(WORDS, environ) == "nothing to do"


@pytest.mark.parametrize("changed", ["pins", "origin", "interpreter", "site", "journal", "record"])
def test_any_difference_takes_the_long_way(world: dict[str, Path], changed: str) -> None:
    environ = remember(world)
    if changed == "site":
        (world["site"] / "other-2.0.dist-info").mkdir()
    elif changed == "journal":
        world["journal"].touch()
    else:
        world[changed].write_bytes(world[changed].read_bytes() + b"x")

    assert load(WORDS, environ) is None


@pytest.mark.parametrize("gone", ["pins", "origin", "interpreter", "record"])
def test_what_is_gone_is_a_difference(world: dict[str, Path], gone: str) -> None:
    environ = remember(world)
    world[gone].unlink()

    assert load(WORDS, environ) is None


def test_other_words_and_other_variables_are_other_runs(world: dict[str, Path]) -> None:
    environ = remember(world)

    assert load([*WORDS, "--force-reinstall"], environ) is None
    assert load(WORDS, {**environ, "PIP_TARGET": "elsewhere"}) is None


def test_what_steers_compilers_makes_another_run(world: dict[str, Path]) -> None:
    """A wheel that was built under other flags is another wheel, though its source and the command are the same."""
    environ = remember(world)
    named = {**environ, "PEEP_BUILD_VARIABLES": "FORTRAN_LIBS, OTHER"}

    for name in (*PASSED_ON, *TOOLCHAIN_HOMES, *(f"{start}DEMO" for start in PASSED_ON_FOR_ONE)):
        assert load(WORDS, {**environ, name: "-O3"}) is None
    assert run_key(WORDS, named) != run_key(WORDS, {**named, "OTHER": "1"})
    assert run_key(WORDS, environ) == run_key(WORDS, {**environ, "OTHER": "1"})


def test_damage_at_every_byte_of_the_record_is_noticed(world: dict[str, Path]) -> None:
    environ = remember(world)
    whole = world["record"].read_bytes()
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1
        world["record"].write_bytes(damaged)
        assert load(WORDS, environ) is None


def test_a_relative_store_is_left_to_the_long_way() -> None:
    assert load(WORDS, {"PEEP_STORE": os.path.join("some", "where")}) is None


_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
_FACTS = st.dictionaries(_TEXTS, st.binary())


@given(_TEXTS, _FACTS, _FACTS, _FACTS, st.lists(_TEXTS))
def test_a_snapshot_survives_being_written_down(
    summary: str, contents: dict[str, bytes], signatures: dict[str, bytes], folders: dict[str, bytes], absent: list[str]
) -> None:
    snapshot = parsed(rendered(NoopRecord(summary, contents, signatures, folders, absent)))

    assert snapshot is not None
    assert (summary, contents, signatures, folders, tuple(absent)) == (
        snapshot.summary,
        snapshot.contents,
        snapshot.signatures,
        snapshot.folders,
        snapshot.absent,
    )


@given(st.binary())
def test_no_bytes_break_the_reader(value: bytes) -> None:
    snapshot = parsed(value)

    assert snapshot is None or isinstance(snapshot, NoopRecord)


@pytest.mark.skipif(os.name != "posix", reason="needs named pipes")
def test_a_pipe_in_the_place_of_a_file_is_not_read(world: dict[str, Path]) -> None:
    """What is in it is for the run that follows."""
    environ = remember(world)
    world["pins"].unlink()
    os.mkfifo(world["pins"])
    # Both ends, so that nobody waits for the other one.
    pipe = os.open(world["pins"], os.O_RDWR | os.O_NONBLOCK)
    try:
        os.write(pipe, b"demo==1.0\n")

        assert load(WORDS, environ) is None
        assert os.read(pipe, 100) == b"demo==1.0\n"
    finally:
        os.close(pipe)
