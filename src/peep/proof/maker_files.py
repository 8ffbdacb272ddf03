"""Maker files of an environment and its root, as its maker (venv, virtualenv, uv) left them.

Specifications: PEP 405 (`pyvenv.cfg`), `venv` (scripts), PEP 420 (a folder without `__init__` is a namespace package).
"""

from __future__ import annotations

import filecmp
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from glob import escape as glob_escape
from glob import glob

from peep.dataclass import dataclass
from peep.environment.scheme_paths import SchemePaths, is_inside, shown_path
from peep.formats.program_names import protected_program, replaced_program
from peep.model import TargetEnvironment
from peep.proof.findings import Finding, FindingKind, finding
from peep.proof.interpreter import settings_of
from peep.proof.maker_table import known_fingerprints
from peep.proof.makers import Fingerprint, Values, is_written, values_for, venv_fingerprint
from peep.proof.spellings import former_root, named_roots
from peep.system.files import regular_only

CONFIGURATION = "pyvenv.cfg"
_WALKED = frozenset({"bin", "lib", "lib64", "include", "share", "etc", "man", "scripts"})
"""Folders at the root in which each file is told by itself; any other that nobody owns is told as a whole."""
_AT_ROOT = (".gitignore", "CACHEDIR.TAG", ".lock")
_LARGEST = 1 << 20
_BESIDE_LIBRARIES = ("lib", "share/tcltk", "lib/*", "share")
_LIBRARY = re.compile("(?:tcl|tk)[0-9]")
_ALWAYS = ("python", "python3")
"""venv, virtualenv and uv all make these."""
_BY_UV = ("activate", "activate.fish", "activate.nu", "activate.ps1", "activate_this.py")


@dataclass(frozen=True, slots=True)
class Premises:
    """A virtual environment as a whole."""

    root: str
    target: TargetEnvironment
    """With real paths."""
    settings: Mapping[str, str]
    """The keys of `pyvenv.cfg`."""
    bases: tuple[str, ...]
    """Real paths of the interpreters that `home` holds: outside of the environment."""
    templates: Mapping[str, Fingerprint]
    """What the base interpreter's `venv` writes, by name."""
    values: Values

    @property
    def scripts(self) -> str:
        return self.target.paths["scripts"]


def premises_of(scheme_paths: SchemePaths) -> Premises | None:
    """The environment, where its folder is its own; None for a system's interpreter, for `--target` and the like."""
    target = scheme_paths.target
    root = target.paths["data"]
    if not target.is_virtual or os.path.realpath(target.prefix) != root or not _holds_programs(target, root):
        return None
    settings = settings_of(os.path.join(root, CONFIGURATION)) or {}
    values = values_for(
        _spelled_folders(root, target),
        [*map(os.path.basename, _spelled_folders(root, target)), _unquoted(settings.get("prompt", ""))],
        os.path.relpath(target.paths["purelib"], target.paths["scripts"]).replace(os.sep, "/"),
        _libraries(target.base_prefix),
    )
    return Premises(root, target, settings, tuple(_bases(root, target, settings)), _templates(target), values)


def _holds_programs(target: TargetEnvironment, root: str) -> bool:
    """Whether the programs lie in the environment, or where its own folder of them is a link to."""
    scripts = target.paths["scripts"]
    return is_inside(scripts, root) or os.path.realpath(os.path.join(root, "bin")) == scripts


def _spelled_folders(root: str, target: TargetEnvironment) -> Iterator[str]:
    """The root as it may have been called when the environment was made: by way of a link, or elsewhere."""
    yield root
    yield target.prefix
    former = former_root(target)  # of which there is a finding
    yield from [former] if former is not None else named_roots(target.paths["scripts"])


def _unquoted(text: str) -> str:
    """`venv` writes the prompt as Python's `repr`, others as it is."""
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if is_quoted else text


def _libraries(base: str) -> list[str]:
    """Where Tcl and Tk can be; one look at each folder for both."""
    places = (os.path.join(glob_escape(top), inside) for top in (base, "/usr") for inside in _BESIDE_LIBRARIES)
    paths = (path for place in places for path in glob(os.path.join(place, "t[ck]*")))
    return [path for path in paths if _LIBRARY.match(os.path.basename(path))]


