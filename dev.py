"""Set-up in one command, for a machine with nothing but Python 3.10+ and a network.

    python3 dev.py example     walk the circle with examples/webapp: lock, examine and certify, install, verify, audit,
                               carry without a network; --offline: the lock is checked by what earlier runs kept
    python3 dev.py embed       make peep.pyz, one file that needs nothing but a Python; embed FILE: under that name
    python3 dev.py test        run the tests: all of them on this Python, the unit half or the core on other CPythons;
                               further arguments go to pytest
    python3 dev.py test --quick   run the unit half, on this Python alone, in about a minute
    python3 dev.py lint        formatting, lint rules, types and layers

The only step that trusts pip is the first: pip, in its hash-checking mode, installs the libraries that peep needs.
From then on peep installs everything itself, its own libraries and the tools of its developers included.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENTS = ROOT / ".venv"
RUNTIME_PINS = ROOT / "src" / "peep" / "runtime-requirements.txt"
PINS = ROOT / "requirements"
OLDEST = (3, 10)
DAY_OF_ADVISORIES = "2026-11-26T12:00:00Z"
"""On which the records in examples/webapp/advisories were fresh."""
CORE = [f"tests/{part}" for part in ("archives", "build", "environment", "formats", "index", "requirements", "target")]
SYSTEMS = ("linux", "darwin", "win32")
"""As `sys.platform` calls them."""


def main(arguments: list[str]) -> int:
    """Do what the first argument names; give back the exit status."""
    verbs = {"example": example, "embed": embed, "test": test, "lint": lint}
    if sys.version_info < OLDEST:
        print("dev.py: Python 3.10 or newer is needed", file=sys.stderr)
        return 2
    if not arguments or arguments[0] not in verbs:
        print(__doc__, file=sys.stderr)
        return 2
    return verbs[arguments[0]](arguments[1:])


def example(arguments: list[str]) -> int:
    """The whole circle on real input: a web application's lock, and a package of its own in two releases.

    In a copy of examples/webapp, so that no record in the repository claims a reading that nobody did.
    """
    folder = ENVIRONMENTS / "webapp"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "examples" / "webapp", folder)
    old, new = (Path("releases", f"greeting-{version}-py3-none-any.whl") for version in ("1.0", "1.1"))
    lists = ["-r", "requirements.txt", "-r", "ours.txt"]
    until = f"{datetime.now(timezone.utc) + timedelta(days=90):%Y-%m-%d}"
    by = ["--by", "The example"]  # else the user of git, which a fresh machine does not know
    environment, carried = [fresh_environment(folder / name, sys.executable).name for name in (".venv", "carried-venv")]

    step(folder, "Is the list complete, and as peep lock makes it?", "lock", "--check", *arguments)
    list_release(folder, old)
    step(folder, "What is in use before there are records is excused, until a day.", "vetting", "excuse", *lists,
         "--until", until, "--why", "in use before records began", *by)  # fmt: skip
    step(folder, "A new release: what would run that did not before?", "diff", str(old), str(new))
    list_release(folder, new)
    step(folder, "You read it, so you say so.", "certify", "-r", "ours.txt", "greeting", "1.1", "--full",
         "--notes", "read whole: one function", *by)  # fmt: skip
    step(folder, "Has somebody examined all that is listed?", "examine", "--suggest", "0", *lists)
    step(folder, "Then install it.", "install", "--require-examined", "--python", environment, *lists)
    step(folder, "Prove every file of it; one digest names the whole.", "verify", "--python", environment, *lists)
    step(folder, "", "digest", "--python", environment)
    audit(folder, lists, old)
    step(folder, "Carry it to where no network is, and install there.", "bundle", "create", "-q", *lists, "carried")
    digest = f"sha256:{hashlib.sha256((folder / 'carried' / 'bundle.json').read_bytes()).hexdigest()}"
    step(folder, "", "install", "--bundle", "carried", "--bundle-digest", digest, "--require-examined",
         "--python", carried, *lists)  # fmt: skip
    step(folder, "The same digest as above:", "digest", "--python", carried)
    ask = "from app import application; print(application.test_client().get('/').text, end='')"
    print("\n# The application answers:", flush=True)
    return subprocess.run([interpreter(folder / carried), "-c", ask], cwd=folder, check=False).returncode


def list_release(folder: Path, wheel: Path, name_of_list: str = "ours.txt") -> None:
    """Write a list of one release of the application's own package."""
    name, version, *_ = wheel.name.split("-")
    digest = hashlib.sha256((folder / wheel).read_bytes()).hexdigest()
    lines = f"--find-links {wheel.parent}\n{name}=={version} --hash=sha256:{digest}\n"
    (folder / name_of_list).write_text(lines, encoding="utf-8")


