"""Player of a page's sessions: each command in this process, in a folder of its own, against a made-up index.

Besides peep there are `cat`, `cmp`, `cp`, `mkdir`, `mv`, `rm`, `echo`, `python3 -m venv`, and programs of an
environment. What is printed must be what the page shows, standard output and error together, and a status other than 0
must be shown by `echo $?` after it.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from packaging.tags import sys_tags

from peep.cli.main import run
from peep.target.declared import id_of_environment
from support.documents import Page, Step, steps
from support.fake_index import FakeIndex
from support.scenario import Scenario, matches
from support.scenario_run import Stage, index_content

PUBLIC = "https://index.example"
"""How pages call the index."""
FOLDER = "/srv/app"
"""How they call the folder that they are played in."""
HERE, WINDOWS = "cp312-manylinux_2_28_x86_64", "cp312-win_amd64"
"""How they call the target that plays them, and another one."""
LIBRARY = "lib/python3.12/"


@dataclass(slots=True)
class Player:
    """Where a page is played: its folder, what stands for what, the last status, and what each step printed."""

    here: Path
    replaced: tuple[tuple[str, str], ...]
    """Pairs of a text of the page and what it stands for in this run."""
    status: int = 0
    printed: list[tuple[Step, str]] = field(default_factory=list)

    def within(self, text: str) -> str:
        for shown, meant in self.replaced:
            text = text.replace(shown, meant)
        return text

    def shown(self, text: str) -> str:
        """The text as a page has it: with the page's names, and archives fetched side by side in order."""
        for shown, meant in self.replaced:
            text = text.replace(meant, shown)
        return re.sub(r"^(?:(?:fetched|found) .*\n)+", _in_order, text, flags=re.MULTILINE)


def _in_order(lines: re.Match[str]) -> str:
    return "".join(sorted(lines[0].splitlines(keepends=True)))


def play(page: Page, root: Path) -> list[str]:
    """Play all sessions of a page with a stage, in `root`, an empty folder; gives back what is otherwise than shown."""
    with _opened(page, root) as player:
        return _play(player, [step for block in page.blocks if block.language == "console" for step in steps(block)])


def written(page: Page, root: Path) -> str:
    """The text of a page with what its commands print now; what is shown rightly stays, its ellipses too."""
    with _opened(page, root) as player:
        _play(player, [step for block in page.blocks if block.language == "console" for step in steps(block)])
    lines = page.text.splitlines()
    for step, printed in reversed(player.printed):
        if not _is_shown(step, printed):
            lines[step.output_begin - 1 : step.end - 1] = printed.rstrip("\n").splitlines()
    return "\n".join(lines) + "\n"