def _bases(root: str, target: TargetEnvironment, settings: Mapping[str, str]) -> Iterator[str]:
    version = "{}.{}".format(*target.version[:2])
    names = ["python", "python3", f"python{version}", f"python{version}t", "pypy", "pypy3", f"pypy{version}", "graalpy"]
    named = [os.path.join(settings.get("home", ""), name) for name in names]
    for path in [*named, settings.get("executable", ""), settings.get("base-executable", "")]:
        real = os.path.realpath(path)
        if path and os.path.isfile(real) and not is_inside(real, root):
            yield real


def _templates(target: TargetEnvironment) -> dict[str, Fingerprint]:
    version = "{}.{}".format(*target.version[:2])
    found = {}
    for name in (f"python{version}", f"python{version}t", f"pypy{version}"):
        folder = os.path.join(target.base_prefix, "lib", name, "venv", "scripts")
        for kind in ("common", "posix"):
            for path in glob(os.path.join(folder, kind, "*")):
                if (content := _read(path)) is not None:
                    found[os.path.basename(path)] = venv_fingerprint(content)
    return found


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb", opener=regular_only) as file:
            return file.read(_LARGEST)
    except OSError:
        return None


def own_files(premises: Premises, paths: Iterable[str]) -> set[str]:
    """Those of `paths`, which no project owns, that are what the maker of the environment writes."""
    return {path for path in paths if _is_own(premises, path)}


def _is_own(premises: Premises, path: str) -> bool:
    folder, name = os.path.split(path)
    if folder == premises.root:
        return _is_own_at_root(premises, path, name)
    if folder == premises.scripts:
        if os.name == "nt":
            return bool(replaced_program(name)) or name.lower().endswith((".dll", ".pdb"))
        return _is_interpreter(premises, path, name) or (name not in _AT_ROOT and _is_template(premises, path, name))
    if folder in (premises.target.paths["purelib"], premises.target.paths["platlib"]):
        return _is_own_module(premises, path, name)
    return _is_interpreters_library(premises, path, name)


def _is_own_at_root(premises: Premises, path: str, name: str) -> bool:
    if os.path.islink(path):
        return name == "lib64" and os.readlink(path) == "lib"
    return name == CONFIGURATION or (name in _AT_ROOT and _is_template(premises, path, name))


def _is_own_module(premises: Premises, path: str, name: str) -> bool:
    if os.path.islink(path):
        return False
    if name.endswith(".virtualenv"):  # marks what it seeded
        seeded = path.removesuffix(".virtualenv") + ".dist-info"
        return os.path.isdir(seeded) and os.path.getsize(path) == 0
    return name.startswith("_virtualenv.") and _is_template(premises, path, name)


def _is_template(premises: Premises, path: str, name: str) -> bool:
    if os.path.islink(path):
        return False
    candidates = [*known_fingerprints(name), *([premises.templates[name]] if name in premises.templates else [])]
    content = _read(path) if candidates else None
    return content is not None and is_written(content, candidates, premises.values)


def _is_interpreter(premises: Premises, path: str, name: str) -> bool:
    """A link to the base interpreter, or a copy of it, under a name that it has itself."""
    if not _is_link_name(name, premises.target):
        return False
    real = os.path.realpath(path)
    if not is_inside(real, premises.root):
        main = os.path.realpath(premises.target.python)  # all lead to the same, unless that one is a copy
        return real in premises.bases and (real == main or is_inside(main, premises.root))
    try:
        copies = [base for base in premises.bases if filecmp.cmp(real, base, shallow=False)]
    except OSError:
        return False
    return bool(copies) and os.path.dirname(real) == premises.scripts


def _is_interpreters_library(premises: Premises, path: str, name: str) -> bool:
    """A copy of the shared library that the interpreter is linked with (`virtualenv --copies`), as its base has it."""
    is_library = re.fullmatch(r"lib(?:python|pypy|graalpy)[^/]*\.(?:so|dylib)[.0-9]*", name) is not None
    if not is_library or os.path.islink(path):
        return False
    base = glob_escape(premises.target.base_prefix)
    above = shown_path(os.path.dirname(path), premises.root)
    places = (
        place for folder in (above, "lib*", "lib*/*") for place in glob(os.path.join(base, folder, glob_escape(name)))
    )
    return any(_is_same_file(path, place) for place in places)


