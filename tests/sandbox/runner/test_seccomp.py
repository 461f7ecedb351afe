"""The filter, in the kernel: each part runs in a process that has bound itself; the program too, evaluated here."""

import ctypes
import ctypes.util
import errno
import json
import os
import re
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import sandbox.runner
from sandbox.runner import seccomp, syscalls
from sandbox.runner.syscalls import ARCHITECTURES, Architecture

REPOSITORY = Path(sandbox.runner.__file__).parents[2]
MACHINE = os.uname().machine
HERE = ARCHITECTURES[MACHINE]
NUMBERS = {name: number for name, number, _ in syscalls.calls(HERE)}
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000

NEVER = """
    unshare setns mount umount2 pivot_root chroot open_tree open_tree_attr move_mount fsopen fsconfig fsmount fspick
    mount_setattr statmount listmount listns ptrace process_vm_readv process_vm_writev process_madvise kcmp
    pidfd_getfd bpf perf_event_open userfaultfd keyctl add_key request_key init_module finit_module delete_module
    create_module kexec_load kexec_file_load clock_settime settimeofday adjtimex clock_adjtime swapon swapoff reboot
    acct quotactl quotactl_fd open_by_handle_at name_to_handle_at io_uring_setup io_uring_enter io_uring_register
    sethostname setdomainname iopl ioperm modify_ldt lookup_dcookie nfsservctl vhangup syslog shmget shmat shmctl
    shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl mq_open mq_unlink mq_timedsend mq_timedreceive
    mq_notify mq_getsetattr fanotify_init fanotify_mark ioprio_set set_mempolicy mbind migrate_pages move_pages
    memfd_secret io_setup io_submit vmsplice remap_file_pages uselib ustat sysfs _sysctl seccomp process_mrelease
"""

PRELUDE = """
import ctypes, errno, json, os, signal, socket, struct, sys
sys.path.insert(0, {repository!r})
from sandbox.runner import seccomp, syscalls
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
numbers = {{name: number for name, number, _ in syscalls.calls(syscalls.ARCHITECTURES[os.uname().machine])}}
def call(number, *arguments):
    "What the kernel answers: 0 or above, or the name of the error."
    arguments = [ctypes.c_ulong(argument & 2**64 - 1) for argument in arguments]
    result = libc.syscall(ctypes.c_long(number), *arguments)
    return result if result >= 0 else errno.errorcode[ctypes.get_errno()]
def tell(value):
    print(json.dumps(value), flush=True)
"""
INSTALL = "seccomp.install()\nassert call({unshare}, 0) == 'EPERM', 'there is no filter'\n"
UNSHARE = {"x86_64": 272, "aarch64": 97}


