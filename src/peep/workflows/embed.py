"""`peep embed`: peep and the libraries it needs, every byte verified or its own, as one file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.resources import files
from typing import TYPE_CHECKING

from peep.dataclass import replace
from peep.errors import StoreError
from peep.model import FormatControl, PlannedWheel, StoredWheel, TargetEnvironment
from peep.pipeline.context import RunContext
from peep.pipeline.fetch import wheels_for
from peep.pipeline.one_file import archive_bytes, combined, is_wanted
from peep.pipeline.options import InstallOptions
from peep.pipeline.problems import refuse_if_any
from peep.pipeline.session import Session, open_session
from peep.requirements.files import parse_requirements_files
from peep.requirements.pinned_set import PinnedSet
from peep.requirements.pins import pinned_requirements
from peep.workflows.install import STAGES

if TYPE_CHECKING:
    from importlib.abc import Traversable  # moved to importlib.resources in 3.11

PINS = "runtime-requirements.txt"
"""In the package: what peep runs on, pinned and hashed."""

LIBRARIES = frozenset(
    {"installer", "nab-resolver", "packaging", "platformdirs", "pyproject-hooks", "tomli", "truststore", "urllib3"}
)
"""Those of them that the one-file edition holds: without `rich`, it prints plainly."""

OLDEST = "3.10"
"""The edition is the same for every CPython from this one on, so its libraries are those that this one needs."""

_PURE = ("py3-none-any", "py2.py3-none-any")


def embed(options: InstallOptions, context: RunContext) -> bytes:
    """Make the one-file edition. Raises `InstallRefused` when a library can't be had or verified."""
    wheels_only = FormatControl(only_binary=frozenset({":all:"}))  # whatever pip is configured with
    with open_session(replace(options, format_control=wheels_only), context, STAGES) as session:
        portable = replace(session, target=portable_target(session.target))
        pinned = embedded_pins()
        wheels = _wheels(portable, pinned)
        libraries = {name: dict(library_members(wheel.wheel)) for name, wheel in sorted(wheels.items())}
        return archive_bytes(combined({"peep": dict(own_members()), **libraries}))


def embedded_pins() -> PinnedSet:
    """The pins of the libraries, from peep's own list, for the oldest Python."""
    content = files("peep").joinpath(PINS).read_bytes()
    parsed = parse_requirements_files([PINS], lambda _path: content, {})
    pinned = pinned_requirements(parsed, (), _markers())
    return replace(pinned, pins=tuple(pin for pin in pinned.pins if pin.name in LIBRARIES))


def portable_target(target: TargetEnvironment) -> TargetEnvironment:
    """No interpreter in particular: every CPython from the oldest on, on any platform."""
    major, minor = (int(part) for part in OLDEST.split("."))
    return replace(target, version=(major, minor, 0), tags=_PURE, markers={**target.markers, **_markers()})


def own_members() -> Iterator[tuple[str, bytes]]:
    """Yield the source of the running peep, compiled files aside: path and content."""
    for path, entry in _walk("peep", files("peep")):
        if path.endswith((".py", ".txt", ".typed", ".xz")):
            yield path, entry.read_bytes()


def library_members(wheel: StoredWheel) -> Iterator[tuple[str, bytes]]:
    """The wanted files of a stored wheel, each compared with the digest that was verified; `StoreError` if edited."""
    for file in wheel.files:
        if not is_wanted(file.path):
            continue
        with open(wheel.location(file), "rb") as stored:
            content = stored.read()
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise StoreError(
                f"{file.path} of {wheel.identity.filename} was edited in the store",
                "run 'peep store verify', which drops what is damaged, and then this command again",
            )
        yield file.path, content


def _markers() -> dict[str, str]:
    """A machine of no kind in particular; the pins of the libraries ask for the version at most."""
    return {
        "implementation_name": "cpython",
        "implementation_version": f"{OLDEST}.0",
        "os_name": "",
        "platform_machine": "",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "",
        "platform_version": "",
        "python_full_version": f"{OLDEST}.0",
        "python_version": OLDEST,
        "sys_platform": "",
    }


def _wheels(session: Session, pinned: PinnedSet) -> dict[str, PlannedWheel]:
    with session.store.in_use(), session.wheel_provider(pinned) as provider:
        fetched = wheels_for(pinned.pins, provider)
    refuse_if_any(fetched.problems)
    return fetched.wheels


def _walk(path: str, folder: Traversable) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _walk(f"{path}/{entry.name}", entry)
        else:
            yield f"{path}/{entry.name}", entry
