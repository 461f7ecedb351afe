"""Limits of a candidate: those that the kernel keeps for each process, and the watch over its whole tree."""

import contextlib
import os
import resource
from typing import NamedTuple

_STACK_BYTES = 64 * 2**20  # deep recursion in C code (json, re, repr) gets a MemoryError's chance before a crash
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")
TRUSTED_MEMORY_BYTES = 2 * 2**30
_TRUSTED_PROCESSES = 64
_MUCH_SHARED = 24 * 2**20  # more than an interpreter shares with its files
_MORE_PROCESSES = 8  # the tracer ends who goes too far; the kernel's own count only stands behind it


class Limits(NamedTuple):
    """The fields of `sandbox.types.Limits`, as the job gives them."""

    wall_s: float
    cpu_s: float
    memory_bytes: int
    processes: int
    open_files: int
    file_bytes: int
    scratch_bytes: int
    scratch_files: int
    output_bytes: int


def _set(kind: int, soft: int, hard: int | None = None) -> None:
    _, ceiling = resource.getrlimit(kind)
    hard = soft if hard is None else hard
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    resource.setrlimit(kind, (soft, hard))


def address_space() -> int:
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
        _set(resource.RLIMIT_NPROC, limits.processes + _MORE_PROCESSES)
    _set(resource.RLIMIT_AS, base_bytes + limits.memory_bytes)


def limit_trusted(*, count_processes: bool) -> None:
    """Limit a process of the tests, whose input comes from the candidate."""
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_NOFILE, 256)
    if count_processes:
        _set(resource.RLIMIT_NPROC, _TRUSTED_PROCESSES)
    _set(resource.RLIMIT_AS, address_space() + TRUSTED_MEMORY_BYTES)


def limit_trusted_time(cpu_s: float) -> None:
    """Let a process of the tests use so much more processor time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, ceiling = resource.getrlimit(resource.RLIMIT_CPU)
    _set(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + cpu_s) + 2, ceiling)


def shares_users() -> bool:
    """Whether this process's user is the machine's own, as in a container: RLIMIT_NPROC counts all that runs as it."""
    try:
        with open("/proc/self/uid_map", encoding="ascii") as file:
            return file.read().split() == ["0", "0", str(2**32 - 1)]
    except OSError:
        return True


def kernel_counts_processes_per_namespace() -> bool:
    """Whether RLIMIT_NPROC counts within a user namespace (Linux 5.14 and later)."""
    release = os.uname().release.split(".")
    with contextlib.suppress(ValueError, IndexError):
        return (int(release[0]), int(release[1].split("-")[0])) >= (5, 14)
    return False


class Usage(NamedTuple):
    """What a tree of processes uses now."""

    cpu_s: float
    memory_bytes: int


class Process(NamedTuple):
    """One process as `/proc` shows it; `memory_bytes` without what it shares with files."""

    pid: int
    parent: int
    cpu_s: float
    memory_bytes: int
    dead: bool


def _shared_memory(pid: int) -> int:
    """Bytes of memory that a process shares with others and with no file: Linux counts them with the files."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status", "rb") as file:
        for line in file:
            if line.startswith(b"RssShmem:"):
                return int(line.split()[1]) * 1024
    return 0


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
    if pages and int(pages[2]) * _PAGE > _MUCH_SHARED:
        own += _shared_memory(pid)
    cpu_s = sum(map(int, fields[11:15])) / _TICK
    return Process(pid, int(fields[1]), cpu_s, own, fields[0] in (b"Z", b"X"))


def tree(root: int) -> list[Process]:
    """The processes below one that lives on, as this pid namespace sees them. What each has from it is not counted."""
    found = [p for name in os.listdir("/proc") if name.isdigit() and (p := _read_process(int(name)))]
    inherited = next((p.memory_bytes for p in found if p.pid == root), 0)
    inside = {root}
    grown = True
    while grown:
        more = {p.pid for p in found if p.parent in inside and p.pid not in inside}
        grown = bool(more)
        inside |= more
    return [
        p._replace(memory_bytes=max(p.memory_bytes - inherited, 0)) for p in found if p.pid in inside and p.pid != root
    ]


def reaped_s(pid: int) -> float:
    """Processor time, in seconds, of the children that a process has reaped, and of theirs."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
        return sum(map(int, fields[13:15])) / _TICK
    return 0.0


def children(pid: int) -> set[int]:
    """The processes that a process is the parent of, also those that have ended."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return set(map(int, file.read().split()))
    except OSError:  # a kernel without this file
        return {p.pid for p in tree(pid) if p.parent == pid}


def _proportional(pid: int) -> int | None:
    with contextlib.suppress(OSError, ValueError), open(f"/proc/{pid}/smaps_rollup", "rb") as file:
        for line in file:
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return None


def measure(processes: list[Process], memory_bytes: int) -> Usage:
    """Sum up a tree. Memory shared between its processes is only told apart where the plain sum is above a limit."""
    counted = [p for p in processes if not p.dead]
    memory = sum(p.memory_bytes for p in counted)
    if memory > memory_bytes and len(counted) > 1:
        memory = sum(p.memory_bytes if (share := _proportional(p.pid)) is None else share for p in counted)
    return Usage(sum(p.cpu_s for p in processes), memory)


def is_overfull(folder: str, limits: Limits) -> bool:
    """Whether a file system that keeps no limits of a job's own holds more than the job may have."""
    count = used = 0
    for parent, folders, files in os.walk(folder):
        for name in folders + files:
            with contextlib.suppress(OSError):
                used += os.lstat(os.path.join(parent, name)).st_blocks * 512
            count += 1
            if count > limits.scratch_files or used > limits.scratch_bytes:
                return True
    return False
