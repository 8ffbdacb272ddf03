"""Runs a scenario in a folder of its own and says everything that came out otherwise than it is written."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support.fake_index import FakeIndex
from support.index_content import FileFacts
from support.misbehaviour import (
    CaptivePortal,
    Chain,
    ChangeBody,
    EndlessBody,
    Fail,
    LieAboutLength,
    Misbehaviour,
    Redirect,
    Reset,
    Stall,
    Truncate,
    WrongProject,
)
from support.scenario import Scenario, ScenarioError, Step, matches
from support.wheels import IN_TREE_BACKEND, sdist_bytes, sdist_filename, wheel_bytes, wheel_filename

TIME_LIMIT = 60


def peep_command() -> list[str]:
    """The command under test: `PEEP_COMMAND`, or this project's own package."""
    return shlex.split(os.environ.get("PEEP_COMMAND", "")) or [sys.executable, "-m", "peep"]


@dataclass(slots=True)
class Stage:
    """Where a scenario plays: folders, index, and what its placeholders stand for."""

    scenario: Scenario
    root: Path
    index: FakeIndex | None = None
    archives: dict[str, bytes] = field(default_factory=dict)
    projects: dict[str, str] = field(default_factory=dict)
    """File name -> project."""

    @property
    def here(self) -> Path:
        return self.root / "here"

    @property
    def environment(self) -> Path:
        return self.root / "env"

    @property
    def temporary(self) -> Path:
        return self.root / "temporary"


def run_scenario(scenario: Scenario, root: Path) -> list[str]:
    """Play all steps; gives back complaints, none when everything is as written. `root` is an empty folder."""
    stage = Stage(scenario, root)
    for folder in (stage.here, stage.temporary):
        folder.mkdir()
    if scenario.has_environment:
        venv.create(stage.environment, with_pip=False, symlinks=os.name != "nt")
    if not scenario.has_index:
        return _play(stage)
    projects, facts = index_content(stage)
    with FakeIndex(projects, facts=facts) as index:
        stage.index = index
        for text in scenario.misbehaviours:
            spoilt, how = text.split(maxsplit=1)
            index.misbehave(_spoilt_path(spoilt, stage), _misbehaviour(how))
        return _play(stage)


def _play(stage: Stage) -> list[str]:
    for path, content in stage.scenario.files.items():
        place = stage.here / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(_filled(content, stage).encode())
    complaints: list[str] = []
    for step in stage.scenario.steps:
        found = _run_step(step, stage)
        if found:
            complaints += [f"line {step.line}: $ {step.command}", *found]
            break
    return complaints


def _run_step(step: Step, stage: Stage) -> list[str]:
    before = _tree(stage.here)
    environment_before = _tree(stage.environment)
    asked = len(stage.index.requests) if stage.index else 0
    command, standard_input = _words(step, stage)
    result = subprocess.run(
        command,
        input=standard_input,
        capture_output=True,
        cwd=stage.here,
        env=_variables(stage),
        timeout=TIME_LIMIT,
        check=False,
    )
    stdout, stderr = (
        stream.decode("utf-8", "replace").replace("\r\n", "\n") for stream in (result.stdout, result.stderr)
    )
    complaints = []
    if result.returncode != step.status:
        complaints.append(f"exit status {result.returncode}, not {step.status}")
    for name, expected, text in (("standard output", step.stdout, stdout), ("standard error", step.stderr, stderr)):
        if not matches([_filled(line, stage) for line in expected], text):
            complaints.append(f"{name} is:\n{text.rstrip()}\n--- but should be:\n" + "\n".join(expected))
    complaints += _left_behind(step, stage, before)
    if result.returncode and _tree(stage.environment) != environment_before:
        complaints.append("the run failed and yet changed the environment")
    if step.requests is not None and stage.index and len(stage.index.requests) - asked != step.requests:
        complaints.append(f"{len(stage.index.requests) - asked} requests, not {step.requests}")
    if complaints and (stdout or stderr):
        complaints.append(f"--- standard output:\n{stdout}--- standard error:\n{stderr}")
    return complaints


