"""Listed archives in a local folder: pins are pointed to them, so that nobody else is asked."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from peep.archives.verification import algorithms_for
from peep.dataclass import replace
from peep.formats.archive_names import LISTED_SUFFIXES, NameReader, UnreadableName, filename_of_url
from peep.index.selection import select_candidate
from peep.model import (
    ArchiveKind,
    Candidate,
    Digest,
    FormatControl,
    ListedFile,
    LockedFiles,
    PinnedRequirement,
    TargetEnvironment,
    listed_digest,
    listed_hashes,
)
from peep.system.file_digest import digest_of_stream
from peep.system.files import regular_only


class ArchivesAtHand:
    """The archives of one folder, each hashed at most once, and only if its name is that of a pin's file."""

    def __init__(self, folder: str) -> None:
        self._folder = os.path.abspath(folder)
        self._digests: dict[tuple[str, str], Digest] = {}

    @cached_property
    def _names(self) -> tuple[str, ...]:
        try:
            names = os.listdir(self._folder)
        except OSError:
            return ()
        return tuple(sorted(name for name in names if name.lower().endswith(LISTED_SUFFIXES)))

    def pointed(
        self, pins: Iterable[PinnedRequirement], target: TargetEnvironment, formats: FormatControl
    ) -> list[PinnedRequirement]:
        """The pins; those whose archive lies here name that file, which is verified like any that comes.

        A wheel that the target takes is enough; of a source archive it must be certain that no wheel is listed.
        """
        return [self._pointed(pin, target, formats) for pin in pins]

    def _pointed(self, pin: PinnedRequirement, target: TargetEnvironment, formats: FormatControl) -> PinnedRequirement:
        if isinstance(pin.source, LockedFiles):
            files = tuple(self._placed(pin, file) for file in pin.source.files)
            return replace(pin, source=replace(pin.source, files=files))
        found = [self._listed_file(name, digest) for name in self._names_for(pin) if (digest := self._match(name, pin))]
        if not found:
            return pin
        source = LockedFiles(tuple(found), direct_url=pin.url, subdirectory=pin.subdirectory)
        pointed = replace(pin, source=source)
        chosen = select_candidate(pointed, (), target, formats)
        if not isinstance(chosen, Candidate):
            return pin
        is_certain = chosen.kind is ArchiveKind.WHEEL or pin.url or _covers(found, pin)
        return pointed if is_certain else pin

    def _placed(self, pin: PinnedRequirement, file: ListedFile) -> ListedFile:
        if file.filename in self._names and self._match(file.filename, pin):
            return replace(file, path=os.path.join(self._folder, file.filename))
        return file

    def _listed_file(self, name: str, digest: Digest) -> ListedFile:
        return ListedFile(name, (digest,), path=os.path.join(self._folder, name))

    def _names_for(self, pin: PinnedRequirement) -> Sequence[str]:
        if pin.url is not None:
            wanted = filename_of_url(pin.url)
            return [name for name in self._names if name == wanted]
        reader = NameReader(pin.name)
        return [name for name in self._names if not isinstance(reader.read(name), UnreadableName)]

    def _match(self, name: str, pin: PinnedRequirement) -> Digest | None:
        if not listed_hashes(pin, name):
            return None
        return listed_digest((self._digest(name, algorithm) for algorithm in sorted(algorithms_for(pin))), pin, name)

    def _digest(self, name: str, algorithm: str) -> Digest:
        """Of a file here; of one that cannot be read, or is none, a digest that nobody lists."""
        if (name, algorithm) not in self._digests:
            self._digests[name, algorithm] = _digest_of(os.path.join(self._folder, name), algorithm)
        return self._digests[name, algorithm]


def _digest_of(path: str, algorithm: str) -> Digest:
    try:
        with open(path, "rb", opener=regular_only) as file:
            return digest_of_stream(file, algorithm)[0]
    except OSError:
        return Digest(algorithm, "")


def _covers(found: Sequence[ListedFile], pin: PinnedRequirement) -> bool:
    """Whether every listed hash is that of a file here: then there is nothing better that could be asked for.

    Hashes of one file in several algorithms count once, by the strongest statement that can be made without the file.
    """
    there: Mapping[str, int] = _count(digest.algorithm for file in found for digest in file.hashes)
    listed = _count(digest.algorithm for digest in pin.hashes)
    return max(listed.values(), default=0) <= max(there.values(), default=0)


def _count(words: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts
