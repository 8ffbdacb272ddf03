"""Native files: what they use of the system, and what about them is odd (extra `binaries`).

ELF by pyelftools, PE by pefile, Mach-O by macholib; each is imported when the first file of its kind comes, in the
sandboxed child. Without them nothing is said but that such files were not analysed.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

from peep.dataclass import dataclass
from peep.formats.literal_secrets import told

_SHARP = frozenset(
    {
        "system", "popen", "execl", "execle", "execlp", "execv", "execve", "execvp", "execvpe", "fexecve",
        "fork", "vfork", "posix_spawn", "posix_spawnp", "socket", "connect", "bind", "listen", "accept",
        "sendto", "getaddrinfo", "gethostbyname", "dlopen", "dlsym", "dlmopen", "mprotect", "memfd_create",
        "ptrace", "process_vm_writev", "setuid", "ld_preload", "createprocessa", "createprocessw", "winexec",
        "shellexecutea", "shellexecutew", "loadlibrarya", "loadlibraryw", "loadlibraryexw", "virtualprotect",
        "virtualalloc", "writeprocessmemory", "createremotethread", "internetopena", "internetopenw",
        "urldownloadtofilea", "urldownloadtofilew", "wsastartup", "regsetvalueexw", "setwindowshookexw",
        "nsaddimage",
    }
)  # fmt: skip
"""Functions by which native code starts programs, uses the network, loads other code or changes its own."""
_MOST_NAMES = 100_000
_LEAST_OVERLAY = 16


@dataclass(frozen=True, slots=True)
class BinaryFacts:
    """`imports`: sharp functions, lower case, without leading underscores; `error` says why nothing is known."""

    error: str = ""
    imports: frozenset[str] = frozenset()
    has_ifuncs: bool = False
    overlay: int = 0
    """Bytes after the last that any header accounts for."""
    runpaths: tuple[str, ...] = ()
    build_id: str = ""


def binary_facts(kind: str, content: bytes) -> BinaryFacts:
    """Look into a file of `kind` `elf`, `pe` or `macho`. Never raises."""
    readers: dict[str, Callable[[bytes], BinaryFacts]] = {"elf": _elf, "pe": _pe, "macho": _macho}
    if kind not in readers:
        return BinaryFacts(f"{kind} is not looked into")
    try:
        return readers[kind](content)
    except ImportError:
        return BinaryFacts("not analysed: peep was installed without its extra `binaries`")
    except Exception as error:  # noqa: BLE001 - three foreign parsers and hostile files: whatever they raise is a fact
        return BinaryFacts(told(f"cannot be read: {type(error).__name__}: {error}", 300))


def _sharp(names: Iterator[str]) -> frozenset[str]:
    found = set()
    for count, name in enumerate(names):
        if count > _MOST_NAMES:
            break
        bare = name.partition("@")[0].lstrip("_").lower()
        if bare in _SHARP:
            found.add(bare)
    return frozenset(found)


# -- ELF ----------------------------------------------------------------------------------------------


def _elf(content: bytes) -> BinaryFacts:
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415 - optional

    elf = ELFFile(io.BytesIO(content))
    symbols: Any = elf.get_section_by_name(".dynsym")
    imported = (one.name for one in symbols.iter_symbols() if one["st_shndx"] == "SHN_UNDEF") if symbols else iter(())
    end = _elf_end(elf)
    return BinaryFacts(
        imports=_sharp(imported),
        has_ifuncs=_elf_has_ifuncs(elf),
        overlay=max(0, len(content) - end) if len(content) - end >= _LEAST_OVERLAY else 0,
        runpaths=tuple(_elf_runpaths(elf)),
        build_id=_elf_build_id(elf),
    )


def _elf_end(elf: Any) -> int:
    """The last byte that the headers speak of: segments, sections and both tables."""
    header = elf.header
    ends: list[int] = [
        header["e_shoff"] + header["e_shnum"] * header["e_shentsize"],
        header["e_phoff"] + header["e_phnum"] * header["e_phentsize"],
    ]
    ends += [one["p_offset"] + one["p_filesz"] for one in elf.iter_segments()]
    ends += [one["sh_offset"] + one["sh_size"] for one in elf.iter_sections() if one["sh_type"] != "SHT_NOBITS"]
    return max(ends)


def _elf_has_ifuncs(elf: Any) -> bool:
    """GNU indirect functions: their resolvers run when the library is loaded (the way of CVE-2024-3094)."""
    for name in (".dynsym", ".symtab"):
        section = elf.get_section_by_name(name)
        if section and any(one["st_info"]["type"] in ("STT_GNU_IFUNC", "STT_LOOS") for one in section.iter_symbols()):
            return True
    return False


def _elf_runpaths(elf: Any) -> Iterator[str]:
    section = elf.get_section_by_name(".dynamic")
    for tag in section.iter_tags() if section else ():
        if tag.entry.d_tag in ("DT_RPATH", "DT_RUNPATH"):
            yield str(getattr(tag, "runpath", None) or getattr(tag, "rpath", ""))


def _elf_build_id(elf: Any) -> str:
    section = elf.get_section_by_name(".note.gnu.build-id")
    for note in section.iter_notes() if section else ():
        if note["n_type"] == "NT_GNU_BUILD_ID":
            return str(note["n_desc"])
    return ""


# -- PE -----------------------------------------------------------------------------------------------


def _pe(content: bytes) -> BinaryFacts:
    import pefile  # type: ignore[import-untyped]  # noqa: PLC0415 - optional

    image = pefile.PE(data=content, fast_load=True)
    image.parse_data_directories(
        directories=[
            pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_IMPORT"],
            pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT"],
        ]
    )
    names = (
        entry.name.decode("latin-1")
        for kind in ("DIRECTORY_ENTRY_IMPORT", "DIRECTORY_ENTRY_DELAY_IMPORT")
        for library in getattr(image, kind, ())
        for entry in library.imports
        if entry.name
    )
    start = image.get_overlay_data_start_offset()
    return BinaryFacts(imports=_sharp(names), overlay=len(content) - start if start is not None else 0)


# -- Mach-O -------------------------------------------------------------------------------------------


def _macho(content: bytes) -> BinaryFacts:
    from macholib.mach_o import LC_RPATH, LC_UUID  # type: ignore[import-untyped]  # noqa: PLC0415 - as above
    from macholib.MachO import MachO  # type: ignore[import-untyped]  # noqa: PLC0415 - optional

    class InMemory(MachO):  # type: ignore[misc] # macholib has no types
        """Its own constructor takes the name of a file only."""

        def __init__(self, data: bytes) -> None:
            self.graphident = self.filename = self.loader_path = ""
            self.allow_unknown_load_commands = True
            self.fat = None
            self.headers: list[Any] = []
            self.load(io.BytesIO(data))

    image = InMemory(content)
    runpaths, build_id = [], ""
    for header in image.headers:
        for load, _, data in header.commands:
            if load.cmd == LC_RPATH:
                runpaths.append(data.rstrip(b"\0").decode("utf-8", "replace"))
            elif load.cmd == LC_UUID:
                build_id = "uuid"
    return BinaryFacts(imports=_sharp(_words(content)), runpaths=tuple(runpaths), build_id=build_id)


def _words(content: bytes) -> Iterator[str]:
    """Names of symbols stand in the string table between NULs, with an underscore before them."""
    for name in _SHARP:
        if b"\0_" + name.encode("ascii") + b"\0" in content:
            yield name


# -- what is new --------------------------------------------------------------------------------------


def binary_findings(old: BinaryFacts | None, new: BinaryFacts) -> Iterator[tuple[str, str]]:
    """(rule, evidence) of what a native file does that the one before it did not; `old` is None for a new file."""
    before = old or BinaryFacts()
    if sharper := new.imports - before.imports:
        yield "binary-import", ", ".join(sorted(sharper))
    if new.has_ifuncs and not before.has_ifuncs:
        yield "binary-ifunc", "indirect functions"
    if new.overlay and not before.overlay:
        yield "binary-overlay", f"{new.overlay} bytes"
    if added := [
        path for path in new.runpaths if path not in before.runpaths and not path.startswith(("$ORIGIN", "@"))
    ]:
        yield "binary-runpath", ", ".join(added)
    if old is not None and old.build_id and not new.build_id and not new.error:
        yield "binary-no-build-id", old.build_id
