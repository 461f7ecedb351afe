"""How the docker backend stands an engine that restarts, dies, hangs or forgets: with an engine of the tests' own."""

import asyncio
import contextlib
import gc
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from sandbox import docker as backend
from sandbox import docker_image
from sandbox.boxed import BoxedSandbox
from sandbox.docker import Docker
from sandbox.errors import SandboxCrashed, SandboxUnavailable
from sandbox.protocol import Sandbox
from sandbox.types import AssertSuite, Execution, Limits

from .containers import containers_of, running_in, sleeper

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]
OpenBackend = Callable[[], Sandbox]
SUITE = AssertSuite(("assert f() == 1",))
LIMITS = Limits(wall_s=120)
GOOD = "def f(): return 1"
_START_S = 60.0

pytestmark = [
    pytest.mark.parametrize("open_walled", ["docker"], indirect=True),
    pytest.mark.filterwarnings("ignore:.*<socket.socket fd=.*:pytest.PytestUnraisableExceptionWarning"),
]


class Engine:
    """A dockerd of our own, which has nothing in common with any other."""

    def __init__(self, folder: Path) -> None:
        self.address = f"unix://{folder}/socket"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "config").write_text("{}")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [
            # A dockerd without a bridge removes the one that another may have made: so in a network of its own.
            *(
                "unshare",
                "--net",
                "--mount",
                "dockerd",
                "--config-file",
                self._folder / "config",
                "--host",
                self.address,
            ),
            *("--data-root", self._folder / "data", "--exec-root", self._folder / "exec"),
            *("--pidfile", self._folder / "pid", "--bridge=none", "--iptables=false", "--ip-forward=false"),
            *("--containerd-namespace", f"tests-{os.getpid()}"),
            *("--containerd-plugins-namespace", f"tests-{os.getpid()}-plugins"),
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as knock:
                knock.connect(str(self._folder / "socket"))
                return  # it listens only when it can answer
            time.sleep(0.1)
        pytest.fail(f"the tests' engine did not start:\n{(self._folder / 'log').read_text()[-3000:]}")

    @contextlib.contextmanager
    def client(self) -> Iterator[Any]:
        """Ask it, past the backend."""
        opened = docker.DockerClient(self.address)
        try:
            yield opened
        finally:
            opened.close()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it, and wait until it has ended."""
        if self._process is not None:
            self.send(number)
            self.send(signal.SIGCONT)
            self._process.wait(timeout=60)
            self._process = None
            self._forget_containerd()

    def _forget_containerd(self) -> None:
        """A killed dockerd's containerd dies too; as a zombie it would be taken for one that is alive."""
        known = self._folder / "exec" / "containerd" / "containerd.pid"
        if known.exists():
            stat = Path("/proc", known.read_text().strip(), "stat")
            with contextlib.suppress(FileNotFoundError):
                while stat.read_text().rpartition(")")[2].split()[0] != "Z":
                    time.sleep(0.05)
            known.unlink()


@pytest.fixture(scope="module")
def stopped(open_walled: OpenBackend) -> Iterator[Engine]:
    """An engine that is not running, and has the sandbox's image."""
    if os.geteuid() != 0 or not shutil.which("dockerd"):
        missing = "only root can start an engine, and where dockerd is"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    with tempfile.TemporaryDirectory(prefix="engine-", dir="/var/tmp") as folder:
        engine = Engine(Path(folder))
        try:
            engine.start()
            with contextlib.closing(backend.connect(60)) as client, engine.client() as ours:
                ours.images.load(client.images.get(base()).save(named=True))
                docker_image.ensure(ours)
            yield engine
        finally:
            engine.stop()


def base() -> str:
    """The name of the image from which the sandbox's is made."""
    dockerfile = Path(docker_image.__file__).parent / "image" / "Dockerfile"
    return next(line.split()[1] for line in dockerfile.read_text().splitlines() if line.startswith("FROM "))


@pytest.fixture
def engine(stopped: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The engine, running, and the one that the environment names."""
    stopped.stop()
    stopped.start()
    monkeypatch.setenv("DOCKER_HOST", stopped.address)
    yield stopped
    with stopped.client() as client:
        deadline = time.monotonic() + 20  # it removes in its own time what was left while it was gone
        while containers_of(client) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not containers_of(client)
    gc.collect()  # now, and not in another's test: docker's own client leaves its socket open where nobody listens


async def asleep(engine: Engine, eventually: Eventually) -> str:
    """The container whose candidate sleeps at this moment, once there is one."""
    with engine.client() as client:
        await eventually(lambda: any("asleep" in running_in(client, each) for each in containers_of(client)))
        return next(each for each in containers_of(client) if "asleep" in running_in(client, each))


async def begun(sandbox: Sandbox, engine: Engine, eventually: Eventually) -> "asyncio.Task[Execution]":
    """A run whose candidate sleeps for some seconds at this moment."""
    task = asyncio.create_task(sandbox.run(sleeper("asleep", 5), SUITE, LIMITS))
    await asleep(engine, eventually)
    return task


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_run_survives_a_restart_of_the_engine(
    engine: Engine, eventually: Eventually, number: signal.Signals
) -> None:
    sandbox = BoxedSandbox(Docker())
    run = await begun(sandbox, engine, eventually)
    await asyncio.to_thread(engine.stop, number)
    assert not run.done()
    await asyncio.sleep(1)
    await asyncio.to_thread(engine.start)
    execution = await run
    assert execution.passed
    assert execution.wall_s > 5
    for _ in range(2):
        assert (await sandbox.run(GOOD, SUITE)).passed
    await sandbox.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the backend give an engine up after a few seconds."""
    for name, seconds in (("_PATIENCE_S", 2.0), ("_KNOCK_S", 1.0), ("_CALL_S", 8.0)):
        monkeypatch.setattr(backend, name, seconds)


@pytest.mark.usefixtures("impatient")
async def test_an_engine_that_is_gone_is_unavailable_until_it_is_back(engine: Engine, eventually: Eventually) -> None:
    sandbox = BoxedSandbox(Docker())
    run = await begun(sandbox, engine, eventually)
    engine.stop(signal.SIGKILL)
    for waiting in (run, sandbox.run(GOOD, SUITE)):
        with pytest.raises(SandboxUnavailable, match=f"{engine.address}.*DOCKER_HOST"):
            await asyncio.wait_for(waiting, 60)
    engine.start()
    assert (await sandbox.run(GOOD, SUITE)).passed
    await sandbox.close()


@pytest.mark.usefixtures("impatient")
async def test_an_engine_that_hangs_is_unavailable_until_it_goes_on(engine: Engine) -> None:
    sandbox = BoxedSandbox(Docker(spares=0))
    assert (await sandbox.run(GOOD, SUITE)).passed
    engine.send(signal.SIGSTOP)
    with pytest.raises(SandboxUnavailable, match=f"{engine.address}.*DOCKER_HOST"):
        await asyncio.wait_for(sandbox.run(GOOD, SUITE), 60)
    engine.send(signal.SIGCONT)
    assert (await sandbox.run(GOOD, SUITE)).passed
    await sandbox.close()


async def test_an_engine_that_has_lost_the_image_gets_it_again(engine: Engine) -> None:
    sandbox = BoxedSandbox(Docker(spares=0))
    assert (await sandbox.run(GOOD, SUITE)).passed
    with engine.client() as client:
        client.images.remove(docker_image.context().tag)
    assert (await sandbox.run(GOOD, SUITE)).passed
    await sandbox.close()


async def test_a_container_that_dies_is_replaced(engine: Engine, eventually: Eventually) -> None:
    sandbox = BoxedSandbox(Docker())
    run = await begun(sandbox, engine, eventually)
    with engine.client() as client:
        client.api.kill(await asleep(engine, eventually))
    assert (await run).passed
    await sandbox.close()


async def test_containers_that_die_again_and_again_are_a_crash(engine: Engine, eventually: Eventually) -> None:
    sandbox = BoxedSandbox(Docker())
    run = asyncio.create_task(sandbox.run(sleeper("asleep", 600), SUITE, LIMITS))
    killed: set[str] = set()
    with engine.client() as client:
        while not run.done():
            for container in containers_of(client) - killed:
                if "asleep" in running_in(client, container):
                    client.api.kill(container)
                    killed.add(container)
            await asyncio.sleep(0.01)
    with pytest.raises(SandboxCrashed, match="ended without an answer"):
        await run
    assert len(killed) > 1
    assert (await sandbox.run(GOOD, SUITE)).passed
    await sandbox.close()