@contextmanager
def _opened(page: Page, root: Path) -> Iterator[Player]:
    scenario = page.stage
    assert scenario is not None, f"{page.path} says not what it is played with"
    stage = Stage(scenario, root)
    stage.here.mkdir()
    projects, facts = index_content(stage)
    plain = {
        name: {filename: _uncompressed(filename, content) for filename, content in files.items()}
        for name, files in projects.items()
    }
    for folder, filename in page.kept_in.items():
        _write(stage.here / folder / filename, plain.pop(stage.projects[filename])[filename])
    with FakeIndex(plain, facts=facts) as index, _surroundings(stage.here, index, scenario.variables):
        days = [(shown, f"{_today() + timedelta(after):%Y-%m-%d}") for shown, after in page.days.items()]
        player = Player(stage.here, ((PUBLIC, index.url.rstrip("/")), (FOLDER, str(stage.here)), *_targets(), *days))
        _write_files(scenario, player)
        yield player


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
def _surroundings(here: Path, index: FakeIndex, variables: Mapping[str, str]) -> Iterator[None]:
    before, folder = dict(os.environ), Path.cwd()
    os.environ.update({"PIP_INDEX_URL": index.simple_url, "NO_COLOR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    os.environ.update(variables)
    os.chdir(here)
    try:
        yield
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(before)


def _write_files(scenario: Scenario, player: Player) -> None:
    for path, content in scenario.files.items():
        _write(player.here / path, player.within(content).encode())


def _write(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


def _play(player: Player, session: Sequence[Step]) -> list[str]:
    complaints: list[str] = []
    for step, following in zip(session, [*(one.command for one in session[1:]), ""], strict=True):
        printed = player.shown(_run(player, step))
        player.printed.append((step, printed))
        if not _is_shown(step, printed):
            complaints.append(f"line {step.number}: $ {step.command}\nprints:\n{printed}")
        if player.status and following != "echo $?":
            complaints.append(f"line {step.number}: $ {step.command}\nends with status {player.status}; show it")
    return complaints


def _is_shown(step: Step, printed: str) -> bool:
    expected = ["..." if line.strip() == "…" else line.replace("…", "[..]") for line in step.output]
    return matches([line.rstrip() for line in expected], "\n".join(line.rstrip() for line in printed.splitlines()))


def _run(player: Player, step: Step) -> str:
    words = shlex.split(player.within(step.command), comments=True)
    output: Path | None = None
    if len(words) > 2 and words[-2] in {">", ">>"}:
        output, is_more, words = player.here / words[-1], words[-2] == ">>", words[:-2]
    printed = _run_words(player, words)
    if output is None:
        return printed
    before = output.read_text("utf-8") if is_more and output.exists() else ""
    output.write_bytes((before + printed).encode())
    return ""


def _run_words(player: Player, words: Sequence[str]) -> str:
    if words[0] == "peep":
        return _run_peep(player, words[1:])
    if re.match(r"\.?[\w-]+/bin/", words[0]):
        return _run_program(player, words)
    status, player.status = player.status, 0
    if list(words) == ["echo", "$?"]:
        return f"{status}\n"
    if list(words[:3]) == ["python3", "-m", "venv"]:
        venv.create(player.here / words[-1], with_pip=False, symlinks=os.name != "nt")
        return ""
    return _COMMANDS[words[0]](player, words[1:])


def _run_peep(player: Player, words: Sequence[str]) -> str:
    is_kept_apart = any(word.startswith(("--python", "--target")) for word in words)
    assert words[:1] not in (["install"], ["sync"]) or is_kept_apart, "into the environment of these tests"
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        player.status = run(list(words))
    return printed.getvalue()


def _run_program(player: Player, words: Sequence[str]) -> str:
    place = player.here / words[0]
    if os.name == "nt":
        place = place.parent.parent / "Scripts" / f"{place.name}.exe"
    ended = subprocess.run(
        [place, *words[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False
    )
    player.status = ended.returncode
    return ended.stdout


def _copy(player: Player, words: Sequence[str]) -> str:
    source, destination = player.here / words[-2], player.here / words[-1]
    if source.is_dir():
        shutil.copytree(source, destination)
    else:
        shutil.copyfile(source, destination)
    return ""


def _move(player: Player, words: Sequence[str]) -> str:
    (player.here / words[0]).rename(player.here / words[1])
    return ""


def _remove(player: Player, words: Sequence[str]) -> str:
    for word in words:
        if not word.startswith("-"):
            place = player.here / word
            shutil.rmtree(place) if place.is_dir() else place.unlink()
    return ""


def _make_folder(player: Player, words: Sequence[str]) -> str:
    (player.here / words[-1]).mkdir(parents=True)
    return ""


def _compare(player: Player, words: Sequence[str]) -> str:
    one, other = ((player.here / word).read_bytes() for word in words)
    player.status = int(one != other)
    return "" if one == other else f"{words[0]} {words[1]} differ\n"


_COMMANDS: Mapping[str, Callable[[Player, Sequence[str]], str]] = {
    "cat": lambda player, words: "".join((player.here / word).read_text("utf-8") for word in words),
    "cmp": _compare,
    "cp": _copy,
    "echo": lambda _, words: " ".join(words) + "\n",
    "mkdir": _make_folder,
    "mv": _move,
    "rm": _remove,
}
