"""Makes the list of system calls into a filter, which the kernel asks before each call, and binds a process by it.

Linux on x86_64 and aarch64 only. Everywhere else `install` fails, and no candidate must be run.
"""

import ctypes
import errno
import functools
import os
import struct
import sys

from . import syscalls

_LOAD, _MASK, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
_ERRNO, _ALLOW, _KILL = 0x00050000, 0x7FFF0000, 0x80000000
_NUMBER_OFFSET, _ARCHITECTURE_OFFSET, _ARGUMENTS_OFFSET = 0, 4, 16
_X32 = 0x40000000
_SET_NO_NEW_PRIVS, _SET_MODE_FILTER, _ALL_THREADS = 38, 1, 1

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.argtypes = [ctypes.c_long, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_char_p]
_libc.prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong]


# A label or "", what to do, its operand, and the labels to go on at: "" is the next one.
_Step = tuple[str, int, int, str, str]
_Segment = tuple[int, str]


def install() -> None:
    """Refuse, for this process and all that it will start, and for good, every call that is not on the list.

    Raises:
        OSError: The kernel refuses, or the machine is of a kind that this module does not know. Nothing must be run.
    """
    number, header, _ = ready()
    if _libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise _refusal("prctl(PR_SET_NO_NEW_PRIVS)")
    if _libc.syscall(number, _SET_MODE_FILTER, _ALL_THREADS, header) != 0:  # above 0: a thread that could not be bound
        raise _refusal("seccomp")


def _refusal(what: str) -> OSError:
    code = ctypes.get_errno()
    return OSError(code, f"{what}: {os.strerror(code)}")


