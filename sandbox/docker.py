"""Backend `docker`: the runner in a hardened container for each job, by runc or, stronger, by gVisor's runsc.

A container has no network, a read-only root, no capability, no way to gain privileges, and its own limits. In it the
runner makes name spaces of its own for every candidate, so the container's seccomp profile lets it.
"""

import asyncio
import contextlib
import functools
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox import docker_image
from sandbox.container import ContainerBox, remove
from sandbox.errors import SandboxUnavailable
from sandbox.seccomp_profile import profile
from sandbox.types import Suite

LABEL = "selfdebug.sandbox"
_USER = "65534:65534"
_TESTS_GROUP = 65533  # the folder of the tests' own files is this group's, which a candidate is not in
_TESTS = "/box/tests"
_MEMORY_BYTES = 4 * 2**30  # of the whole container; each candidate has a limit of its own within
_SCRATCH_BYTES = 512 * 2**20
_PROCESSES, _THREADS_OF_A_KERNEL = 1024, 16384  # runsc runs each process on several threads of its own
_PROCESSORS = 2.0
_PATIENCE_S, _PAUSE_S = 30.0, 0.5  # for an engine that restarts
_FORGOTTEN_S = 3600.0
_CALL_S, _KNOCK_S = 60.0, 5.0  # the longest silence of an engine at work, and of one asked whether it is there


class Docker:
    """Starts the runner in containers of the engine that `DOCKER_HOST` names, or the local one."""

    def __init__(self, runtime: str | None = None, spares: int = 1) -> None:
        """Use the engine's runtime of that name, or its default one; hold so many containers ready."""
        self.isolation = f"docker+{runtime}" if runtime else "docker"
        self.spares = spares
        self._runtime = runtime
        self._client: Any = None
        self._image = ""
        self._options: dict[str, Any] = {}
        self._ready: asyncio.Task[None] | None = None
        self._recovering: asyncio.Task[None] | None = None
        self._lost: set[str] = set()  # names of containers that may still be there, because the engine was not
        self._closed = False

    async def prepare(self) -> None:
        """Reach the engine, build the image where it is missing, and remove what dead owners have left.

        Raises:
            SandboxUnavailable: Something of it can't be done; the message names the cure.
        """
        if self._ready is None or (self._ready.done() and self._ready.exception() is not None):
            self._ready = asyncio.create_task(asyncio.to_thread(self._prepare))
        await asyncio.shield(self._ready)

    async def check(self) -> None:
        """Wait for an engine that restarts, and prepare anew: it may have lost the image, or the runtime.

        Raises:
            SandboxUnavailable: It does not come back; or something of it can't be done.
        """
        if self._recovering is None or self._recovering.done():
            self._recovering = asyncio.create_task(self._recover())
        await asyncio.shield(self._recovering)

    def box(self, suite: Suite) -> ContainerBox:
        """A container; any suite can run in it."""
        return ContainerBox(self._client.api, self._create, self._lost)

    def kind(self, suite: Suite) -> str:
        """Every suite can run in every container."""
        return ""

    def site(self, suite: Suite) -> tuple[str, ...]:
        """Where pytest lies in the image."""
        return (docker_image.SITE,)

    async def close(self) -> None:
        """Close the connections to the engine."""
        self._closed = True
        for task in (self._recovering, self._ready):
            if task is not None:
                await asyncio.gather(task, return_exceptions=True)
        if self._client is not None:
            await asyncio.to_thread(self._find_lost)
            await asyncio.to_thread(self._client.close)

    async def _recover(self) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                await asyncio.to_thread(_look)
                self._ready = None
                await self.prepare()
                return
            except SandboxUnavailable:
                if self._closed or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(_PAUSE_S)

    def _prepare(self) -> None:
        self._client = self._client or connect(_CALL_S)
        with _reached():
            self._prepare_with(self._client.info())

    def _prepare_with(self, info: dict[str, Any]) -> None:
        if self._runtime and self._runtime not in info.get("Runtimes", {}):
            known = ", ".join(sorted(info.get("Runtimes", {})))
            raise SandboxUnavailable(
                f"the Docker engine has no runtime {self._runtime!r}, only {known}. For gVisor install runsc, name it "
                'in /etc/docker/daemon.json: {"runtimes": {"runsc": {"path": "/usr/bin/runsc"}}}, and restart Docker.'
            )
        self._image = docker_image.ensure(self._client)
        sweep(self._client)
        docker_image.sweep(self._client)
        self._find_lost()
        self._options = self._client.api.create_host_config(**_walls(info, self._runtime))
        # The kernel lets a candidate have a /proc of its own only where nothing of the container's is covered.
        self._options |= {"MaskedPaths": ["/sys/firmware", "/sys/devices/virtual/powercap"], "ReadonlyPaths": []}

    def _find_lost(self) -> None:
        """Remove the containers that could not be removed when they ended, until the engine is gone again."""
        for name in tuple(self._lost):
            if not remove(self._client.api, name):
                return
            self._lost.discard(name)

    def _create(self, name: str) -> None:
        self._client.api.create_container(
            self._image,
            name=name,
            host_config=self._options,
            stdin_open=True,
            tty=False,
            stop_signal="SIGKILL",  # so that an engine that is told to end need not wait for candidates
            user=_USER,
            environment={"TMPDIR": _TESTS},
            network_disabled=True,
            hostname="box",
            labels={LABEL: _me()},
        )


