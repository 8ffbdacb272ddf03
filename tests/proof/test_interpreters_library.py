"""A copied environment's shared library of the interpreter is its maker's, wherever the base keeps its own."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from peep.proof.maker_files import Premises, own_files

LIBRARY = "libpython3.11.so.1.0"


def premises(root: Path) -> Premises:
    paths = {name: str(root / "lib/python3.11/site-packages") for name in ("purelib", "platlib")}
    target = SimpleNamespace(base_prefix=str(root.parent / "base[1]"), paths=paths)
    return cast("Any", SimpleNamespace(root=str(root), scripts=str(root / "bin"), target=target))


@pytest.mark.parametrize("folder", ["lib", "lib64", "lib/x86_64-linux-gnu"])
def test_it_is_the_makers_with_the_bytes_of_the_base_only(tmp_path: Path, folder: str):
    base, copy = tmp_path / "base[1]" / folder / LIBRARY, tmp_path / "env" / "lib" / LIBRARY
    for place in (base, copy):
        place.parent.mkdir(parents=True)
        place.write_bytes(b"the library")
    assert own_files(premises(tmp_path / "env"), [str(copy)]) == {str(copy)}

    copy.write_bytes(b"another one")
    assert own_files(premises(tmp_path / "env"), [str(copy)]) == set()
