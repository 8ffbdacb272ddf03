"""Player of a page's sessions: each command in this process, in a folder of its own, against a made-up index.

Of a session, what is printed must be what the page shows, standard output and error together, and a status other than
0 must be shown by `echo $?` after it. Commands to copy (`sh`) are run one by one, a block that begins as a script does
as a whole; of YAML, Dockerfiles and crontabs the calls of peep are run. Each must end as the stage says, else with 0.

`peep` runs in this process, and so do `cat`, `cmp`, `cp`, `mkdir`, `mv`, `rm`, `echo` and `python3 -m venv`; all else,
and what has more of a shell in it than a redirection at its end, is run by `sh`.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shlex
import shutil
import subprocess
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

from peep.cli.main import run
from support.document_stage import Apart, PageStage
from support.document_world import opened, replaced_in
from support.documents import SESSIONS, Page, Step, commands, is_free_of_commands, logical_lines, steps
from support.play_shell import Shell
from support.scenario import matches

ENVIRONMENT = ".venv"
"""Of a page: what works on an environment and names none has this one."""


@dataclass(slots=True)
class Player:
    """Where a page is played: its folder, what stands for what, the last status, and what each step printed."""

    here: Path
    replaced: tuple[tuple[str, str], ...]
    """Pairs of a text of the page and what it stands for in this run."""
    stage: PageStage
    shell: Shell
    given: dict[str, str]
    """What words of commands to copy stand for; in what is printed, nothing is put in their place."""
    status: int = 0
    printed: list[tuple[Step, str]] = field(default_factory=list)
    apart: set[Apart] = field(default_factory=set)
    """Reasons that were met with."""

    def within(self, text: str) -> str:
        return replaced_in(replaced_in(text, list(self.given.items())), self.replaced)

    def shown(self, text: str) -> str:
        """The text as a page has it: with the page's names, and archives fetched side by side in order."""
        named = replaced_in(text, [(meant, shown) for shown, meant in self.replaced if meant])
        return re.sub(r"^(?:(?:fetched|found) .*\n)+", _in_order, named, flags=re.MULTILINE)


def _in_order(lines: re.Match[str]) -> str:
    return "".join(sorted(lines[0].splitlines(keepends=True)))


def play(page: Page, root: Path, libraries: Path | None = None) -> tuple[list[str], set[str]]:
    """Play all that a page with a stage shows, in `root`, an empty folder: what is otherwise, and programs not had.

    `libraries` is a store with the wheels that `peep embed` takes.
    """
    with _opened(page, root, libraries) as player:
        return _play(player, list(_acts(page))), player.shell.missing


def written(page: Page, root: Path, libraries: Path | None = None) -> str:
    """The text of a page with what its commands print now; what is shown rightly stays, its ellipses too."""
    with _opened(page, root, libraries) as player:
        _play(player, list(_acts(page)))
    lines = page.text.splitlines()
    for step, printed in reversed(player.printed):
        if not _is_shown(step, printed):
            lines[step.output_begin - 1 : step.end - 1] = printed.rstrip("\n").splitlines()
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Act:
    """A command, or a whole script, of a page."""

    step: Step
    is_session: bool
    """Whether what it prints is compared, and its status is shown by `echo $?`."""


def _acts(page: Page) -> Iterator[Act]:
    for block in page.blocks:
        if block.language in SESSIONS:
            yield from (Act(step, block.language == "console") for step in steps(block))
        elif block.language == "sh" and block.lines[0].startswith(("#!", "export ")):
            yield _to_copy(block.number, "\n".join(block.lines))
        elif block.language == "sh":
            yield from (_to_copy(number, line) for number, line in logical_lines(block) if line)
        elif not is_free_of_commands(block):
            yield from (_to_copy(one.number, f"peep {shlex.join(one.words)}") for one in commands(block))


def _to_copy(number: int, command: str) -> Act:
    return Act(Step(number, command, number, number, ()), is_session=False)


@contextmanager
def _opened(page: Page, root: Path, libraries: Path | None) -> Iterator[Player]:
    stage = page.stage
    assert stage is not None, f"{page.path} says not what it is played with"
    with opened(stage, root) as world:
        if libraries is not None:
            shutil.copytree(libraries, os.environ["PEEP_STORE"])
        yield Player(world.here, world.replaced, stage, Shell(world.here, ENVIRONMENT), dict(stage.given))


def _play(player: Player, acts: Sequence[Act]) -> list[str]:
    complaints: list[str] = []
    for act, following in zip(acts, [*(one.step.command for one in acts[1:]), ""], strict=True):
        step = act.step
        if why := player.stage.why_apart(step.command):
            player.apart.add(why)
            continue
        printed = player.shown(_run(player, step))
        expected = player.status if act.is_session else player.stage.status(step.command)
        if act.is_session:
            player.printed.append((step, printed))
        if act.is_session and not _is_shown(step, printed):
            complaints.append(f"line {step.number}: $ {step.command}\nprints:\n{printed}")
        if player.status != expected:
            complaints.append(f"line {step.number}: {step.command}\nends with status {player.status}:\n{printed}")
        elif act.is_session and player.status and following != "echo $?":
            complaints.append(f"line {step.number}: $ {step.command}\nends with status {player.status}; show it")
    unmet = [one.beginning for one in player.stage.apart if one not in player.apart]
    return [*complaints, *(f"apart: no command begins so: {one}" for one in unmet)]


def _is_shown(step: Step, printed: str) -> bool:
    expected = ["..." if line.strip() == "…" else line.replace("…", "[..]") for line in step.output]
    return matches([line.rstrip() for line in expected], "\n".join(line.rstrip() for line in printed.splitlines()))


def _run(player: Player, step: Step) -> str:
    command = player.within(step.command)
    if "\n" in command or _NEEDS_A_SHELL.search(re.sub(r"'[^']*'|\"[^\"$]*\"|>>? \S+$|\$\?$|#.*", "", command)):
        return _run_shell(player, command)
    words = shlex.split(command, comments=True)
    output: Path | None = None
    if len(words) > 2 and words[-2] in {">", ">>"}:
        output, is_more, words = player.here / words[-1], words[-2] == ">>", words[:-2]
    printed = _run_words(player, words, command)
    if output is None:
        return printed
    before = output.read_text("utf-8") if is_more and output.exists() else ""
    output.write_bytes((before + printed).encode())
    return ""


_NEEDS_A_SHELL = re.compile(r"[|&;$<*`]|^\w+=")


_GIVEN: Mapping[str, Callable[[bytes], str]] = {
    "given-sha256": lambda content: hashlib.sha256(content).hexdigest(),
    "given-first-word": lambda content: content.split()[0].decode(),
}


def _run_shell(player: Player, text: str) -> str:
    player.status, printed = player.shell.run(text)
    return printed


def _run_words(player: Player, words: Sequence[str], command: str) -> str:
    if not words:
        return ""
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
    if (
        words[0] in _GIVEN
    ):  # of a session that is not shown: from here on, the first word stands for what the file gives
        player.given[words[1]] = _GIVEN[words[0]]((player.here / words[2]).read_bytes())
        return ""
    if words[0] not in _COMMANDS:
        return _run_shell(player, command)
    return _COMMANDS[words[0]](player, words[1:])


def _run_peep(player: Player, words: Sequence[str]) -> str:
    if words[:1] in (["install"], ["sync"]) and not any(word.startswith(("--python", "--target")) for word in words):
        assert (player.here / ENVIRONMENT).is_dir(), "into the environment of these tests"
        words = [*words, "--python", ENVIRONMENT]  # as if it were active
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
