"""System calls that the standard library lacks: namespaces, mounts, capabilities, process attributes.

Linux only. Every function raises OSError with the call's name where the kernel refuses.
"""

import contextlib
import ctypes
import errno
import os
import struct
from typing import NamedTuple

_NEWNS, _NEWUTS, _NEWIPC = 0x00020000, 0x04000000, 0x08000000
_NEWUSER, _NEWPID, _NEWNET = 0x10000000, 0x20000000, 0x40000000
_PDEATHSIG, _SET_DUMPABLE, _SET_NO_NEW_PRIVS, _SET_CHILD_SUBREAPER = 1, 4, 38, 36
_NOSUID, _NODEV, _NOEXEC, _REC, _PRIVATE = 2, 4, 8, 0x4000, 0x40000
_SAFE = _NOSUID | _NODEV
_ALL_OF_THIS_PROCESS = struct.pack("=Ii", 0x20080522, 0)  # version 3
_NO_CAPABILITIES = bytes(24)
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _ATTR_RDONLY = 442, -100, 0x8000, 1
_M_ARENA_MAX = -8
_NOBODY = 65534
JAIL = "/box/jail"

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p]
_libc.unshare.argtypes = [ctypes.c_int]
_libc.capset.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
_libc.prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong]


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def die_with_parent() -> None:
    """Be killed when the parent ends."""
    _check(_libc.prctl(_PDEATHSIG, 9, 0, 0, 0), "prctl(PR_SET_PDEATHSIG)")


def hide_memory() -> None:
    """Make this process not dumpable: no process without privileges may trace it or read its memory."""
    _check(_libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0), "prctl(PR_SET_DUMPABLE)")


def show_memory() -> None:
    """Undo `hide_memory`."""
    _check(_libc.prctl(_SET_DUMPABLE, 1, 0, 0, 0), "prctl(PR_SET_DUMPABLE)")


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends."""
    _check(_libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl(PR_SET_CHILD_SUBREAPER)")


def one_malloc_arena() -> None:
    """Keep threads from reserving 64 MiB of address space each, which a memory limit would count."""
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(_M_ARENA_MAX, 1)


def leave_processes() -> None:
    """Let the next child be the first process of a name space that shows none of the others."""
    _check(_libc.unshare(_NEWPID | _NEWIPC), "unshare")


def _write(name: str, text: str) -> None:
    with open(f"/proc/self/{name}", "w") as file:
        file.write(text)


def leave() -> None:
    """Enter new user, mount, pid (for children), ipc, net and uts namespaces, as nobody."""
    uid, gid = os.getuid(), os.getgid()
    _check(_libc.unshare(_NEWUSER | _NEWNS | _NEWPID | _NEWIPC | _NEWNET | _NEWUTS), "unshare")
    with contextlib.suppress(OSError):  # gVisor has no such file; where there is one, the kernel insists
        _write("setgroups", "deny")
    _write("uid_map", f"{_NOBODY} {uid} 1")
    _write("gid_map", f"{_NOBODY} {gid} 1")


def _mount(kind: str, target: str, flags: int, options: str | None = None) -> None:
    _check(_libc.mount(kind.encode(), target.encode(), kind.encode(), flags, options and options.encode()), "mount")


def _make_read_only(path: str) -> None:
    """Make a mount and all mounts below it read-only."""
    attributes = (ctypes.c_uint64 * 4)(_ATTR_RDONLY, 0, 0, 0)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    result = _libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, path.encode(), _AT_RECURSIVE, attributes, size)
    _check(result, "mount_setattr")


class Settled(NamedTuple):
    """What could be had for all candidates of a box.

    Attributes:
        mounts: File systems of their own: else all use the box's scratch, which must be emptied after each.
        proc: A `/proc` that shows only their own processes.
    """

    mounts: bool
    proc: bool


def settle(scratch: str) -> Settled:
    """Make every file read-only, and show only the processes of this name space in /proc.

    gVisor before 2023 has no mount name spaces, and shows everybody's processes and their open files in `/proc`. There
    the box itself must be read-only already; this process gives up the groups by which the tests' process keeps its
    files to itself, and locks itself up in a copy of the interpreter that the box's image has for that.

    Raises:
        OSError: The walls can't be had.
    """
    os.chdir(scratch)
    if _libc.mount(b"none", b"/", None, _REC | _PRIVATE, None) != 0:
        refused = ctypes.get_errno()
        try:
            os.setgroups([])
        except OSError:
            raise OSError(refused, f"mount: {os.strerror(refused)}") from None
        if not _root_is_read_only():
            raise OSError(refused, "mount: no mount name spaces, in a box that is not read-only")
        os.chroot(JAIL)
        os.chdir(scratch)
        return Settled(mounts=False, proc=False)
    _make_read_only("/")
    try:
        _mount("proc", "/proc", _SAFE | _NOEXEC)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EINVAL):
            raise
        return Settled(mounts=True, proc=False)
    return Settled(mounts=True, proc=True)


def _root_is_read_only() -> bool:
    with open("/proc/self/mounts") as file:
        roots = [fields[3].split(",") for line in file if (fields := line.split())[1] == "/"]
    return all("ro" in options for options in roots)


def own_world(settled: Settled, scratch: str, scratch_bytes: int, scratch_files: int, stdin: bytes | None) -> None:
    """Enter new mount and ipc namespaces with an empty scratch file system.

    Args:
        settled: What `settle` returned.
        scratch: Folder over which the scratch file system is mounted.
        scratch_bytes: Its size.
        scratch_files: The most files and folders in it.
        stdin: What standard input holds, for the file behind `/dev/stdin` where `/proc` is covered.
    """
    if not settled.mounts:
        return
    _check(_libc.unshare(_NEWNS | _NEWIPC), "unshare")
    size = f"size={scratch_bytes},nr_inodes={scratch_files + 1}"  # the root folder is one
    if os.path.isdir("/dev/shm"):
        _mount("tmpfs", "/dev/shm", _SAFE, f"{size},mode=1777")
    _mount("tmpfs", scratch, _SAFE, f"{size},mode=0700")
    if not settled.proc:
        _mount("tmpfs", "/proc", _SAFE | _NOEXEC, f"size={2**20 + len(stdin or b'')},nr_inodes=64,mode=0755")
        if stdin is not None:
            os.makedirs("/proc/self/fd")
            with open("/proc/self/fd/0", "wb") as file:
                file.write(stdin)
        _make_read_only("/proc")
    os.chdir(scratch)


def drop_privileges() -> None:
    """Give up every capability for good."""
    _check(_libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)")
    _check(_libc.capset(_ALL_OF_THIS_PROCESS, _NO_CAPABILITIES), "capset")


def no_new_privileges() -> None:
    """Keep set-user-id programs from gaining anything."""
    _check(_libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)")