def run(script: str, *, install: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a script in an interpreter of its own, bound by the filter."""
    text = PRELUDE.format(repository=str(REPOSITORY))
    text += INSTALL.format(unshare=UNSHARE[MACHINE]) if install else ""
    return subprocess.run(
        [sys.executable, "-c", text + script], capture_output=True, text=True, timeout=120, start_new_session=True
    )


def told(script: str, *, install: bool = True) -> object:
    """What a script told."""
    done = run(script, install=install)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# --- the program, evaluated ---


def evaluate(program: bytes, number: int, audit: int, arguments: tuple[int, ...] = ()) -> int:
    """What a filter returns for a call: the part of the kernel's machine that filters use."""
    data = struct.pack("<IIQ6Q", number, audit, 0, *arguments, *[0] * (6 - len(arguments)))
    accumulator, place = 0, 0
    while True:
        operation, then, otherwise, operand = struct.unpack_from("=HBBI", program, 8 * place)
        place += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", data, operand)
            case 0x54:
                accumulator &= operand
            case 0x15:
                place += then if accumulator == operand else otherwise
            case 0x35:
                place += then if accumulator >= operand else otherwise
            case 0x45:
                place += then if accumulator & operand else otherwise
            case 0x06:
                return operand
            case _:
                raise AssertionError(f"operation {operation:#x}")


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_each_number_has_its_outcome(machine: str) -> None:
    architecture, program = ARCHITECTURES[machine], seccomp.program(machine)
    outcomes = {number: outcome for _, number, outcome in syscalls.calls(architecture)}
    plain = {"allow": ALLOW, "enosys": ERRNO | errno.ENOSYS, "nothing": ERRNO, "eperm": ERRNO | errno.EPERM}
    for number in [*range(1024), 0x3FFFFFFF]:
        exists = any(first <= number <= last for first, last in architecture.known)
        outcome = outcomes.get(number, "eperm" if exists else "enosys")
        if outcome in plain:
            assert evaluate(program, number, architecture.audit) == plain[outcome], number


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_calls_of_another_architecture_kill(machine: str) -> None:
    architecture, program = ARCHITECTURES[machine], seccomp.program(machine)
    for audit in (0x40000003, 0x40000028, 0, *(other.audit for other in ARCHITECTURES.values())):
        expected = ALLOW if audit == architecture.audit else KILL
        number = next(number for name, number, _ in syscalls.calls(architecture) if name == "getpid")
        assert evaluate(program, number, audit) == expected
    for number in (0x40000000, 0x40000027, 0xFFFFFFFF):
        assert evaluate(program, number, architecture.audit) == KILL


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_arguments_are_checked_alike_on_each_architecture(machine: str) -> None:
    architecture, program = ARCHITECTURES[machine], seccomp.program(machine)
    numbers = {name: number for name, number, _ in syscalls.calls(architecture)}

    def allowed(name: str, *arguments: int) -> bool:
        result = evaluate(program, numbers[name], architecture.audit, arguments)
        assert result in (ALLOW, ERRNO, ERRNO | errno.EPERM)
        return result == ALLOW

    for flag in range(64):
        new = flag in (7, 17, 23, *range(25, 31), *range(32, 64))
        assert allowed("clone", 1 << flag) != new, flag
    for high in (0, 1 << 32, 0xFFFFFFFF << 32):
        assert not any(allowed("ioctl", 0, high | request) for request in (0x5412, 0x541C, 0x541D, 0x5423))
        assert all(allowed("ioctl", 0, high | request) for request in (0x5401, 0x5413, 0x541B, 0x5421, 0x5451))
        assert [family for family in range(64) if allowed("socket", high | family, 1)] == [1, 2, 10]
        assert [family for family in range(64) if allowed("socketpair", high | family, 1)] == [1]
        for name in ("prlimit64", "sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr"):
            assert [pid for pid in range(64) if not allowed(name, high | pid)] == [1]
        assert [pid for pid in range(64) if not allowed("setpriority", 0, high | pid)] == [1]
        assert [kind for kind in range(3) if allowed("setpriority", high | kind, 0)] == [0, 1]
        options = [option for option in range(99) if not allowed("setsockopt", 3, high | 1, option)]
        assert options == [7, 8, 26, 50, 51, 52]
        assert [option for option in range(99) if not allowed("setsockopt", 3, high | 6, high | option)] == [31]
        assert [level for level in range(300) if not allowed("setsockopt", 3, level, high | 26)] == [1]
    for flags in (0, 0o4000, 0o2000000):
        assert [kind for kind in range(16) if allowed("socket", 2, kind | flags, 0)] == [1, 2]
        assert [kind for kind in range(16) if allowed("socket", 1, kind | flags, 0)] == list(range(16))
    assert [protocol for protocol in range(300) if allowed("socket", 10, 1, protocol)] == [0, 6, 17]
    assert [value for value in range(2**20) if value & 0xFFF == 0 and allowed("personality", value)] == [0]
    assert allowed("personality", 0xFFFFFFFF)
    refused = {4, 22, 24, 26, 28, 35, 53, 59, 62, 67, 0x59616D61}
    assert {option for option in [*range(100), 0x59616D61] if not allowed("prctl", option)} >= refused
    assert all(allowed("prctl", option) for option in (1, 15, 16, 36, 38, 39, 0x53564D41))


def test_an_unknown_machine_is_refused() -> None:
    with pytest.raises(OSError, match="riscv64"):
        seccomp.program("riscv64")


# --- the numbers ---


def numbers_in(header: Path) -> dict[str, int]:
    """The numbers that a kernel header defines."""
    found = re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)\b", header.read_text(), re.MULTILINE)
    return {("newfstatat" if name == "fstatat" else name): int(number) for name, number in found}


