"""Small valid archives as bytes, the same bytes on every machine, and ways to make them wrong on purpose."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Collection, Mapping, Sequence

Content = bytes | str

ASKING_PYPROJECT = """\
[build-system]
requires = ["saw"]
build-backend = "in_tree_backend"
backend-path = ["."]

[project]
name = "lib"
version = "1.0"
dynamic = ["dependencies"]
"""
"""Of a project `lib` whose dependencies only its backend, which is in the tree and wants a tool `saw`, can tell."""

IN_TREE_BACKEND = '''\
"""A build backend that needs nothing but the standard library."""

import base64
import hashlib
import os
import zipfile

NAME = "{name}"
VERSION = "{version}"
FOLDER = "{folder}"


def get_requires_for_build_wheel(config_settings=None):
    return []


def _members():
    yield f"{{FOLDER}}/__init__.py", f"VERSION = {{VERSION!r}}\\n".encode()
    info = f"{{FOLDER}}-{{VERSION}}.dist-info"
    with open("PKG-INFO", "rb") as metadata:
        yield f"{{info}}/METADATA", metadata.read()
    yield f"{{info}}/WHEEL", b"Wheel-Version: 1.0\\nGenerator: in-tree\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    filename = f"{{FOLDER}}-{{VERSION}}-py3-none-any.whl"
    record = []
    with zipfile.ZipFile(os.path.join(wheel_directory, filename), "w") as archive:
        for path, content in _members():
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record.append(f"{{path}},sha256={{digest}},{{len(content)}}")
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), content)
        record.append(f"{{FOLDER}}-{{VERSION}}.dist-info/RECORD,,")
        archive.writestr(zipfile.ZipInfo(f"{{FOLDER}}-{{VERSION}}.dist-info/RECORD"), "\\n".join(record) + "\\n")
    return filename
'''


def as_bytes(content: Content) -> bytes:
    return content.encode() if isinstance(content, str) else content


def file_stem(name: str) -> str:
    """The project name as wheel and sdist file names spell it."""
    return name.replace("-", "_").replace(".", "_").lower()


def wheel_filename(name: str, version: str, tag: str = "py3-none-any") -> str:
    return f"{file_stem(name)}-{version}-{tag}.whl"


def sdist_filename(name: str, version: str, suffix: str = ".tar.gz") -> str:
    return f"{file_stem(name)}-{version}{suffix}"


def record_row(path: str, content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(content)}"


def metadata_text(name: str, version: str, requires: Sequence[str] = (), more: Sequence[str] = ()) -> str:
    """Core metadata; `more` are whole extra header lines, such as `Requires-Python: >=3.8`."""
    lines = ["Metadata-Version: 2.2", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    return "\n".join([*lines, *more]) + "\n"


def entry_points_text(entry_points: Mapping[str, Mapping[str, str]]) -> str:
    """entry_points.txt of {group: {name: target}}."""
    groups = (
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in entries.items())
        for group, entries in entry_points.items()
    )
    return "\n".join(groups)


def wheel_members(
    name: str,
    version: str,
    *,
    files: Mapping[str, Content] | None = None,
    requires: Sequence[str] = (),
    entry_points: Mapping[str, Mapping[str, str]] | None = None,
    metadata: Sequence[str] = (),
    tag: str = "py3-none-any",
    record: Content | None = None,
) -> dict[str, bytes]:
    """Path -> content of a valid wheel in archive order, RECORD last; `record` replaces the right RECORD."""
    stem = file_stem(name)
    info = f"{stem}-{version}.dist-info"
    chosen = {f"{stem}/__init__.py": f'VERSION = "{version}"\n'} if files is None else files
    members = {path: as_bytes(content) for path, content in chosen.items()}
    members.setdefault(f"{info}/METADATA", as_bytes(metadata_text(name, version, requires, metadata)))
    purelib = "true" if tag.endswith("-any") else "false"
    wheel = f"Wheel-Version: 1.0\nGenerator: peep-tests\nRoot-Is-Purelib: {purelib}\nTag: {tag}\n"
    members.setdefault(f"{info}/WHEEL", wheel.encode())
    if entry_points:
        members.setdefault(f"{info}/entry_points.txt", as_bytes(entry_points_text(entry_points)))
    if record is None:
        rows = [record_row(path, content) for path, content in members.items()]
        record = "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"
    members[f"{info}/RECORD"] = as_bytes(record)
    return members


def zip_bytes(members: Mapping[str, bytes], executable: Collection[str] = ()) -> bytes:
    """A ZIP of path -> content with fixed times; `executable` members get mode 755, the rest 644."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in members.items():
            member = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            member.create_system = 3
            member.external_attr = (0o100755 if path in executable else 0o100644) << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
    return buffer.getvalue()


def wheel_bytes(
    name: str,
    version: str,
    *,
    files: Mapping[str, Content] | None = None,
    requires: Sequence[str] = (),
    entry_points: Mapping[str, Mapping[str, str]] | None = None,
    metadata: Sequence[str] = (),
    tag: str = "py3-none-any",
    record: Content | None = None,
    executable: Collection[str] = (),
) -> bytes:
    """A wheel; `files` {path: content} default to one package folder, `executable` names those with mode 755."""
    members = wheel_members(
        name,
        version,
        files=files,
        requires=requires,
        entry_points=entry_points,
        metadata=metadata,
        tag=tag,
        record=record,
    )
    return zip_bytes(members, executable)


def tar_bytes(members: Mapping[str, bytes], compression: str = "gz") -> bytes:
    """A ustar/PAX archive of path -> content with fixed times and owners; `compression`: gz, bz2, xz or ''."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in members.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            member.mode = 0o644
            archive.addfile(member, io.BytesIO(content))
    return compressed(buffer.getvalue(), compression)


def compressed(plain: bytes, compression: str) -> bytes:
    if compression == "gz":
        return gzip.compress(plain, mtime=0)
    if compression == "bz2":
        import bz2  # noqa: PLC0415 - optional part of the standard library

        return bz2.compress(plain)
    if compression == "xz":
        import lzma  # noqa: PLC0415 - optional part of the standard library

        return lzma.compress(plain)
    return plain


def sdist_bytes(
    name: str,
    version: str,
    *,
    files: Mapping[str, Content] | None = None,
    requires: Sequence[str] = (),
    pyproject: str | None = None,
    suffix: str = ".tar.gz",
) -> bytes:
    """An sdist that builds with an in-tree backend and no build requirements, unless `pyproject` says otherwise."""
    top = f"{file_stem(name)}-{version}"
    backend = IN_TREE_BACKEND.format(name=name, version=version, folder=file_stem(name))
    default = '[build-system]\nrequires = []\nbuild-backend = "in_tree_backend"\nbackend-path = ["."]\n'
    contents: dict[str, Content] = {
        "PKG-INFO": metadata_text(name, version, requires),
        "pyproject.toml": default if pyproject is None else pyproject,
        "in_tree_backend.py": backend,
        **(files or {}),
    }
    members = {f"{top}/{path}": as_bytes(content) for path, content in contents.items()}
    if suffix == ".zip":
        return zip_bytes(members)
    return tar_bytes(members, {".tar.gz": "gz", ".tgz": "gz", ".tar.bz2": "bz2", ".tar.xz": "xz"}.get(suffix, ""))