def audit(folder: Path, lists: list[str], old: Path) -> None:
    """Judge by today's advisories; where they cannot be had, by those that the example carries, as of their day."""
    print("\n# Is anything of it known to be bad?\n$ peep advisories fetch", flush=True)
    if run([bootstrap(), "-m", "peep", "advisories", "fetch"], with_source_on_path(), folder):
        carried = ["--advisories", "advisories", "--at", DAY_OF_ADVISORIES, "--offline"]
        step(folder, "No advisories of today: then by two that were made up for the example, as of their day.",
             "audit", *lists, *carried)  # fmt: skip
        list_release(folder, old, "before.txt")
        words = ["audit", "-r", "before.txt", *carried]
        print(
            f"\n# Of the release before it, something is known, and what cures it:\n$ peep {shlex.join(words)}",
            flush=True,
        )
        if run([bootstrap(), "-m", "peep", *words], with_source_on_path(), folder) != 1:
            raise SystemExit("dev.py: the audit has not found what the example's advisories list")
        return
    print(f"$ peep audit {' '.join(lists)}", flush=True)
    status = run([bootstrap(), "-m", "peep", "audit", *lists], with_source_on_path(), folder)
    if status not in {0, 1}:  # 1: advisories of today, which the example cannot know
        raise SystemExit(status)


def step(folder: Path, why: str, *arguments: str) -> None:
    """Run peep as a person would, and show the command."""
    print((f"\n# {why}\n" if why else "") + f"$ peep {shlex.join(arguments)}", flush=True)
    peep(*arguments, cwd=folder)


def embed(arguments: list[str]) -> int:
    """Write the one-file edition of this checkout where it was called from."""
    peep("embed", "-o", arguments[0] if arguments else "peep.pyz", cwd=Path.cwd())
    return 0


def test(arguments: list[str]) -> int:
    """Run everything on this Python, the unit half on the oldest other one, the core on those between and after.

    The unit half is what starts no programs; tests of the source itself run once. `--quick`: the unit half, only here.
    """
    unit = ["-q", "-m", "not process and not slow and not network", "--hypothesis-profile=brief"]
    if "--quick" in arguments:
        rest = [word for word in arguments if word != "--quick"]
        return pytest(environment_with_pins(sys.executable, "test"), [*unit, *rest])
    others = other_pythons()
    for python in others:
        environment = environment_with_pins(python, "test")
        print(f"== {python}", flush=True)
        paths = [] if python == others[0] or arguments else CORE
        status = pytest(environment, [*unit, "--ignore=tests/architecture", *arguments, *paths])
        if status:
            return status
    return pytest(environment_with_pins(sys.executable, "test", "services"), arguments)


def lint(_: list[str]) -> int:
    """ruff, mypy strict for each system that peep runs on, and the import directions of docs/architecture.md."""
    environment = environment_with_pins(sys.executable, "test", "lint")
    scripts = Path(interpreter(environment)).parent
    # A cache for each system: in a common one, each would throw away what the one before it has learned.
    types = [["mypy", "--platform", name, "--cache-dir", f".mypy_cache/{name}"] for name in SYSTEMS]
    commands = (["ruff", "check"], ["ruff", "format", "--check"], *types, ["lint-imports"])
    return max(run([str(scripts / name), *rest], with_source_on_path()) for name, *rest in commands)