def _left_behind(step: Step, stage: Stage, before: Mapping[str, str]) -> list[str]:
    after = _tree(stage.here)
    changed = {path for path in after if after[path] != before.get(path)}
    gone = set(before) - set(after)
    complaints = [f"left behind or changed: {path}" for path in sorted(changed) if not _is_within(path, step.leaves)]
    complaints += [f"removed: {path}" for path in sorted(gone - set(step.removes))]
    complaints += [f"not removed: {path}" for path in sorted(set(step.removes) - gone)]
    for path, expected in step.leaves.items():
        if path not in changed and not (stage.here / path).is_dir():
            complaints.append(f"neither made nor changed: {path}")
        elif expected and not matches(
            [_filled(line, stage) for line in expected], (stage.here / path).read_text("utf-8")
        ):
            complaints.append(f"{path} is:\n{(stage.here / path).read_text('utf-8')}")
    complaints += [f"left in the temporary folder: {path}" for path in _tree(stage.temporary)]
    complaints += [f"left in the store: {path}" for path in _tree(Path(os.environ["PEEP_STORE"], "temporary"))]
    return complaints


def _is_within(path: str, leaves: Mapping[str, list[str]]) -> bool:
    return any(path == leaf or path.startswith(f"{leaf}/") for leaf in leaves)


def _tree(root: Path) -> dict[str, str]:
    """Every path below `root` with its mode and what is in it."""
    found: dict[str, str] = {}
    for folder, names, files in os.walk(root):
        for name in (*names, *files):
            place = Path(folder, name)
            if place.is_symlink():
                content = str(place.readlink())
            elif place.is_dir():
                content = "folder"
            else:
                content = hashlib.sha256(place.read_bytes()).hexdigest()
            found[place.relative_to(root).as_posix()] = f"{place.lstat().st_mode:o} {content}"
    return found


def _words(step: Step, stage: Stage) -> tuple[list[str], bytes]:
    words = shlex.split(_filled(step.command, stage))
    standard_input = b""
    if "<" in words:
        standard_input = (stage.here / words[words.index("<") + 1]).read_bytes()
        words = words[: words.index("<")]
    if words[0] == "peep":
        words[:1] = peep_command()
    elif words[0] == "python":
        words[0] = sys.executable
    return words, standard_input


