"""What this machine is, as far as it decides which sandbox can work on it."""

import asyncio
import contextlib
import importlib
import os
import platform
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.bubblewrap import find_bwrap
from sandbox.docker import address, knock

_SETTINGS = (
    "kernel/unprivileged_userns_clone",
    "kernel/apparmor_restrict_unprivileged_userns",
    "user/max_user_namespaces",
)
_ASK_S = 10.0


@dataclass(frozen=True)
class Engine:
    """A Docker engine.

    Attributes:
        version: Empty where none answered.
        runtimes: The names under which it knows its runtimes.
        cgroup: Version of control groups: `1`, `2`, empty where unknown.
        rootless: Whether it runs as an ordinary user.
        problem: Why nothing is known of it; empty where something is.
    """

    version: str = ""
    runtimes: tuple[str, ...] = ()
    cgroup: str = ""
    rootless: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Machine:
    """Facts, for the user to read and to put into a report of a defect.

    Attributes:
        system: Kernel and its release.
        architecture: For example `x86_64`.
        python: Version of the running interpreter, whose standard library candidates use.
        processors: How many.
        user: The effective user's number; 0 is root, None where the system has no such thing.
        container: What kind of container this is, `""` where it seems to be none.
        settings: Those of the kernel that decide over name spaces, where it has them.
        bwrap: Path of the `bwrap` that is used, and its version.
        engine: The Docker engine.
    """

    system: str
    architecture: str
    python: str
    processors: int
    user: int | None
    container: str
    settings: dict[str, int] = field(default_factory=dict)
    bwrap: tuple[str, str] | None = None
    engine: Engine = field(default_factory=Engine)


async def look() -> Machine:
    """Find out about this machine. Takes up to some seconds where a Docker engine does not answer."""
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        architecture=platform.machine(),
        python=platform.python_version(),
        processors=os.cpu_count() or 1,
        user=os.geteuid() if hasattr(os, "geteuid") else None,
        container=_container(),
        settings=_settings(),
        bwrap=await _bwrap(),
        engine=await asyncio.to_thread(_engine),
    )


def _settings() -> dict[str, int]:
    found = {}
    for name in _SETTINGS:
        with contextlib.suppress(OSError, ValueError):
            found[name.replace("/", ".")] = int(Path("/proc/sys", name).read_text())
    return found


def _container() -> str:
    """Name the kind of container by the marks that engines leave in it."""
    if os.path.exists("/.dockerenv"):
        return "docker"
    if os.path.exists("/run/.containerenv"):
        return "podman"
    if "KUBERNETES_SERVICE_HOST" in os.environ:
        return "kubernetes"
    with contextlib.suppress(OSError):
        return Path("/run/systemd/container").read_text().strip() or "unknown"
    with contextlib.suppress(OSError):  # only root may read it
        for entry in Path("/proc/1/environ").read_bytes().split(b"\0"):
            if entry.startswith(b"container="):
                return os.fsdecode(entry.partition(b"=")[2]) or "unknown"
    return ""


async def _bwrap() -> tuple[str, str] | None:
    path = find_bwrap() if sys.platform == "linux" else None
    if path is None:
        return None
    try:
        process = await asyncio.create_subprocess_exec(
            path, "--version", stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        return path, f"can't be run: {error.strerror}"
    try:
        async with asyncio.timeout(_ASK_S):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return path, "does not answer"
    words = said.decode("utf-8", "backslashreplace").split()
    return path, words[-1] if process.returncode == 0 and words else "does not tell its version"


def _engine() -> Engine:
    """Ask the Docker engine that the environment names, or the local one."""
    try:
        docker: Any = importlib.import_module("docker")
        errors: Any = importlib.import_module("docker.errors")
        requests: Any = importlib.import_module("requests")
    except ImportError:
        return Engine(problem="the Python package `docker` is not installed")
    failures = (errors.DockerException, requests.RequestException, OSError, ValueError)
    try:
        knock(_ASK_S)
        client = docker.from_env(timeout=_ASK_S)
        try:
            info = client.info()
        finally:
            client.close()
    except failures as error:
        return Engine(problem=_problem(error))
    return Engine(
        version=str(info.get("ServerVersion", "")),
        runtimes=tuple(sorted(info.get("Runtimes") or {})),
        cgroup=str(info.get("CgroupVersion", "")),
        rootless=any("rootless" in option for option in info.get("SecurityOptions") or ()),
    )


def _problem(error: Exception) -> str:
    """Why an engine did not answer; what the library says buries it."""
    said = " ".join(str(error).split())
    if isinstance(error, PermissionError) or "Permission denied" in said:
        return f"no permission to reach {address()}"
    if isinstance(error, FileNotFoundError) or "refused" in said:
        return f"no engine at {address()}"
    return f"no answer from {address()}: {said[:300] or type(error).__name__}"