def pytest(environment: Path, arguments: list[str]) -> int:
    workers = ["-n", str(min((os.cpu_count() or 1) + 1, 4)), "--dist", "worksteal"]  # many tests wait for programs
    return run([interpreter(environment), "-m", "pytest", *workers, *arguments], with_source_on_path())


def environment_with_pins(python: str, *groups: str) -> Path:
    """Have peep install its own libraries and the pinned tools of `groups` into an environment of `python`."""
    environment = ENVIRONMENTS / "-".join([*groups, version_of(python)])
    if not interpreter(environment, must_exist=False):
        fresh_environment(environment, python)
    files = [RUNTIME_PINS, *(PINS / f"{group}.txt" for group in groups)]
    peep("install", "-q", "--python", str(environment), *(part for file in files for part in ("-r", str(file))))
    site = next(path for pattern in ("lib/python*", "Lib") for path in environment.glob(f"{pattern}/site-packages"))
    (site / "peep-source.pth").write_text(f"{ROOT / 'src'}\n")
    return environment


def peep(*arguments: str, cwd: Path = ROOT) -> None:
    status = run([bootstrap(), "-m", "peep", *arguments], with_source_on_path(), cwd)
    if status:
        raise SystemExit(status)


def bootstrap() -> str:
    """An interpreter that has peep's libraries: pip puts them there, refusing whatever has not the pinned hashes."""
    environment = ENVIRONMENTS / "bootstrap"
    mark = environment / "pins.txt"
    if not mark.is_file() or mark.read_bytes() != RUNTIME_PINS.read_bytes():
        fresh_environment(environment, sys.executable, with_pip=True)
        pip = [interpreter(environment), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        strict = ["--require-hashes", "--no-deps", "--only-binary=:all:"]
        if run([*pip, *strict, "-r", str(RUNTIME_PINS)], dict(os.environ)):
            raise SystemExit("dev.py: pip could not install peep's libraries; see above")
        shutil.copyfile(RUNTIME_PINS, mark)
    return interpreter(environment)


def fresh_environment(folder: Path, python: str, *, with_pip: bool = False) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    command = [python, "-m", "venv", *([] if with_pip else ["--without-pip"]), str(folder)]
    if subprocess.run(command, check=False).returncode:
        raise SystemExit(f"dev.py: {python} cannot make virtual environments; on Debian: apt-get install python3-venv")
    return folder


def interpreter(environment: Path, *, must_exist: bool = True) -> str:
    for candidate in (environment / "bin" / "python", environment / "Scripts" / "python.exe"):
        if candidate.exists():
            return str(candidate)
    return str(environment / "bin" / "python") if must_exist else ""


def other_pythons() -> list[str]:
    """Every other CPython >= 3.10 on PATH or under pyenv, one per minor version, oldest first."""
    found: dict[tuple[int, ...], str] = {}
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    names = [str(path) for path in sorted(pyenv.glob("3.*/bin/python"))]
    names += [path for minor in range(OLDEST[1], 20) if (path := shutil.which(f"python3.{minor}"))]
    for name in names:
        version = tuple(int(part) for part in version_of(name).split(".") if part.isdigit())
        if len(version) > 1 and version[:2] >= OLDEST and version[:2] != sys.version_info[:2]:
            found.setdefault(version[:2], name)
    return [found[version] for version in sorted(found)]


def version_of(python: str) -> str:
    """Such as `3.12.1`; empty when that program is no CPython that runs."""
    ask = "import platform as p; print(p.python_version() * (p.python_implementation() == 'CPython'), end='')"
    return subprocess.run([python, "-I", "-c", ask], capture_output=True, text=True, check=False).stdout


def with_source_on_path() -> dict[str, str]:
    """Variables of what runs here; compiled modules are kept: tests start thousands of interpreters."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(ROOT / "src")}


def run(command: list[str], environment: dict[str, str], cwd: Path = ROOT) -> int:
    return subprocess.run(command, cwd=cwd, env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