@functools.cache
def ready() -> tuple[int, bytes, bytes]:
    """Make everything that `install` needs. Called once before processes are forked, it spares each of them the work.

    Returns the number of the call, the header that it takes, and the filter, whose address is in the header.

    Raises:
        OSError: The machine is of a kind that this module does not know.
    """
    machine = os.uname().machine
    code = program(machine)
    header = struct.pack("HP", len(code) // 8, ctypes.cast(ctypes.c_char_p(code), ctypes.c_void_p).value)
    return syscalls.ARCHITECTURES[machine].seccomp, header, code


def program(machine: str) -> bytes:
    """The filter as the kernel takes it.

    Args:
        machine: As `uname -m` says.

    Raises:
        OSError: No numbers are known for such a machine.
    """
    architecture = syscalls.ARCHITECTURES.get(machine)
    if architecture is None or sys.maxsize < 2**32:
        bits = struct.calcsize("P") * 8
        raise OSError(errno.ENOTSUP, f"no list of system calls for {bits}-bit programs on {machine}")
    outcomes = {number: outcome for _, number, outcome in syscalls.calls(architecture)}
    _, search = _search("number", _segments(outcomes, architecture.known))
    return _assemble(
        [
            ("", _LOAD, _ARCHITECTURE_OFFSET, "", ""),
            ("", _EQUAL, architecture.audit, "", "kill"),
            ("", _LOAD, _NUMBER_OFFSET, "", ""),
            ("", _AT_LEAST, _X32, "kill", ""),
            *search,
            *_checks(),
            ("allow", _RETURN, _ALLOW, "", ""),
            ("eperm", _RETURN, _ERRNO | errno.EPERM, "", ""),
            ("enosys", _RETURN, _ERRNO | errno.ENOSYS, "", ""),
            ("nothing", _RETURN, _ERRNO, "", ""),
            ("kill", _RETURN, _KILL, "", ""),
        ]
    )


def _segments(outcomes: dict[int, str], known: tuple[tuple[int, int], ...]) -> list[_Segment]:
    """Each number from which on another outcome holds."""
    segments: list[_Segment] = [(0, "")]
    for first, last in known:
        for number in range(first, last + 1):
            outcome = outcomes.get(number, "eperm")
            if outcome != segments[-1][1]:
                segments.append((number, outcome))
        segments.append((last + 1, "enosys"))
    return segments[1:]


_NEGATIVE = 0x80000000  # the sign of an `int`


def _checks() -> list[_Step]:
    """The checks of arguments. Where the kernel takes an `int`, so does the check: the upper half is not looked at."""
    options = [(0, "eperm")]
    for first, last in syscalls.PRCTLS:
        options += [(first, "allow"), (last + 1, "eperm")]
    _, search = _search("option", options)
    return [
        ("clone", _LOAD, _argument(0), "", ""),
        ("", _ANY_BIT, syscalls.CLONE_REFUSED, "eperm", ""),
        ("", _LOAD, _argument(0) + 4, "", ""),
        ("", _EQUAL, 0, "allow", "eperm"),
        ("ioctl", _LOAD, _argument(1), "", ""),
        *_one_of(syscalls.IOCTLS_REFUSED, "eperm", "allow"),
        ("personality", _LOAD, _argument(0), "", ""),
        *_one_of(syscalls.PERSONALITIES, "allow", "eperm"),
        ("prctl", _LOAD, _argument(0), "", ""),
        *search,
        ("setpriority", _LOAD, _argument(0), "", ""),
        ("", _EQUAL, syscalls.ALL_OF_A_USER, "eperm", ""),
        ("", _LOAD, _argument(1), "", ""),
        ("", _EQUAL, syscalls.FIRST_PROCESS, "eperm", ""),
        ("", _LOAD, _argument(2), "", ""),
        ("", _ANY_BIT, _NEGATIVE, "eperm", "allow"),  # before others; gVisor would grant it
        ("process", _LOAD, _argument(0), "", ""),
        ("", _EQUAL, syscalls.FIRST_PROCESS, "eperm", "allow"),
        ("setsockopt", _LOAD, _argument(1), "", ""),
        ("", _EQUAL, syscalls.SOCKET_LEVEL, "", "other level"),
        ("", _LOAD, _argument(2), "", ""),
        *_one_of(syscalls.BUFFER_SIZES, "nothing", ""),
        *_one_of(syscalls.SOCKET_PROGRAMS, "eperm", "allow"),
        ("other level", _EQUAL, syscalls.TCP_LEVEL, "", "allow"),
        ("", _LOAD, _argument(2), "", ""),
        ("", _EQUAL, syscalls.TCP_ULP, "eperm", "allow"),
        ("socketpair", _LOAD, _argument(0), "", ""),
        ("", _EQUAL, syscalls.FAMILIES[0], "allow", "eperm"),
        ("socket", _LOAD, _argument(0), "", ""),
        ("", _EQUAL, syscalls.FAMILIES[0], "allow", ""),
        *_one_of(syscalls.FAMILIES[1:], "type", "eperm"),
        ("type", _LOAD, _argument(1), "", ""),
        ("", _MASK, syscalls.TYPE_BITS, "", ""),
        *_one_of((syscalls.STREAM, syscalls.DATAGRAM), "protocol", "eperm"),
        ("protocol", _LOAD, _argument(2), "", ""),
        *_one_of(syscalls.PROTOCOLS, "allow", "eperm"),
    ]


def _argument(index: int) -> int:
    """Where the lower half of a call's argument is; both architectures are little-endian."""
    return _ARGUMENTS_OFFSET + 8 * index


def _one_of(values: tuple[int, ...], then: str, otherwise: str) -> list[_Step]:
    """Compare what was loaded with a few values."""
    return [("", _EQUAL, value, then, otherwise if value == values[-1] else "") for value in values]


def _search(what: str, segments: list[_Segment]) -> tuple[str, list[_Step]]:
    """Find the segment that what was loaded lies in, by bisection. The label of the first step, and the steps."""
    if len(segments) == 1:
        return segments[0][1], []
    middle = len(segments) // 2
    start = segments[middle][0]
    low, lower = _search(what, segments[:middle])
    high, upper = _search(what, segments[middle:])
    label = f"{what} {start}"
    return label, [(label, _AT_LEAST, start, high, low), *lower, *upper]


def _assemble(steps: list[_Step]) -> bytes:
    """Steps as instructions. All jumps of a filter go forward, by 255 at the most, or `struct.error` is raised."""
    places = {label: place for place, (label, *_) in enumerate(steps) if label}
    code = bytearray()
    for place, (_, operation, operand, then, otherwise) in enumerate(steps, 1):
        jumps = [places[label] - place if label else 0 for label in (then, otherwise)]
        code += struct.pack("=HBBI", operation, *jumps, operand)
    return bytes(code)