def numbers_by_library(machine: str, names: list[str]) -> dict[str, int]:
    """The numbers that libseccomp knows."""
    found = ctypes.util.find_library("seccomp")
    if found is None:
        return {}
    resolve = ctypes.CDLL(found).seccomp_syscall_resolve_name_arch
    numbers = {name: int(resolve(ctypes.c_uint32(ARCHITECTURES[machine].audit), name.encode())) for name in names}
    return {name: number for name, number in numbers.items() if number >= 0}


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_the_numbers_are_the_kernels(machine: str) -> None:
    architecture = ARCHITECTURES[machine]
    ours = {name: number for name, number, _ in syscalls.calls(architecture)}
    both = {name: number for name, number in ours.items() if number >= 424}
    assert len(set(ours.values())) == len(ours)
    assert both == {name: number for name, number, _ in syscalls.calls(ARCHITECTURES["x86_64"]) if number >= 424}
    if machine == "aarch64":
        headers = [Path("/usr/include/asm-generic/unistd.h")]
    else:
        headers = [folder / "asm/unistd_64.h" for folder in Path("/usr/include").glob("x86_64-linux-gnu*")]
        headers += [Path("/usr/include/asm/unistd_64.h")]
    sources = [numbers_in(header) for header in headers if header.exists()]
    sources.append(numbers_by_library(machine, list(ours)))
    for source in sources:
        theirs = {name: source[name] for name in ours if name in source}
        assert theirs == {name: ours[name] for name in theirs}
    assert machine != MACHINE or any(sources) or by_behaviour(architecture)


def by_behaviour(architecture: Architecture) -> bool:
    """Whether some calls by number do what their names say."""
    numbers = {name: number for name, number, _ in syscalls.calls(architecture)}
    libc = ctypes.CDLL(None, use_errno=True)
    asked = {"getpid": os.getpid(), "getppid": os.getppid(), "getuid": os.getuid(), "getgid": os.getgid()}
    asked |= {"geteuid": os.geteuid(), "getegid": os.getegid(), "getsid": os.getsid(0), "getpgid": os.getpgid(0)}
    return all(libc.syscall(numbers[name], 0) == value for name, value in asked.items())


def test_some_calls_do_what_their_names_say() -> None:
    assert by_behaviour(HERE)


def test_what_must_never_be_allowed_is_not_on_the_list() -> None:
    listed = {name for machine in ARCHITECTURES.values() for name, *_ in syscalls.calls(machine)}
    assert listed.isdisjoint(NEVER.split())


# --- the filter, in the kernel ---


def test_every_call_that_is_not_on_the_list_is_refused() -> None:
    script = """
listed = set(numbers.values()) - {numbers["clone3"], numbers["memfd_create"]}
tell({number: call(number, -1, -1, -1, -1, -1, -1) for number in range(700) if number not in listed})
"""
    answers = told(script)
    assert isinstance(answers, dict)
    assert len(answers) > 350
    for text, answer in answers.items():
        number = int(text)
        exists = any(first <= number <= last for first, last in HERE.known)
        hidden = number in (NUMBERS["clone3"], NUMBERS["memfd_create"])
        assert answer == ("EPERM" if exists and not hidden else "ENOSYS"), number


def test_no_argument_leads_around_the_filter() -> None:
    script = """
import pty
master, slave = pty.openpty()
new = [0x80, 0x20000, 0x800000, *(1 << bit for bit in range(25, 31)), 1 << 32, 1 << 63]
tell({
    "clone": [call(numbers["clone"], flag | signal.SIGCHLD, 0, 0, 0, 0) for flag in new],
    "ioctl": [call(numbers["ioctl"], slave, high | 0x5412, 0) for high in (0, 1 << 32, 1 << 63)],
    "socket": [call(numbers["socket"], family, 3, 0) for family in range(46)],
    "odd": [call(numbers["socket"], 2, *rest) for rest in ((10, 0), (5, 132), (1, 132), (6, 33), (1, 262))],
    "pair": [call(numbers["socketpair"], family, 1, 0, 0) for family in (2, 16, 30, 40)],
    "setsockopt": [call(numbers["setsockopt"], 1, 1, option, 0, 0) for option in (26, 50, 51, 52)],
    "prctl": [call(numbers["prctl"], option, 0, 0, 0, 0) for option in (4, 22, 35, 53, 62, 67, 0x59616d61)],
    "personality": [call(numbers["personality"], value) for value in (8, 0x40000, 0x400000)],
    "first": [
        call(numbers[name], 1, 0, 0, 0)
        for name in ("prlimit64", "sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr")
    ],
    "setpriority": [call(numbers["setpriority"], 0, 1, 0), call(numbers["setpriority"], 2, 0, 0)],
})
"""
    answers = told(script)
    assert isinstance(answers, dict)
    sockets = answers.pop("socket")
    assert {family for family, answer in enumerate(sockets) if answer != "EPERM"} <= {1}  # raw ones of the others too
    for name, found in answers.items():
        assert set(found) == {"EPERM"}, name


