"""Entry point of the command line: from the words to an exit status.

Nothing is imported here that the verb may not need: a run that has nothing to do ends within milliseconds. Its modules
do without `__future__`, too, one more file to read, and quote the annotations that only type checkers evaluate.
"""

import os
import sys

from peep.shortcuts.noop import load

TYPE_CHECKING = False  # as in `typing`, whose import costs more than a run with nothing to do
if TYPE_CHECKING:
    from peep.cli.verb import VerbModule

GENERAL_OPTIONS_WITH_VALUE = frozenset(
    {
        "--cache-dir", "--cert", "--client-cert", "--default-timeout", "--exists-action", "--keyring-provider",
        "--local-log", "--log", "--log-file", "--proxy", "--python", "--resume-retries", "--retries", "--timeout",
        "--trusted-host", "--use-deprecated", "--use-feature",
    }
)  # fmt: skip
"""pip's options that may stand before the verb, each with its value as the next word."""


def main() -> int:
    """Run peep with the process's arguments; give back its exit status (README, "Exit statuses")."""
    status = run(sys.argv[1:])
    import gc  # noqa: PLC0415 - it is there anyway, unless there was nothing to do

    gc.freeze()  # all goes with the process; else Python would search it for cycles three times first, for 25 ms
    threading = sys.modules.get("threading")
    if threading is not None and threading.active_count() > 1:
        _leave(status)
    return status


def _leave(status: int) -> None:
    """End the process now, with what was said told.

    A thread that waits for a server, for something that is no longer wanted, may be inside of OpenSSL, whose memory the
    usual end takes away from under it: one run in ten then died of a segmentation fault.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue  # whoever listened has gone, as `run` has told
    os._exit(status)


def run(words: list[str]) -> int:
    """Run one command line, given without the program's name."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        _replace_closed_streams()
    try:
        verb, rest = split_verb(words)
        if verb is None:
            verb, rest = implied_verb(words), []
        if (status := _without_work(verb, words)) is None:
            from peep.cli.verb import run_verb  # noqa: PLC0415 - with what it brings along, only from here on

            module = _module(verb, rest)
            status = _run_pip(words) if module is None else run_verb(module, rest)
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - the one place where every failure becomes a text and a status
        from peep.cli.output.failures import explained  # noqa: PLC0415 - only a failing run pays for it

        return explained(error, words)
    return status


def _replace_closed_streams() -> None:
    """Let what is said there go nowhere, and nothing be read; else a file opened next has the descriptor of one."""
    while (descriptor := os.open(os.devnull, os.O_WRONLY)) <= 2:  # noqa: PLR2004 - standard error, as POSIX numbers it
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - takes it by position only
    os.close(descriptor)
    # Not descriptor 0: on Windows there is none where the stream is missing. All three stay open as long as peep runs.
    sys.stdin = sys.stdin or open(os.open(os.devnull, os.O_WRONLY), encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _without_work(verb: str, words: list[str]) -> int | None:
    """The exit status of what needs no verb's module: nothing to do, a repeated run, a version; None for all else."""
    is_install = verb == "install" and not _is_completing()
    if is_install and (told := load(words, os.environ)) is not None:
        if told:
            print(told)
        return 0
    import gc  # noqa: PLC0415 - it is there anyway, from here on

    gc.set_threshold(100_000)  # a run is short, and nearly all that it makes lives to its end: looking costs a tenth
    if is_install and _may_be_repeated(words):
        from peep.cli.replay_command import replayed  # noqa: PLC0415 - as in `run`

        return 0 if replayed(words) else None
    if verb == "version":
        from peep.cli.verbs.version import run as show_versions  # noqa: PLC0415 - as in `run`

        return show_versions()
    return None


def _may_be_repeated(words: list[str]) -> bool:
    """Whether such words can have installed anything before: help, and a lone verb, need no look at recordings."""
    return (len(words) > 1 or "PIP_REQUIREMENT" in os.environ) and not {"-h", "--help"}.intersection(words)


def _module(verb: str, rest: list[str]) -> "VerbModule | None":
    from peep.cli.verb_table import module_for  # noqa: PLC0415 - as in `run`

    return None if _is_completing() else module_for(verb, rest)


def _run_pip(words: list[str]) -> int:
    from peep.errors import UsageError  # noqa: PLC0415 - as in `run`
    from peep.pipeline.delegation import run_pip  # noqa: PLC0415 - as in `run`

    verb = split_verb(words)[0] or ""
    if "://" in verb:  # pip would print it, with its password
        raise UsageError(f"{verb}: is a URL, not a verb", "as in: peep install 'NAME @ URL --hash=sha256:…'")
    return run_pip(words)


def _is_completing() -> bool:
    """Whether a shell asks for what pip would complete."""
    return "PIP_AUTO_COMPLETE" in os.environ


def split_verb(words: list[str]) -> tuple[str | None, list[str]]:
    """Find the verb among leading general options; give back it and all other words, in order."""
    position = 0
    while position < len(words):
        word = words[position]
        if not word.startswith("-"):
            return word, words[:position] + words[position + 1 :]
        position += 2 if word in GENERAL_OPTIONS_WITH_VALUE else 1
    return None, words


def implied_verb(words: list[str]) -> str:
    """What is meant when no verb is named; '' for options alone, which are pip's to answer or to refuse."""
    if any(word in {"-V", "--version"} for word in words):
        return "version"
    if any(word in {"-h", "--help"} for word in words):
        return "help"
    return "" if words else "status" if _is_in_a_project() else "help"


def _is_in_a_project() -> bool:
    """Whether the working folder, or one above it in the same repository, holds a list of pins or its source."""
    from peep.pipeline.project_folder import is_project, project_above  # noqa: PLC0415 - as in `run`

    return is_project(".") or project_above() is not None
