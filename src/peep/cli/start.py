"""Where the command line begins: find the verb, hand over to its module, turn what comes back into an exit status.

Nothing is imported here that the verb may not need: a run that has nothing to do ends within milliseconds.
"""

from __future__ import annotations

import os
import sys

from peep.workflows.settled import recall

VERBS = {
    "add": "peep.cli.verbs.add",
    "check-wheel": "peep.cli.verbs.check_wheel",
    "completion": "peep.cli.verbs.completion",
    "convert": "peep.cli.verbs.convert",
    "digest": "peep.cli.verbs.digest",
    "embed": "peep.cli.verbs.embed",
    "hash": "peep.cli.verbs.hash",
    "help": "peep.cli.verbs.help",
    "install": "peep.cli.verbs.install",
    "inventory": "peep.cli.verbs.inventory",
    "lock": "peep.cli.verbs.lock",
    "port": "peep.cli.verbs.port",
    "store": "peep.cli.verbs.store",
    "sync": "peep.cli.verbs.sync",
    "verify": "peep.cli.verbs.verify",
}
"""peep's verbs and the modules that describe (`VERB`) and run (`run`) them. All others are pip's."""

SHARED_VERBS = {
    "check": "peep.cli.verbs.check",
    "download": "peep.cli.verbs.download",
    "freeze": "peep.cli.verbs.freeze",
    "wheel": "peep.cli.verbs.wheel",
}
"""Verbs that are peep's when they read requirements files or are asked for hashes, which pip would not see."""

GENERAL_OPTIONS_WITH_VALUE = frozenset(
    {
        "--cache-dir", "--cert", "--client-cert", "--default-timeout", "--exists-action", "--keyring-provider",
        "--local-log", "--log", "--log-file", "--proxy", "--python", "--resume-retries", "--retries", "--timeout",
        "--trusted-host", "--use-deprecated", "--use-feature",
    }
)  # fmt: skip
"""pip's options that may stand before the verb, each with its value as the next word."""

SHORT_OPTIONS_WITH_VALUE = "Cbcdefitw"
"""pip's short options, other than -r, that swallow the rest of their word."""


def main() -> int:
    """Run peep with the process's arguments; give back its exit status (README, "Exit statuses")."""
    status = run(sys.argv[1:])
    import gc  # noqa: PLC0415 - it is there anyway, unless there was nothing to do

    gc.freeze()  # all goes with the process; else Python would search it for cycles three times first, for 25 ms
    return status


def run(words: list[str]) -> int:
    """Run one command line, given without the program's name."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        _replace_closed_streams()
    try:
        status = _dispatch(words)
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - the one place where every failure becomes a text and a status
        from peep.cli.failures import explained  # noqa: PLC0415 - only a failing run pays for it

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


def _dispatch(words: list[str]) -> int:
    verb, rest = split_verb(words)
    if verb is None:
        verb, rest = implied_verb(words), []
    is_completing = "PIP_AUTO_COMPLETE" in os.environ  # a shell asks for what pip would complete
    if verb == "install" and not is_completing and (told := recall(words, os.environ)) is not None:
        if told:
            print(told)
        return 0
    return _run_module(None if is_completing else module_for(verb, rest), verb, rest, words)


def _run_module(name: str | None, verb: str, rest: list[str], words: list[str]) -> int:
    """Import the module that runs the verb and have it do so; without a name the words go to pip as they are."""
    import gc  # noqa: PLC0415 - as the next line
    from importlib import import_module  # noqa: PLC0415 - with what it brings along, only from here on

    gc.set_threshold(100_000)  # a run is short, and nearly all that it makes lives to its end: looking costs a tenth
    status: int
    if name is None:
        status = import_module("peep.workflows.delegate").run_pip(words)
        return status
    import_module("peep.cli.signals").unwind_on_sigterm()
    if verb == "install" and import_module("peep.cli.replaying").replayed(words):
        return 0
    module = import_module(name)
    status = module.run() if verb == "version" else import_module("peep.cli.verb").run_verb(module, rest)
    return status


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
    return "help" if not words or any(word in {"-h", "--help"} for word in words) else ""


def module_for(verb: str, rest: list[str]) -> str | None:
    """Name the module that runs the verb, or None when it is pip's."""
    if verb == "version":
        return "peep.cli.verbs.version"
    if verb == "completion" and ("--powershell" in rest or "-p" in rest):
        return None
    if verb in SHARED_VERBS and rest in (["--help"], ["-h"]):
        return SHARED_VERBS[verb]  # peep's help says when pip takes over
    if verb == "freeze":
        return SHARED_VERBS[verb] if any(word.startswith("--hashe") for word in rest) else None
    if verb == "check":
        return SHARED_VERBS[verb] if reads_requirements(rest) or names_lock_file(rest) else None
    if verb in SHARED_VERBS:
        is_ours = reads_requirements(rest) or any(word.startswith("--trust-local") for word in rest)
        return SHARED_VERBS[verb] if is_ours else None
    return VERBS.get(verb)


def names_lock_file(words: list[str]) -> bool:
    """Whether a plain argument is a `pylock.toml` or `pylock.NAME.toml`."""
    names = [word.replace("\\", "/").rpartition("/")[2] for word in words if not word.startswith("-")]
    return any(name.startswith("pylock.") and name.endswith(".toml") for name in names)


def reads_requirements(words: list[str]) -> bool:
    """Whether `-r` is among the words of pip's `download` or `wheel`, in any spelling that pip would understand.

    Safe side: when in doubt it is, because a file whose hashes are comments must never reach pip unverified.
    """
    for word in words:
        if word.startswith("--requ"):
            if not word.startswith("--require-"):
                return True
            continue
        if word.startswith("-") and not word.startswith("--"):
            for letter in word[1:]:
                if letter == "r":
                    return True
                if letter in SHORT_OPTIONS_WITH_VALUE:
                    break
    return "PIP_REQUIREMENT" in os.environ
