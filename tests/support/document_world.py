"""What a page is played in: an index and other servers, a folder with its files, and names for what differs."""

from __future__ import annotations

import io
import json
import os
import re
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from packaging.tags import sys_tags

from peep.target.declared import id_of_environment
from support.bucket import FakeBucket
from support.document_stage import PageStage
from support.fake_index import FakeIndex
from support.scenario_run import Stage, index_content

PUBLIC = "https://index.example"
"""How pages call the index."""
FOLDER = "/srv/app"
"""How they call the folder that they are played in."""
HERE, WINDOWS = "cp312-manylinux_2_28_x86_64", "cp312-win_amd64"
"""How they call the target that plays them, and another one."""
LIBRARY = "lib/python3.12/"


@dataclass(frozen=True, slots=True)
class World:
    """Where a page is played, and pairs of a text of the page and what it stands for there."""

    here: Path
    replaced: tuple[tuple[str, str], ...]


@contextmanager
def opened(asked: PageStage, root: Path) -> Iterator[World]:
    """Make what `asked` names in `root`, an empty folder, which becomes the working folder."""
    stage = Stage(asked.scenario, root)
    stage.here.mkdir()
    projects, facts = index_content(stage)
    plain = {
        name: {filename: _uncompressed(filename, content) for filename, content in files.items()}
        for name, files in projects.items()
    }
    for folder, filename in asked.kept_in.items():
        _write(stage.here / folder / filename, plain.pop(stage.projects[filename])[filename])
    days = [(shown, f"{_today() + timedelta(after):%Y-%m-%d}") for shown, after in asked.days.items()]
    replaced = [(FOLDER, str(stage.here)), *_targets(), *days]
    with _served(asked, [FakeIndex(plain, facts=facts)], replaced) as index, _surroundings(stage.here, index, asked):
        for path, content in asked.scenario.files.items():
            _write(stage.here / path, replaced_in(content, replaced).encode())
        yield World(stage.here, tuple(replaced))


@contextmanager
def _served(asked: PageStage, indexes: list[FakeIndex], replaced: list[tuple[str, str]]) -> Iterator[FakeIndex]:
    """Start the index and OSV's bucket, and put what the page calls them before what else is replaced."""
    files = asked.scenario.files
    days = [pair for pair in replaced if pair[0] in asked.days]
    with ExitStack() as stack:
        for url, place in asked.served.items():
            if url.endswith("/"):
                texts = [text for path, text in sorted(files.items()) if path.startswith(f"{place}/")]
                bucket = stack.enter_context(FakeBucket(*(json.loads(replaced_in(text, days)) for text in texts)))
                replaced.insert(0, (url.rstrip("/"), bucket.url))
            else:
                host, path = re.fullmatch(r"(https://[^/]+)(/.*)", url).groups()  # type: ignore[union-attr]
                indexes[0].content.pages[path] = ("application/octet-stream", replaced_in(files[place], days).encode())
                replaced.append((host, ""))
        index = stack.enter_context(indexes[0])
        own = index.url.rstrip("/")
        replaced[:] = [(PUBLIC, own), *((shown, meant or own) for shown, meant in replaced)]
        yield index


def replaced_in(text: str, pairs: Sequence[tuple[str, str]]) -> str:
    for shown, meant in pairs:
        text = text.replace(shown, meant)
    return text


def _targets() -> tuple[tuple[str, str], ...]:
    """The targets and the folder of the pages' Python, each with that of the Python that plays them."""
    markers = {"implementation_name": sys.implementation.name}
    here = id_of_environment(sys.version_info[:2], [str(tag) for tag in sys_tags()], markers)
    minor = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return (HERE, here), (WINDOWS, f"{here.partition('-')[0]}-win_amd64"), (LIBRARY, f"lib/{minor}/")


def _today() -> date:
    return datetime.now(timezone.utc).date()


def _uncompressed(filename: str, content: bytes) -> bytes:
    """The same wheel with nothing compressed: the same bytes whatever zlib this Python has."""
    if not filename.endswith(".whl"):
        return content
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w") as new:
        for member in old.infolist():
            plain = zipfile.ZipInfo(member.filename, member.date_time)
            plain.external_attr, plain.create_system = member.external_attr, 3
            new.writestr(plain, old.read(member))
    return packed.getvalue()


@contextmanager
def _surroundings(here: Path, index: FakeIndex, asked: PageStage) -> Iterator[None]:
    before, folder = dict(os.environ), Path.cwd()
    os.environ.update({"PIP_INDEX_URL": index.simple_url, "NO_COLOR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    os.environ.update(asked.scenario.variables)
    os.chdir(here)
    try:
        yield
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(before)


def _write(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