def _variables(stage: Stage) -> dict[str, str]:
    chosen = {name: _filled(value, stage) for name, value in stage.scenario.variables.items()}
    fixed = {"TMPDIR": str(stage.temporary), "TEMP": str(stage.temporary), "TMP": str(stage.temporary)}
    neutral = {"PYTHONDONTWRITEBYTECODE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "NO_COLOR": "1"}
    index = {"PIP_INDEX_URL": stage.index.simple_url} if stage.index else {}
    return {**os.environ, **fixed, **neutral, **index, **chosen}


def _filled(text: str, stage: Stage) -> str:
    """Replace the placeholders; braces with anything else in them stay."""
    return re.sub(
        r"\{(index|env|here|python|peep|(?:url|sha256|sha384|sha512|comment):[^{}\s]+)\}",
        lambda m: _value(m[1], stage),
        text,
    )


def _value(name: str, stage: Stage) -> str:
    places = {
        "env": stage.environment,
        "here": stage.here,
        "python": sys.executable,
        "peep": shlex.join(peep_command()),
    }
    if name in places:
        return str(places[name])
    if stage.index and name == "index":
        return stage.index.simple_url
    kind, _, filename = name.partition(":")
    if stage.index and kind == "url":
        return stage.index.file_url(stage.projects[filename], filename)
    content = stage.archives[filename] if filename in stage.archives else (stage.here / filename).read_bytes()
    if kind == "comment":
        return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return hashlib.new(kind, content).hexdigest()


def index_content(stage: Stage) -> tuple[dict[str, dict[str, bytes]], dict[str, FileFacts]]:
    """Make the archives that the `index` block lists."""
    projects: dict[str, dict[str, bytes]] = {}
    facts: dict[str, FileFacts] = {}
    for line in stage.scenario.index:
        name, version, *settings = shlex.split(line)
        options: dict[str, list[str]] = {}
        for setting in settings:
            key, _, value = setting.partition("=")
            options.setdefault(key, []).append(value)
        filename, content = _archive(name, version, options)
        projects.setdefault(name, {})[filename] = content
        stage.archives[filename] = content
        stage.projects[filename] = name
        if "yanked" in options or "python" in options:
            facts[filename] = FileFacts(
                yanked=options["yanked"][0] if "yanked" in options else False,
                requires_python=options["python"][0] if "python" in options else None,
            )
    return projects, facts


def _archive(name: str, version: str, options: Mapping[str, list[str]]) -> tuple[str, bytes]:
    requires = options.get("requires", [])
    text = options.get("text", [""])[0]
    if options.get("kind") == ["sdist"]:
        return sdist_filename(name, version), _sdist(name, version, options)
    tag = options.get("tag", ["py3-none-any"])[0]
    stem = name.replace("-", "_")
    scripts = {"console_scripts": dict.fromkeys(options.get("script", []), f"{stem}:main")}
    source = f'VERSION = "{version}"\nTEXT = {text!r}\n\n\ndef main():\n    print("{name}", VERSION, TEXT)\n'
    files = {f"{stem}/__init__.py": source}
    for more in options.get("file", []):
        path, _, content = more.partition(":")
        files[path] = content
    entry_points = scripts if scripts["console_scripts"] else None
    metadata = [f"Requires-Python: {specifiers}" for specifiers in options.get("own-python", [])]
    metadata += [f"Provides-Extra: {extra}" for extra in options.get("extra", [])]
    return wheel_filename(name, version, tag), wheel_bytes(
        name, version, files=files, requires=requires, tag=tag, entry_points=entry_points, metadata=metadata
    )


_DYNAMIC = "Metadata-Version: 2.2\nName: {name}\nVersion: {version}\nDynamic: Requires-Dist\n"
_ASKING = "\n\ndef get_requires_for_build_wheel(config_settings=None):\n    return {asks!r}\n"


def _sdist(name: str, version: str, options: Mapping[str, list[str]]) -> bytes:
    """`built-with=`: what its build requires as stated; `asks=`: what its hook adds; `dynamic=yes`: metadata."""
    requires = options.get("requires", [])
    backend = IN_TREE_BACKEND.format(name=name, version=version, folder=name.replace("-", "_"))
    files = {"in_tree_backend.py": backend + _ASKING.format(asks=options.get("asks", []))}
    if "dynamic" in options:
        files["PKG-INFO"] = _DYNAMIC.format(name=name, version=version)
    pyproject = (
        f"[build-system]\nrequires = {json.dumps(options.get('built-with', []))}\n"
        'build-backend = "in_tree_backend"\nbackend-path = ["."]\n'
    )
    return sdist_bytes(name, version, requires=requires, pyproject=pyproject, files=files)


def _spoilt_path(spoilt: str, stage: Stage) -> str:
    """The path of a file, or after `page:` that of a project's page."""
    kind, _, name = spoilt.rpartition(":")
    return FakeIndex.project_path(name) if kind == "page" else FakeIndex.file_path(stage.projects[spoilt], spoilt)


def _misbehaviour(text: str) -> Misbehaviour:
    """`KIND [N [TIMES]]`: `N` is what the kind counts in, `TIMES` the requests after which the server is honest."""
    kind, *words = text.split()
    first = words[0] if words else ""
    number = int(first) if first.isdigit() else None
    times = int(words[1]) if len(words) > 1 else None
    kinds: dict[str, Callable[[], Misbehaviour]] = {
        "truncate": lambda: Truncate(after=10 if number is None else number, times=times),
        "stall": lambda: Stall(after=10 if number is None else number, times=times),
        "reset": lambda: Reset(times=number),
        "fail": lambda: Fail(number or 500, times=times),
        "length": lambda: LieAboutLength(first or None),
        "change": lambda: ChangeBody((b"other bytes",)),
        "swap": lambda: Chain((ChangeBody((b"a" * 1000, b"b" * 1000)), Truncate(after=100, times=1))),
        "endless": EndlessBody,
        "portal": CaptivePortal,
        "project": lambda: WrongProject(first),
        "redirect": lambda: Redirect(first),
    }
    if kind not in kinds:
        raise ScenarioError(f"no such misbehaviour: {kind}")
    return kinds[kind]()
