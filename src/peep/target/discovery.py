"""Discovery of a target environment: its interpreter, paths, markers and tags.

The running interpreter is looked at directly; another one by a single `python -I -S` process, which runs neither its
`.pth` files nor its `sitecustomize`. Either answer can be remembered: a run that has nothing to do then starts nothing.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from peep.dataclass import dataclass
from peep.errors import EnvironmentChangeError, UsageError
from peep.formats.documents import parse_json
from peep.model import Memory, TargetEnvironment
from peep.system import bounded
from peep.system.file_signature import signature
from peep.system.files import ToldAs
from peep.target.shims import interpreter_behind, is_script
from peep.target.steering import refuse_steered

if TYPE_CHECKING:
    from peep.system.processes import RunProgram

_FORMAT = "6"
"""Goes up when the meaning of remembered facts changes, so that older ones are forgotten."""
_PROBE_SECONDS = 60.0
_SHOWN = 200
"""Letters of what a program says that is no Python."""
_INSIDE = ("bin/python", "bin/python3", "Scripts/python.exe", "python.exe")
"""Where an environment has its interpreter."""
_NEWER = "name a newer interpreter, or an environment of one, by --python"
_TOO_OLD = "peep installs into Python 3.8 and newer"
_VERSION_PARTS = 3
_OLDEST = (3, 8)


@dataclass(frozen=True, slots=True)
class TargetRequest:
    """What the user said about the target; empty: nothing."""

    python: str | None = None
    """An interpreter, or the folder of an environment; None: the running interpreter."""
    target: str | None = None
    prefix: str | None = None
    root: str | None = None
    user: bool = False
    platforms: tuple[str, ...] = ()
    abis: tuple[str, ...] = ()
    implementation: str | None = None
    python_version: str | None = None

    @property
    def is_foreign(self) -> bool:
        """Files are chosen for another interpreter or platform than the one that is there."""
        return bool(self.platforms or self.abis or self.implementation or self.python_version)


class NoMemory:
    """Remembers nothing."""

    def get_value(self, kind: str, key: str) -> bytes | None:
        del kind, key
        return None

    def put_value(self, kind: str, key: str, value: bytes) -> None: ...


def discover_target(
    request: TargetRequest, memory: Memory | None = None, run_program: RunProgram | None = None
) -> TargetEnvironment:
    """Find the environment that `request` means.

    Raises `UsageError` for options that exclude each other and for a `--python` that is not there;
    `EnvironmentChangeError` for an interpreter that does not start or is older than Python 3.8.
    """
    _refuse_contradictions(request)
    python = interpreter_behind(named_interpreter(request.python), run_program)
    refuse_steered(python)
    facts = _remembered_facts(python, memory or NoMemory(), run_program)
    if tuple(facts["version"][:2]) < _OLDEST:
        version = ".".join(map(str, facts["version"]))
        raise EnvironmentChangeError(f"{python} is Python {version}; {_TOO_OLD}", _NEWER)
    return _target(request, facts)


def is_certain(python: str | None) -> bool:
    """Whether `--python` will mean the same interpreter next time: no name to find on PATH, no script that chooses."""
    return python is None or (os.path.exists(python) and not is_script(named_interpreter(python)))


def _refuse_contradictions(request: TargetRequest) -> None:
    places = [f"--{word}" for word in ("target", "prefix", "user") if getattr(request, word)]
    if len(places) > 1:
        raise UsageError(f"{places[0]} and {places[1]} exclude each other: both say where to install")
    if request.target and request.root:
        raise UsageError("--target and --root exclude each other: both say where to install")
    if request.is_foreign and not request.target:
        raise UsageError(
            "--platform, --abi, --implementation and --python-version need --target",
            "files for another interpreter would not work in this environment; with --dry-run none is needed",
        )


def named_interpreter(python: str | None) -> str:
    """Absolute path of what `--python` names: a file, one in the folder of an environment, a name on PATH.

    None is the running interpreter. Links are kept: in a virtual environment the link is what makes it one. Raises
    `UsageError` when there is none.
    """
    if python is None:
        return os.path.abspath(sys.executable)
    if os.path.isdir(python):
        for inside in _INSIDE:
            candidate = os.path.join(_absolute(python), *inside.split("/"))
            if os.path.isfile(candidate):
                return candidate
        _refuse_dangling(python, *(os.path.join(python, *inside.split("/")) for inside in _INSIDE))
        raise UsageError(f"--python {python}: there is no interpreter in this folder")
    if os.path.isfile(python):
        return os.path.join(_absolute(os.path.dirname(python)), os.path.basename(python))
    _refuse_dangling(python, python)
    import shutil  # noqa: PLC0415 -- 5 ms, for names on PATH only

    # Not everything on PATH is one: where the folder `env` is missing, the program `env` was not meant.
    found = shutil.which(python) if "py" in python.lower() else None
    if found is None:
        raise UsageError(f"--python {python}: no such file, folder or program")
    return os.path.abspath(found)


def _absolute(folder: str) -> str:
    """An absolute path of a folder; links are kept, but for one that is left by `..` again."""
    return os.path.realpath(folder) if ".." in folder.replace("/", os.sep).split(os.sep) else os.path.abspath(folder)


def _refuse_dangling(python: str, *candidates: str) -> None:
    """Raise `UsageError` for an environment whose Python has been removed: its interpreter is a link to nothing."""
    for candidate in candidates:
        if os.path.islink(candidate):
            raise UsageError(
                f"--python {python}: {candidate} is a link to {os.path.realpath(candidate)}, which does not exist",
                "the Python that the environment was made with is gone; make the environment anew",
            )


def _remembered_facts(python: str, memory: Memory, run_program: RunProgram | None) -> dict[str, Any]:
    key = _key(python)
    if remembered := memory.get_value("interpreter", key):
        try:
            known: dict[str, Any] = parse_json(remembered)
        except ValueError:
            pass  # a damaged memory is no memory
        else:
            return known
    facts = _facts(python, run_program)
    from peep.target.tags import compatible_tags  # noqa: PLC0415 -- 20 ms that a remembered answer saves

    facts["tags"] = compatible_tags(facts)
    facts["relocatable"] = _is_relocatable(python)
    memory.put_value("interpreter", key, json.dumps(facts).encode())
    return facts


def _key(python: str) -> str:
    """The text of everything that the facts depend on."""
    real = os.path.realpath(python)
    folder = os.path.dirname(python)
    configurations = [_text(os.path.join(place, "pyvenv.cfg")) for place in (folder, os.path.dirname(folder))]
    system = tuple(os.uname()) if hasattr(os, "uname") else tuple(sys.getwindowsversion())  # type: ignore[attr-defined,unused-ignore]
    variables = [os.environ.get(name, "") for name in ("PYTHONUSERBASE", "HOME", "APPDATA")]
    variables.append(sys.getfilesystemencoding())
    is_running = python == os.path.abspath(sys.executable) and sys.prefix
    return json.dumps(
        [_FORMAT, python, real, signature(real).decode(), is_running, configurations, system, _libc(), variables]
    )


def _is_relocatable(python: str) -> bool:
    """Whether `pyvenv.cfg` has uv's key `relocatable`, set to true."""
    text = _text(os.path.join(os.path.dirname(os.path.dirname(python)), "pyvenv.cfg"))
    pairs = (line.partition("=") for line in text.splitlines())
    return any((key.strip().lower(), value.strip().lower()) == ("relocatable", "true") for key, _, value in pairs)


