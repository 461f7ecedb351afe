"""The system calls that a container may make, as Docker takes them: what a candidate may, and what the runner needs.

The runner builds the walls of every run inside the container, so more is allowed here than to a candidate, whose own
filter (`sandbox.runner.seccomp`) is stricter and comes on top. What the container's runtime calls between setting this
profile and starting the runner is among what any program may call.
"""

from typing import Any

from sandbox.runner.syscalls import CALLS, CLONE_REFUSED, FAMILIES, PERSONALITIES

# Name spaces and mounts of a run; the count of its processes; its own filter; what a program reads as its input.
_RUNNER = ("unshare", "mount", "mount_setattr", "ptrace", "seccomp", "memfd_create")
# Their arguments are for the candidate's filter to check.
_ANYHOW = ("allow", "ioctl", "prctl", "process", "setpriority", "setsockopt")
_ENOSYS = 38  # of Linux, whatever the machine is that asks the engine


def profile() -> dict[str, Any]:
    """The profile; as JSON it is the value of Docker's `--security-opt seccomp=`.

    Calls in the manner of another architecture (of 32 bits, x32) end the process. Names that an older engine does not
    know are left out by it.
    """
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 1,
        "archMap": [
            {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": []},
            {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": []},
        ],
        "syscalls": [
            _allow(*(name for outcome in _ANYHOW for name in _names(outcome)), *_RUNNER),
            _allow("clone", when=(CLONE_REFUSED, "SCMP_CMP_MASKED_EQ")),
            *(_allow("personality", when=(value, "SCMP_CMP_EQ")) for value in PERSONALITIES),
            *(_allow("socket", when=(family, "SCMP_CMP_EQ")) for family in FAMILIES),
            _allow("socketpair", when=(FAMILIES[0], "SCMP_CMP_EQ")),
            {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": _ENOSYS},
        ],
    }


def _names(outcome: str) -> list[str]:
    return [row.split()[0] for row in CALLS[outcome].split(",")]


def _allow(*names: str, when: tuple[int, str] | None = None) -> dict[str, Any]:
    """Allow some calls: always, or if so says a comparison of the first argument (masked: if no such bit is set)."""
    rule: dict[str, Any] = {"names": list(names), "action": "SCMP_ACT_ALLOW"}
    if when is not None:
        rule["args"] = [{"index": 0, "value": when[0], "valueTwo": 0, "op": when[1]}]
    return rule