def _is_same_file(path: str, place: str) -> bool:
    try:
        return filecmp.cmp(path, place, shallow=False)
    except OSError:
        return False


def _is_link_name(name: str, target: TargetEnvironment) -> bool:
    """Whether makers of environments give a link to this interpreter that name; 3.14 has one with a Greek letter."""
    major, minor, _ = target.version
    kinds = "python" if target.implementation == "cpython" else "(?:python|pypy|graalpy)"
    version = rf"(?:{major}(?:\.{minor}[td]{{0,2}})?)?"
    return re.fullmatch(kinds + version, name) is not None or (name == "𝜋thon" and (major, minor) >= (3, 14))


def premises_findings(premises: Premises, names: Iterable[str]) -> Iterator[Finding]:
    """Of the settings and of what the maker put there and is gone; `names`: of all that is among the programs."""
    for fault in _setting_faults(premises):
        yield finding(FindingKind.SETTINGS, fault, path=os.path.join(premises.root, CONFIGURATION))
    if os.name != "posix":
        return
    present = frozenset(names)
    expected = _BY_UV if "uv" in premises.settings else () if "virtualenv" in premises.settings else premises.templates
    for name in sorted({*_ALWAYS, *(expected if present & frozenset(expected) else ())} - present):
        reason = "it is not there, and whatever makes an environment makes it"
        yield finding(FindingKind.MISSING, reason, path=os.path.join(premises.scripts, name))


def _setting_faults(premises: Premises) -> Iterator[str]:
    content = _read(os.path.join(premises.root, CONFIGURATION))
    if content is None:
        yield "it is not there, or no file that can be read"
        return
    lines = [line for line in content.decode("utf-8", "replace").splitlines() if line.strip()]
    pairs = [line.partition("=") for line in lines]
    keys = [key.strip().lower() for key, equals, _ in pairs if equals]
    if len(keys) < len(lines):
        yield "it has a line that is no setting"
    if repeated := sorted({key for key in keys if keys.count(key) > 1}):
        yield f"it has {repeated[0]!r} more than once"
    if not premises.bases:
        yield "its 'home' holds no interpreter"
    version = premises.settings.get("version_info") or premises.settings.get("version", "")
    if version.split(".")[:2] != [str(number) for number in premises.target.version[:2]]:
        yield f"its version is {version!r}, the interpreter's is {'.'.join(map(str, premises.target.version))}"
    if premises.settings.get("include-system-site-packages", "") not in ("true", "false"):
        yield "its 'include-system-site-packages' is neither true nor false"


def foreign_starter(premises: Premises, path: str, described: str) -> Finding | None:
    """A finding for what is called like the environment's own programs and isn't what its maker writes."""
    folder, name = os.path.split(path)
    if folder != premises.scripts or not (
        protected_program(name) or known_fingerprints(name) or name in premises.templates
    ):
        return None
    reason = f"{described}; it is none that venv, virtualenv or uv write for this environment"
    return finding(FindingKind.FOREIGN, reason, path=path)


def unwalked(premises: Premises, owned: Iterable[str]) -> list[str]:
    """Folders at the root that hold nothing of anybody: each is told as a whole."""
    top = premises.root.rstrip(os.sep) + os.sep
    held = {path[len(top) :].partition(os.sep)[0] for path in owned if path.startswith(top)}
    try:
        with os.scandir(premises.root) as entries:
            folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [
        os.path.join(premises.root, one) for one in sorted(folders) if one not in held and one.lower() not in _WALKED
    ]


def standard_folders(target: TargetEnvironment) -> frozenset[str]:
    """Folders that an environment has though they may hold nothing: those of the schemes and all above them."""
    root = target.paths["data"]
    version = "{}.{}".format(*target.version[:2])
    folders = {os.path.join(root, *inside.split("/")) for inside in (f"include/python{version}", "include/site")}
    for path in (*target.paths.values(), *folders):
        place = path
        while is_inside(place, root) and place != root:
            folders.add(place)
            place = os.path.dirname(place)
        folders.add(root)
    return frozenset({*folders, *target.paths.values()})