def _libc() -> str:
    if not hasattr(os, "confstr"):
        return ""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (OSError, ValueError):
        return ""


def _text(path: str) -> str:
    try:
        return bounded.read_file(path, bounded.SETTINGS).decode("utf-8", "replace")
    except OSError:
        return ""


def _facts(python: str, run_program: RunProgram | None) -> dict[str, Any]:
    if python == os.path.abspath(sys.executable):
        from peep.target import probe  # noqa: PLC0415 - remembered, or asked of another interpreter

        own: dict[str, Any] = probe.facts()
        return own
    from peep.system.processes import run  # noqa: PLC0415 -- a remembered answer needs no subprocess module

    # Or macOS tells a Python that was built for an old SDK that it is version 10.16, too old for most wheels.
    variables = {**os.environ, "SYSTEM_VERSION_COMPAT": "0"}
    with ToldAs(EnvironmentChangeError, f"{python} does not start"):
        ended = (run_program or run)(
            [python, "-I", "-S", "-X", "utf8", "-c", _probe_source()], env=variables, timeout=_PROBE_SECONDS
        )
    try:
        answer = parse_json(ended.output)
        answer["version"], answer["paths"]
    except (ValueError, KeyError, TypeError) as error:
        _refuse_old(python, run_program or run)
        told = ended.errors.decode("utf-8", "replace").strip().splitlines()
        reason = "".join(letter for letter in (told or ["it says nothing"])[-1] if letter.isprintable())[:_SHOWN]
        raise EnvironmentChangeError(f"{python} does not answer like a Python interpreter: {reason}") from error
    facts: dict[str, Any] = _as_spelled_here(answer)
    facts["executable"] = python
    return facts


def _refuse_old(python: str, run_program: RunProgram) -> None:
    """Raise `EnvironmentChangeError` for an interpreter that is too old to understand the probe, such as Python 2."""
    question = "import sys; sys.stdout.write('%d.%d.%d' % tuple(sys.version_info[:3]))"
    try:
        ended = run_program([python, "-E", "-S", "-c", question], env=os.environ, timeout=_PROBE_SECONDS)
    except OSError:
        return
    numbers = ended.output.decode("ascii", "replace").split(".")
    if len(numbers) == _VERSION_PARTS and all(map(str.isdecimal, numbers)) and tuple(map(int, numbers[:2])) < _OLDEST:
        raise EnvironmentChangeError(f"{python} is Python {'.'.join(numbers)}; {_TOO_OLD}", _NEWER)


