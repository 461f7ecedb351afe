"""Which shared libraries a set of ELF files needs, so that a box shows those and no others.

Reads the files and runs nothing: `ldd` may execute what it inspects, and costs a process a file.
"""

import mmap
import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_ELF_MAGIC = b"\x7fELF"
_CACHE = Path("/etc/ld.so.cache")
_CACHE_MAGIC = b"glibc-ld.so.cache1.1"
_DEFAULT_FOLDERS = ("/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib")
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_DT_NULL, _DT_NEEDED, _DT_STRTAB, _DT_RPATH, _DT_RUNPATH = 0, 1, 5, 15, 29

Machine = tuple[int, int, int]  # word size, byte order, processor


@dataclass(frozen=True)
class Library:
    """A shared library: where it lies, and where a loader without configuration finds it."""

    source: str
    target: str


@dataclass(frozen=True)
class _Elf:
    """What the loader reads of an ELF file first."""

    machine: Machine
    interpreter: str
    needed: tuple[str, ...]
    folders: tuple[str, ...]


def shared_libraries(files: Iterable[str]) -> tuple[Library, ...]:
    """Find the libraries that the files need, what those need in turn, and the loader itself.

    A library that only this machine's configuration finds (`ld.so.conf`, `LD_LIBRARY_PATH`) gets a target beside
    the C library, where every loader looks, because a box holds no such configuration. What cannot be found is left
    out: importing what needs it fails in the box as it would outside.
    """
    cache = _read_cache()
    found: dict[str, tuple[str, bool]] = {}  # by name: path, and whether it lies where its users say
    loaders: set[str] = set()
    waiting: list[tuple[str, tuple[str, ...]]] = [(file, ()) for file in files]
    while waiting:
        file, inherited = waiting.pop()
        elf = _read_elf(file)
        if elf is None:
            continue
        loaders.update(filter(None, [elf.interpreter]))
        folders = (*elf.folders, *inherited)
        for name in elf.needed:
            if name in found or any(Path(loader).name == name for loader in loaders):
                continue
            own = next((f"{folder}/{name}" for folder in folders if _fits(f"{folder}/{name}", elf.machine)), "")
            path = own or next((path for path in _configured(name, cache) if _fits(path, elf.machine)), "")
            if path:
                found[name] = (path, bool(own))
                waiting.append((path, folders))
    home = next((str(Path(path).parent) for name, (path, _) in found.items() if name.startswith("libc.")), "/lib")
    libraries = [Library(path, path if own else f"{home}/{name}") for name, (path, own) in found.items()]
    return (*(Library(loader, loader) for loader in sorted(loaders)), *libraries)


def find_library(name: str, like: str) -> Library | None:
    """Find a library that is opened at run time, fit for the same machine as the file `like`."""
    elf = _read_elf(like)
    if elf is None:
        return None
    path = next((path for path in _configured(name, _read_cache()) if _fits(path, elf.machine)), "")
    return Library(path, path) if path else None


def _configured(name: str, cache: dict[str, list[str]]) -> Iterator[str]:
    """Where this machine's loader looks for a name without a folder, in its order."""
    if "/" in name:
        yield name
        return
    yield from (f"{folder}/{name}" for folder in os.environ.get("LD_LIBRARY_PATH", "").split(":") if folder)
    yield from cache.get(name, ())
    yield from (f"{folder}/{name}" for folder in _DEFAULT_FOLDERS)


def _machine(head: bytes | mmap.mmap) -> Machine:
    return head[4], head[5], struct.unpack_from("<H" if head[5] == 1 else ">H", head, 18)[0]


def _fits(path: str, machine: Machine) -> bool:
    try:
        with open(path, "rb") as file:
            head = file.read(20)
    except OSError:
        return False
    return len(head) == 20 and head[:4] == _ELF_MAGIC and _machine(head) == machine


def _read_elf(file: str) -> _Elf | None:
    """Read what a file needs; None where it is not a readable, dynamic ELF file."""
    try:
        with open(file, "rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _parse_elf(file, data) if data[:4] == _ELF_MAGIC else None
    except (OSError, ValueError, struct.error, IndexError):  # unreadable, empty, or damaged
        return None


def _parse_elf(file: str, data: mmap.mmap) -> _Elf:
    """Follow the program headers to the dynamic section (System V ABI, chapters 4 and 5)."""
    machine = _machine(data)
    wide, order = machine[0] == 2, "<" if machine[1] == 1 else ">"
    table = struct.unpack_from(order + "Q", data, 32)[0] if wide else struct.unpack_from(order + "I", data, 28)[0]
    size, count = struct.unpack_from(order + "HH", data, 54 if wide else 42)
    loads: list[tuple[int, int, int]] = []  # address, offset, bytes
    dynamic, interpreter = (0, 0), ""
    for at in range(table, table + size * count, size):
        if wide:
            kind, _, offset, address, _, length = struct.unpack_from(order + "IIQQQQ", data, at)
        else:
            kind, offset, address, _, length = struct.unpack_from(order + "IIIII", data, at)
        if kind == _PT_LOAD:
            loads.append((address, offset, length))
        elif kind == _PT_DYNAMIC:
            dynamic = (offset, length)
        elif kind == _PT_INTERP:
            interpreter = os.fsdecode(data[offset : offset + length].rstrip(b"\0"))
    entries: list[tuple[int, int]] = []
    for at in range(dynamic[0], dynamic[0] + dynamic[1], 16 if wide else 8):
        tag, value = struct.unpack_from(order + ("qQ" if wide else "iI"), data, at)
        if tag == _DT_NULL:
            break
        entries.append((tag, value))
    strings = next((value for tag, value in entries if tag == _DT_STRTAB), 0)
    strings = next((strings - address + offset for address, offset, length in loads
                    if address <= strings < address + length), strings)  # fmt: skip

    def text(start: int) -> str:
        return os.fsdecode(data[strings + start : data.find(b"\0", strings + start)])

    needed = tuple(text(value) for tag, value in entries if tag == _DT_NEEDED)
    paths = [text(value) for tag, value in entries if tag in (_DT_RPATH, _DT_RUNPATH)]
    folders = [part for path in paths for part in path.split(":") if part]
    if any("ORIGIN" in folder for folder in folders):
        origin = str(Path(file).resolve().parent)
        folders = [folder.replace("${ORIGIN}", origin).replace("$ORIGIN", origin) for folder in folders]
    return _Elf(machine, interpreter, needed, tuple(os.path.normpath(folder) for folder in folders))


def _read_cache() -> dict[str, list[str]]:
    """Read glibc's `ld.so.cache` (format 1.1); empty where there is none, as with musl."""
    try:
        data = _CACHE.read_bytes()
    except OSError:
        return {}
    start = data.find(_CACHE_MAGIC)
    if start < 0:
        return {}
    (count,) = struct.unpack_from("=I", data, start + 20)
    paths: dict[str, list[str]] = {}
    for at in range(start + 48, start + 48 + 24 * count, 24):
        _, key, value = struct.unpack_from("=iII", data, at)
        name, path = (os.fsdecode(data[start + x : data.find(b"\0", start + x)]) for x in (key, value))
        paths.setdefault(name, []).append(path)
    return paths
