"""Sources of a lock: requirements files with includes, pyproject.toml, setup.cfg, arguments."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from peep.dataclass import dataclass, field
from peep.errors import PeepError, RequirementsError, RequirementsErrors
from peep.locking.lock_paths import LockPaths
from peep.locking.project_sources import ProjectSource, Wanted, from_pyproject, from_setup_cfg
from peep.locking.source_files import Sources, from_requirements_files, option_lines
from peep.model import FormatControl, IndexOptions, Location
from peep.requirements.decoding import decode
from peep.requirements.file_parser import OptionLine, parse_text
from peep.requirements.files import RequirementsFile, parse_arguments, read_requirements_files
from peep.requirements.pinned_set import Directive
from peep.requirements.run_options import RunOptions

ReadFile = Callable[[str], bytes]
_PROJECT_FILES = ("pyproject.toml", "setup.cfg")


@dataclass(frozen=True, slots=True)
class ReadSources:
    """Sources of a run, and what they say about indexes and formats."""

    sources: Sources
    index_options: IndexOptions
    formats: FormatControl
    option_lines: tuple[str, ...] = ()
    line_end: str = "\n"
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    files: tuple[RequirementsFile, ...] = field(default_factory=tuple)
    pythons: tuple[tuple[str, str], ...] = ()
    """Projects, by their files, with the Python that each requires, where one says so."""
    allows_pre_releases: bool = False
    """A source says `--pre`."""

    @property
    def directives(self) -> tuple[Directive, ...]:
        """What the sources say to peep."""
        return tuple(directive for file in self.files for directive in file.directives)


def read_sources(
    paths: LockPaths, wanted: Wanted, constraints: Sequence[str], read: ReadFile, environ: Mapping[str, str]
) -> ReadSources:
    """Read everything that a lock is made of. Raises `RequirementsErrors` with every bad line of all files."""
    projects = [path for path in paths.files if os.path.basename(path) in _PROJECT_FILES]
    texts = [path for path in paths.files if path not in projects]
    files, faults = read_requirements_files(texts, read, environ, constraints)
    given, malformed = parse_arguments(paths.requirements, environ)
    listed = from_requirements_files([*files, given])
    stated = [_project(path, wanted, read) for path in projects]
    options = RunOptions(os.path.exists)
    lines_of_options = [option for file in files for option in file.options]
    options.take_all(lines_of_options)
    lines, leaks = option_lines(_unexpanded(files))
    sources = [listed, *(one.sources for one in stated)]
    errors = [*faults, *malformed, *options.errors, *leaks, *(error for one in sources for error in one.errors)]
    errors += _unasked(wanted, projects)
    if errors:
        raise RequirementsErrors(_by_line(errors))
    return ReadSources(
        Sources(
            tuple(root for one in sources for root in one.roots),
            listed.constraints,
            warnings=(*(warning for one in sources for warning in one.warnings), *_not_taken(lines_of_options)),
        ),
        options.index_options,
        options.format_control,
        lines,
        _line_end(files),
        tuple(sorted({extra for one in stated for extra in one.extras})),
        tuple(sorted({group for one in stated for group in one.groups})),
        files,
        tuple((path, one.requires_python) for path, one in zip(projects, stated, strict=True) if one.requires_python),
        any(option.name == "--pre" for option in lines_of_options),
    )


def _not_taken(options: Iterable[OptionLine]) -> Iterator[str]:
    """Tell of options that pip would choose by, and a lock does not."""
    for option in options:
        if option.name == "--prefer-binary":
            yield f"{option.location}: --prefer-binary is not taken: the newest version counts; --only-binary NAME is"


def _by_line(errors: Sequence[RequirementsError]) -> list[RequirementsError]:
    """Sort errors of each file by line; files stay in their order."""
    paths = {path: place for place, path in enumerate(dict.fromkeys(error.location.path for error in errors))}
    return sorted(errors, key=lambda error: (paths[error.location.path], error.location.line))


def _project(path: str, wanted: Wanted, read: ReadFile) -> ProjectSource:
    try:
        text = decode(read(path), path).text
    except OSError as error:
        return ProjectSource(Sources(errors=(_unreadable(path, error.strerror or str(error)),)))
    except RequirementsError as error:
        return ProjectSource(Sources(errors=(error,)))
    except PeepError as error:
        return ProjectSource(Sources(errors=(_unreadable(path, str(error)),)))
    is_setup = os.path.basename(path) == "setup.cfg"
    return from_setup_cfg(text, path, wanted) if is_setup else from_pyproject(text, path, wanted)


def _unreadable(path: str, reason: str) -> RequirementsError:
    return RequirementsError(Location(path, 0), f"cannot be read: {reason}")


def _unasked(wanted: Wanted, projects: Sequence[str]) -> Iterator[RequirementsError]:
    """Refuse extras and groups where no source could have any."""
    names = [*(f"--extra {name}" for name in wanted.extras), *(f"--group {name}" for name in wanted.groups)]
    if names and not projects:
        yield RequirementsError(Location(names[0], 0), "no source is a project that could have it")


def _unexpanded(files: Sequence[RequirementsFile]) -> Iterator[OptionLine]:
    """Give back the option lines of the sources as they are written, variables in them."""
    for file in files:
        parsed = parse_text(file.source.text, file.path, {})
        yield from (entry for entry in parsed.entries if isinstance(entry, OptionLine))


def _line_end(files: Sequence[RequirementsFile]) -> str:
    """Give back how the lines of the first source end."""
    return "\r\n" if files and files[0].source.text.partition("\n")[0].endswith("\r") else "\n"