def test_the_buffers_of_sockets_keep_their_sizes() -> None:
    script = """
ends = socket.socketpair()
before = [ends[0].getsockopt(socket.SOL_SOCKET, option) for option in (socket.SO_SNDBUF, socket.SO_RCVBUF)]
for option in (socket.SO_SNDBUF, socket.SO_RCVBUF): ends[0].setsockopt(socket.SOL_SOCKET, option, 4 * before[0])
ends[0].setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
after = [ends[0].getsockopt(socket.SOL_SOCKET, option) for option in (socket.SO_SNDBUF, socket.SO_RCVBUF)]
tell([after == before, ends[0].getsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED)])
"""
    assert told(script) == [True, 1]


def test_arguments_in_honest_use_are_allowed() -> None:
    script = """
tell([
    call(numbers["personality"], 0xffffffff) == 0,
    call(numbers["prctl"], 15, ctypes.addressof(ctypes.create_string_buffer(b"name")), 0, 0, 0) == 0,
    call(numbers["prctl"], 39, 0, 0, 0, 0) == 1,
    call(numbers["socket"], 1, 1, 0) >= 0,
    call(numbers["socket"], 2, 1 | 0o2000000, 6) >= 0,
    call(numbers["socket"], 10, 2, 17) != "EPERM",
    call(numbers["sync"]) == 0,
    call(numbers["syncfs"], -1) == 0,
])
"""
    assert told(script) == [True] * 8


def test_it_binds_threads_children_and_programs_that_they_start() -> None:
    script = f"""
import subprocess, threading
begin, seen = threading.Event(), []
def work():
    begin.wait(20)
    seen.append(call({UNSHARE[MACHINE]}, 0))
early = threading.Thread(target=work)
early.start()
seccomp.install()
begin.set()
early.join(20)
late = threading.Thread(target=work)
late.start()
late.join(20)
text = "import ctypes; print(ctypes.CDLL(None).syscall({UNSHARE[MACHINE]}, 0))"
seen.append(subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=20).stdout.strip())
tell(seen)
"""
    assert told(script, install=False) == ["EPERM", "EPERM", "-1"]


def test_it_is_set_once_and_for_good() -> None:
    script = "try: seccomp.install()\nexcept PermissionError as error: tell(str(error))\n"
    assert "seccomp" in str(told(script))


@pytest.mark.parametrize("machine", sorted({*ARCHITECTURES} - {MACHINE}))
def test_a_call_in_the_manner_of_another_architecture_ends_the_process(machine: str) -> None:
    script = f"""
code = seccomp.program({machine!r})
header = struct.pack("HP", len(code) // 8, ctypes.cast(code, ctypes.c_void_p).value)
assert libc.prctl(38, 1, 0, 0, 0) == 0
libc.syscall({HERE.seccomp}, 1, 0, header)
os._exit(0)
"""
    assert run(script, install=False).returncode == -signal.SIGSYS


@pytest.mark.skipif(MACHINE != "x86_64", reason="only there other numbers and other instructions reach the kernel")
@pytest.mark.parametrize(
    "script",
    [
        pytest.param("call(0x40000000 | 39)", id="x32"),
        pytest.param(
            # mov eax, 20 (getpid); int 0x80; ret
            "import mmap\npage = mmap.mmap(-1, 4096, prot=7)\npage.write(b'\\xb8\\x14\\0\\0\\0\\xcd\\x80\\xc3')\n"
            "address = ctypes.addressof(ctypes.c_char.from_buffer(page))\nctypes.CFUNCTYPE(ctypes.c_int)(address)()",
            id="i386",
        ),
    ],
)
def test_a_call_of_the_other_instruction_sets_ends_the_process(script: str) -> None:
    assert run(script + "\nos._exit(0)").returncode == -signal.SIGSYS
