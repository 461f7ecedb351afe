"""Limits of a candidate: those that the kernel keeps for each process, and the watch over its whole tree."""

import contextlib
import os
import resource
from dataclasses import dataclass

_STACK_BYTES = 64 * 2**20  # deep recursion in C code (json, re, repr) gets a MemoryError's chance before a crash
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")
TRUSTED_MEMORY_BYTES = 2 * 2**30


@dataclass(frozen=True)
class Limits:
    """The fields of `sandbox.types.Limits`, as the job gives them."""

    wall_s: float
    cpu_s: float
    memory_bytes: int
    processes: int
    open_files: int
    file_bytes: int
    scratch_bytes: int
    output_bytes: int


def _set(kind: int, soft: int, hard: int | None = None) -> None:
    _, ceiling = resource.getrlimit(kind)
    hard = soft if hard is None else hard
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    resource.setrlimit(kind, (soft, hard))


def _address_space() -> int:
    """Bytes of address space that this process has already."""
    with contextlib.suppress(OSError), open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * _PAGE
    return 64 * 2**20


def limit_candidate(limits: Limits, *, base_bytes: int, count_processes: bool) -> None:
    """Limit this process and all that it starts.

    Args:
        limits: What the job allows.
        base_bytes: Address space of the interpreter itself, which does not count.
        count_processes: Whether the kernel counts this user's processes within the box only.
    """
    cpu = max(1, -int(-limits.cpu_s // 1))
    _set(resource.RLIMIT_CPU, cpu, cpu + 1)
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_FSIZE, limits.file_bytes)
    _set(resource.RLIMIT_NOFILE, max(limits.open_files, 8))
    _set(resource.RLIMIT_MEMLOCK, 0)
    with contextlib.suppress(ValueError, OSError):
        _set(resource.RLIMIT_STACK, _STACK_BYTES)
    if count_processes:
        _set(resource.RLIMIT_NPROC, limits.processes + 1)  # the first process of the namespace is not the candidate's
    _set(resource.RLIMIT_AS, base_bytes + limits.memory_bytes)


def limit_trusted(wall_s: float) -> None:
    """Limit the process of the tests, whose input comes from the candidate."""
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_CPU, int(wall_s) + 2)
    _set(resource.RLIMIT_AS, _address_space() + TRUSTED_MEMORY_BYTES)


def address_space() -> int:
    """Bytes of address space of this process, for `limit_candidate`."""
    return _address_space()


def kernel_counts_processes_per_namespace() -> bool:
    """Whether RLIMIT_NPROC counts within a user namespace (Linux 5.14 and later)."""
    release = os.uname().release.split(".")
    with contextlib.suppress(ValueError, IndexError):
        return (int(release[0]), int(release[1].split("-")[0])) >= (5, 14)
    return False


@dataclass(frozen=True)
class Usage:
    """What a tree of processes uses now."""

    cpu_s: float
    memory_bytes: int


@dataclass(frozen=True)
class Process:
    """One process as `/proc` shows it; `memory_bytes` without what it shares with files."""

    pid: int
    parent: int
    cpu_s: float
    memory_bytes: int
    dead: bool


def _read_process(pid: int) -> Process | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        with open(f"/proc/{pid}/statm", "rb") as file:
            pages = file.read().split()
    except OSError:
        return None
    if not fields:
        return None
    own = (int(pages[1]) - int(pages[2])) * _PAGE if pages else 0
    cpu_s = sum(map(int, fields[11:15])) / _TICK
    return Process(pid, int(fields[1]), cpu_s, own, fields[0] in (b"Z", b"X"))


def tree(roots: set[int], spare: set[int], orphans_of: int) -> list[Process]:
    """The processes below some roots, and orphans that the supervisor adopted, as this pid namespace sees them."""
    found = [p for name in os.listdir("/proc") if name.isdigit() and (p := _read_process(int(name)))]
    inside = set(roots)
    inside |= {p.pid for p in found if p.parent == orphans_of and p.pid not in spare}
    grown = True
    while grown:
        more = {p.pid for p in found if p.parent in inside and p.pid not in inside}
        grown = bool(more)
        inside |= more
    return [p for p in found if p.pid in inside]


def _proportional(pid: int) -> int | None:
    with contextlib.suppress(OSError, ValueError), open(f"/proc/{pid}/smaps_rollup", "rb") as file:
        for line in file:
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return None


def measure(processes: list[Process], first: int, memory_bytes: int) -> Usage:
    """Sum up a tree. Memory shared between its processes is only told apart where the plain sum is above a limit."""
    counted = [p for p in processes if p.pid != first and not p.dead]
    memory = sum(p.memory_bytes for p in counted)
    if memory > memory_bytes and len(counted) > 1:
        memory = sum(p.memory_bytes if (share := _proportional(p.pid)) is None else share for p in counted)
    return Usage(sum(p.cpu_s for p in processes), memory)