def connect(timeout_s: float) -> Any:
    """A client of the engine that the environment names, which waits so long for an answer.

    Raises:
        SandboxUnavailable: There is none, or it can't be reached; the message names the cure.
    """
    try:
        import docker
    except ImportError as error:
        raise SandboxUnavailable("the docker package is missing: pip install 'selfdebug[docker]'") from error
    with _reached(), contextlib.ExitStack() as stack:
        knock(_KNOCK_S)
        client = docker.from_env(timeout=timeout_s)
        stack.callback(client.close)
        client.ping()
        stack.pop_all()
    return client


def _look() -> None:
    """See whether the engine answers now.

    Raises:
        SandboxUnavailable: It does not; the message names the cure.
    """
    connect(_KNOCK_S).close()


@contextlib.contextmanager
def _reached() -> Iterator[None]:
    """Say how to cure what keeps us from the engine."""
    from docker.errors import APIError, DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except APIError as error:
        raise SandboxUnavailable(f"the Docker engine at {address()} refuses: {error}") from error
    except (DockerException, RequestException, OSError) as error:
        raise SandboxUnavailable(f"no Docker engine can be reached at {address()}. {_cure(error)}") from error


def address() -> str:
    """Where the engine is that the environment names, else the local one."""
    return os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


def knock(timeout_s: float) -> None:
    """See whether somebody listens: docker's own client leaks its socket, and buries the reason, where nobody does.

    Raises:
        OSError: Nobody does, or not for us.
    """
    if address().startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(timeout_s)
            sock.connect(address().removeprefix("unix://"))


def _cure(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "You may not use its socket: `sudo usermod -aG docker $USER`, then log in again."
    if os.environ.get("DOCKER_HOST"):
        return f"DOCKER_HOST says so: start an engine there, or unset it to use the local one ({error})."
    return (
        f"Install one (https://docs.docker.com/engine/install), or start it: `sudo systemctl start docker` ({error})."
    )


def _walls(info: dict[str, Any], runtime: str | None) -> dict[str, Any]:
    """The options of a container, for an engine that tells such things of itself."""
    security = ["no-new-privileges", f"seccomp={json.dumps(profile())}"]
    if any("apparmor" in option for option in info.get("SecurityOptions", [])):
        security.append("apparmor=unconfined")  # its default profile forbids the mounts that wall candidates off
    return {
        "runtime": runtime,
        "network_mode": "none",
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": security,
        "group_add": [_TESTS_GROUP],
        "pids_limit": _THREADS_OF_A_KERNEL if runtime else _PROCESSES,
        "mem_limit": _MEMORY_BYTES,
        "memswap_limit": _MEMORY_BYTES,  # memory and swap together: so none
        "nano_cpus": int(min(_PROCESSORS, info["NCPU"]) * 1e9),
        "tmpfs": {
            "/tmp": f"rw,nosuid,nodev,size={_SCRATCH_BYTES},mode=1777",
            f"{docker_image.JAIL}/tmp": f"rw,nosuid,nodev,size={_SCRATCH_BYTES},mode=1777",
            f"{docker_image.JAIL}/dev/shm": f"rw,nosuid,nodev,size={_SCRATCH_BYTES},mode=1777",
            _TESTS: f"rw,nosuid,nodev,size={_SCRATCH_BYTES},uid=0,gid={_TESTS_GROUP},mode=0770",
        },
        "ipc_mode": "private",
        "cgroupns": "private",
        "shm_size": _SCRATCH_BYTES,
        "log_config": {"type": "none", "config": {}},
        "auto_remove": True,
    }


@functools.cache
def _here() -> str:
    """This machine since it was started, and the process name space that owners are known by."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    if not boot.exists():
        return "elsewhere"
    return f"{boot.read_text().strip()}/{os.readlink('/proc/self/ns/pid')}"


def _started(pid: int) -> str:
    """When a process was started, in ticks since boot; empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _me() -> str:
    return f"{_here()} {os.getpid()} {_started(os.getpid())}"


def sweep(client: Any, forgotten_s: float = _FORGOTTEN_S) -> int:
    """Remove the containers whose owner, a process of this machine, is gone. How many there were.

    Args:
        forgotten_s: One that has not been started for so long is nobody's, whoever made it.
    """
    from docker.errors import APIError

    found = 0
    for container in client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True, sparse=True):
        here, pid, started = [*container.attrs["Labels"][LABEL].rsplit(" ", 2), "", ""][:3]
        orphan = here == _here() and pid.isdigit() and _started(int(pid)) != started
        age_s = time.time() - container.attrs["Created"]
        if orphan or (container.attrs["State"] == "created" and age_s > forgotten_s):
            found += 1
            with contextlib.suppress(APIError):  # another sweep, or the engine itself, was faster
                container.remove(force=True)
    return found
