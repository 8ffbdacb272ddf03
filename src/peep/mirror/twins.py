"""Archives of one project that clients take for the same one although their names and bytes differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from packaging.utils import canonicalize_version

from peep.formats.archive_names import ArchiveName, NameReader
from peep.mirror.facts import ArchiveFacts, ProjectFacts


def twins(facts: ProjectFacts) -> Iterator[tuple[str, str]]:
    """Pairs of file names on a page, each in order: the same name, version, build and tags to whoever normalises them.

    `Acme.Lib-1.0-py3-none-any.whl` and `acme_lib-1.0-py3-none-any.whl`: which of them is installed without hashes is
    the client's choice (PEP 427, PEP 503, PEP 440; tags are sets). Archives of one digest are one archive.
    """
    reader = NameReader(facts.name)
    known: dict[object, ArchiveFacts] = {}
    for file in _linked(facts):
        name = reader.read(file.filename)
        if not isinstance(name, ArchiveName):
            continue
        tags = tuple(frozenset(part.lower().split(".")) for part in name.tags)
        version = canonicalize_version(file.version)
        first = known.setdefault((name.suffix, version, name.build, tags), file)
        if first.sha256 != file.sha256:
            yield first.filename, file.filename


def _linked(facts: ProjectFacts) -> Iterable[ArchiveFacts]:
    return sorted((one for one in facts.files if one.is_linked), key=lambda one: one.filename)
