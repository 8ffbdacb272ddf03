"""Feeds mutated bytes to the readers of requirements and lock files; anything but a result or a `PeepError` is a bug.

Not a pytest file. Run it by hand, in an environment that has peep and atheris (CPython 3.11 to 3.13 on Linux or macOS):

    pip install atheris
    python tests/fuzz/fuzz_requirements.py -max_total_time=60 [FOLDER_OF_SEEDS]

Options are libFuzzer's; a folder of seeds (real requirements files, say) makes it go deeper. A crash is kept as
`crash-DIGEST` in the current folder; give that file as the only argument to see it again.
"""

from __future__ import annotations

import contextlib
import sys

import atheris

with atheris.instrument_imports(include=["peep.requirements"]):
    from peep.errors import PeepError
    from peep.requirements.decoding import decode
    from peep.requirements.file_parser import RequirementLine, parse_text
    from peep.requirements.files import parse_requirements_files
    from peep.requirements.lock_selection import LockSelection
    from peep.requirements.pins import pinned_requirements
    from peep.requirements.port import port_to_comments, port_to_pip
    from peep.requirements.pylock import pins_from_pylock

MARKERS = {
    "implementation_name": "cpython",
    "implementation_version": "3.12.7",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "6.1",
    "platform_system": "Linux",
    "platform_version": "#1",
    "python_full_version": "3.12.7",
    "python_version": "3.12",
    "sys_platform": "linux",
}
LOCK_HEAD = b'lock-version = "1.0"\ncreated-by = "fuzz"\n'


def read_as_requirements(content: bytes) -> None:
    """Parse and pin; whatever is included holds one requirement."""

    def read(path: str) -> bytes:
        return content if path == "r.txt" else b"included==1"

    with contextlib.suppress(PeepError):
        files = parse_requirements_files(["r.txt"], read, {"X": "value with space", "Y": "y"})
        pinned = pinned_requirements(files, (), MARKERS, path_exists=lambda _: False)
        assert all(pin.version or pin.url for pin in pinned.pins)


def port_both_ways(content: bytes) -> None:
    """Port; the same requirements must come out, without a hash that was not there."""
    with contextlib.suppress(PeepError):
        text = decode(content, "r.txt").text
        before = _lines(text)
        ported = port_to_pip(text, "r.txt").text
        after = _lines(ported)
        assert [name for name, _ in before] == [name for name, _ in after]
        assert all(new <= old for (_, old), (_, new) in zip(before, after, strict=True))
        assert not port_to_pip(ported, "r.txt").ported
        assert _lines(port_to_comments(ported, "r.txt").text) == after


def read_as_lock(content: bytes) -> None:
    """Parse as a lock file, with and without a head that makes its version right."""
    for text in (content, LOCK_HEAD + content):
        with contextlib.suppress(PeepError):
            pinned = pins_from_pylock(text, "pylock.toml", MARKERS, LockSelection())
            assert all(pin.hashes for pin in pinned.pins)


def _lines(text: str) -> list[tuple[str, set[object]]]:
    entries = parse_text(text, "r.txt", {}).entries
    return [(line.written, set(line.hashes)) for line in entries if isinstance(line, RequirementLine)]


def one_input(content: bytes) -> None:
    """What libFuzzer calls with every input, so that seeds are plain files."""
    read_as_requirements(content)
    port_both_ways(content)
    read_as_lock(content)


def main() -> None:
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
