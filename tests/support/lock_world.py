"""Made-up indexes for locking: pages and metadata in memory, given as values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from packaging.version import Version

from peep.formats.core_metadata import ProjectMetadata
from peep.formats.target_ids import TargetId, parse_target_id
from peep.locking.candidates import CandidatePolicy, NamedFile, ProjectPage, Release
from peep.locking.edges import parse_edge
from peep.locking.group_judge import Admission
from peep.locking.page_releases import page_of
from peep.locking.roots import Root
from peep.locking.sources import NeedsBuild, Unreadable
from peep.model import Digest, IndexFile, Location, ProjectDetail

INDEX = "https://index.example/simple"


@dataclass(frozen=True)
class Made:
    """One release: what its wheels require, and which files it has."""

    requires: Sequence[str] = ()
    tags: Sequence[str] = ("py3-none-any",)
    """Of its wheels; () for none."""
    requires_python: str = ""
    page_requires_python: str | None = None
    """What the page says, where that is not what the metadata says."""
    extras: Sequence[str] = ()
    yanked: str | None = None
    uploaded: str | None = "2020-01-02T03:04:05Z"
    sdist: str = ""
    """'' for none, `static` or `dynamic`."""
    requires_by_tag: Mapping[str, Sequence[str]] = field(default_factory=dict)


Projects = Mapping[str, Mapping[str, Made | Sequence[str]]]


def made(release: Made | Sequence[str]) -> Made:
    return release if isinstance(release, Made) else Made(release)


def sha256_of(filename: str) -> str:
    return hashlib.sha256(filename.encode()).hexdigest()


def files_of(name: str, version: str, release: Made) -> list[IndexFile]:
    stem = name.replace("-", "_")
    names = [f"{stem}-{version}-{tag}.whl" for tag in release.tags]
    names += [f"{stem}-{version}.tar.gz"] if release.sdist else []
    python = release.requires_python if release.page_requires_python is None else release.page_requires_python
    return [
        IndexFile(
            filename,
            f"{INDEX}/files/{filename}",
            hashes=(Digest("sha256", sha256_of(filename)),),
            size=1000,
            upload_time=release.uploaded,
            requires_python=python or None,
            yanked=release.yanked,
            index=INDEX,
        )
        for filename in names
    ]


@dataclass
class LockWorld:
    """Implements `Pages` and `Metadata`; what was asked for is kept in `asked`."""

    projects: Projects
    asked: list[str] = field(default_factory=list)
    pages: dict[str, ProjectPage] = field(default_factory=dict)

    def page(self, project: str) -> ProjectPage:
        if project not in self.pages:
            self.pages[project] = page_of(project, self._detail(project))
        return self.pages[project]

    def _detail(self, project: str) -> ProjectDetail | None:
        if project not in self.projects:
            return None
        releases = self.projects[project].items()
        files = [file for version, one in releases for file in files_of(project, version, made(one))]
        return ProjectDetail(project, tuple(files), INDEX)

    def metadata(self, release: Release, file: NamedFile) -> ProjectMetadata | NeedsBuild | Unreadable:
        self.asked.append(file.file.filename)
        versions = self.projects[release.project]
        one = made(next(value for text, value in versions.items() if page_version(text) == release.text))
        if file.file.filename.endswith(".tar.gz") and one.sdist == "dynamic":
            return NeedsBuild(file.file.filename)
        tag = "-".join(file.name.tags)
        requires = tuple(one.requires_by_tag.get(tag, one.requires))
        return ProjectMetadata(release.project, release.text, requires, one.requires_python, tuple(one.extras))


def page_version(text: str) -> str:
    return str(Version(text))


def root(text: str, line: int = 1, path: str = "requirements.in") -> Root:
    return Root(parse_edge(text), Location(path, line), f"-r {path}")


def roots(*texts: str) -> list[Root]:
    return [root(text, line) for line, text in enumerate(texts, start=1)]


def ids(*texts: str) -> list[TargetId]:
    return [parse_target_id(text) for text in texts]


LINUX = "cp311-manylinux_2_28_x86_64"
LINUX_12 = "cp312-manylinux_2_28_x86_64"
LINUX_13 = "cp313-manylinux_2_28_x86_64"
MUSL = "cp311-musllinux_1_2_x86_64"
MAC = "cp311-macosx_14_0_arm64"
WINDOWS = "cp311-win_amd64"

__all__ = ["Admission", "CandidatePolicy", "LockWorld", "Made", "ids", "root", "roots"]
