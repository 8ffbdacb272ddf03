"""The in-memory fake of `peep.index.client.PackageIndex`, held to the same contract suite as the real one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from peep.errors import PackageIndexError, PeepError, TransportError
from peep.formats.names import normalised
from peep.index.answers import ProjectAnswers, SourceFailure
from peep.model import Digest, IndexFile, ProjectDetail


@dataclass
class FakePackageIndex:
    """Several indexes in order of priority, each {project: {filename: bytes}}; asked-for names are kept in `asked`."""

    indexes: tuple[Mapping[str, Mapping[str, bytes]], ...]
    failures: Mapping[str, PeepError] = field(default_factory=dict)
    """By normalised project name."""
    asked: list[str] = field(default_factory=list)

    def project(self, name: str) -> tuple[ProjectDetail, ...]:
        name = normalised(name)
        self.asked.append(name)
        if name in self.failures:
            raise self.failures[name]
        found = (self._detail(number, name) for number in range(len(self.indexes)))
        return tuple(detail for detail in found if detail is not None)

    def answers(self, name: str) -> ProjectAnswers:
        try:
            return ProjectAnswers(self.project(name), asked=tuple(map(_url, range(len(self.indexes)))))
        except (TransportError, PackageIndexError) as error:
            return ProjectAnswers(failures=(SourceFailure(_url(0), error),))

    def _detail(self, number: int, name: str) -> ProjectDetail | None:
        held = {normalised(project): files for project, files in self.indexes[number].items()}
        if name not in held:
            return None
        index = _url(number)
        files = tuple(
            IndexFile(
                filename,
                f"https://index-{number}.example/files/{name}/{filename}",
                hashes=(Digest("sha256", hashlib.sha256(content).hexdigest()),),
                size=len(content),
                index=index,
            )
            for filename, content in held[name].items()
        )
        return ProjectDetail(name, files, index)


def _url(number: int) -> str:
    return f"https://index-{number}.example/simple"