def _as_spelled_here(answer: Any) -> Any:
    """Paths that an interpreter in UTF-8 mode tells, as this one spells them, whose file names may be in another."""
    if sys.getfilesystemencoding().lower() == "utf-8":
        return answer
    if isinstance(answer, str):
        return os.fsdecode(answer.encode("utf-8", "surrogateescape"))
    if isinstance(answer, list):
        return [_as_spelled_here(one) for one in answer]
    return {key: _as_spelled_here(value) for key, value in answer.items()} if isinstance(answer, dict) else answer


def _probe_source() -> str:
    """The text of `probe.py`, also out of a ZIP archive."""
    from peep.target import probe  # noqa: PLC0415 - as above

    loader: Any = probe.__spec__.loader if probe.__spec__ else None
    source: str = loader.get_source(probe.__name__)
    return source


def _target(request: TargetRequest, facts: dict[str, Any]) -> TargetEnvironment:
    tags, markers, version = tuple(facts["tags"]), facts["markers"], tuple(facts["version"][:3])
    if request.is_foreign:
        from peep.target import cross_target  # noqa: PLC0415 -- brings in packaging, for few runs

        overrides = cross_target.tag_overrides(
            request.platforms, request.abis, request.implementation, request.python_version
        )
        tags = cross_target.compatible_tags(facts, overrides)
        markers = cross_target.markers_for(markers, overrides)
        version = cross_target.padded(overrides.python_version or version)
    return TargetEnvironment(
        python=facts["executable"],
        version=version,
        implementation=facts["implementation"],
        prefix=facts["prefix"],
        base_prefix=facts["base_prefix"],
        paths=scheme_paths(request, facts),
        tags=tags,
        markers=markers,
        is_externally_managed=_manager(request, facts),
        root=os.path.abspath(request.root) if request.root else None,
        launcher_kind=_launcher_kind(facts["abi"]["platform"]),
        is_relocatable=facts["relocatable"] and not (request.target or request.prefix or request.root or request.user),
    )


def scheme_paths(request: TargetRequest, facts: Mapping[str, Any]) -> dict[str, str]:
    """Absolute folders of the five install schemes, `--root` not yet applied (sysconfig, install schemes)."""
    python = "python{}.{}".format(*facts["version"][:2])
    if request.target:
        folder = os.path.abspath(request.target)
        inside = {"scripts": "bin", "headers": os.path.join("include", "python")}
        return {
            **dict.fromkeys(("purelib", "platlib", "data"), folder),
            **{scheme: os.path.join(folder, name) for scheme, name in inside.items()},
        }
    if request.user:
        _refuse_hidden_user_site(facts)
        return _five(facts["user_paths"])
    if request.prefix:
        place = os.path.abspath(request.prefix)
        from peep.target import probe  # noqa: PLC0415 - as above

        return {scheme: path.replace(probe.PLACE, place) for scheme, path in _five(facts["prefix_paths"]).items()}
    paths = _five(facts["paths"])
    if facts["prefix"] != facts["base_prefix"]:
        # The interpreter's own include folder lies outside of a virtual environment; pip's place for it is this one.
        paths["headers"] = os.path.join(facts["prefix"], "include", "site", python)
    return paths


def _five(paths: Mapping[str, str]) -> dict[str, str]:
    chosen = {scheme: os.path.normpath(paths[scheme]) for scheme in ("purelib", "platlib", "scripts", "data")}
    chosen["headers"] = os.path.normpath(paths["include"])
    return chosen


def _refuse_hidden_user_site(facts: Mapping[str, Any]) -> None:
    if not facts["user_site"]:
        raise UsageError(
            "--user: this virtual environment does not see the user's site-packages",
            "install into the environment itself, without --user",
        )


def _launcher_kind(platform: str) -> str:
    return {"win32": "win-ia32"}.get(platform, platform) if platform.startswith("win") else "posix"


def _manager(request: TargetRequest, facts: Mapping[str, Any]) -> str | None:
    """PEP 668 binds outside of virtual environments; `--target`, `--prefix`, `--root` write elsewhere (as in pip)."""
    if facts["prefix"] != facts["base_prefix"] or request.target or request.prefix or request.root:
        return None
    from peep.target.externally_managed import external_manager  # noqa: PLC0415 - most targets are environments

    return external_manager(facts["stdlib"])


def require_changeable(
    target: TargetEnvironment, *, break_system_packages: bool = False, require_virtualenv: bool = False
) -> None:
    """Refuse an environment that this run must not change.

    Raises `EnvironmentChangeError`: externally managed (PEP 668) without `--break-system-packages`, or no virtual
    environment under `--require-virtualenv`.
    """
    if require_virtualenv and not target.is_virtual:
        raise EnvironmentChangeError(
            f"{target.prefix} is no virtual environment, and --require-virtualenv was given",
            f"{target.python} -m venv FOLDER makes one",
        )
    if target.is_externally_managed is not None and not break_system_packages:
        raise EnvironmentChangeError(
            f"{target.prefix} is externally managed (PEP 668): {target.is_externally_managed}",
            "install into a virtual environment, or take the risk with --break-system-packages",
        )
