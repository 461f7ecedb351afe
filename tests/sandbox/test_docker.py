"""The docker backend's own ways: whose its containers are, what walls they have, and what it says where there are none.

How it stands an engine that restarts is in `test_docker_engine`.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from sandbox import docker as backend
from sandbox import docker_image
from sandbox.boxed import BoxedSandbox
from sandbox.container import ContainerBox
from sandbox.docker import LABEL, Docker
from sandbox.errors import SandboxCrashed, SandboxUnavailable
from sandbox.protocol import Sandbox
from sandbox.select import open_sandbox
from sandbox.types import AssertSuite, Limits, PytestSuite

from .containers import containers_of, running_in, sleeper

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]
OpenBackend = Callable[[], Sandbox]
REPOSITORY = Path(__file__).parents[2]
SUITE = AssertSuite(("assert f() == 1",))
GOOD = "def f(): return 1"
BARE_PYTHON = "/usr/bin/python3"  # one that every user may run

DOCKER = pytest.mark.parametrize("open_walled", ["docker"], indirect=True)
BOTH = pytest.mark.parametrize("open_walled", ["docker", "gvisor"], indirect=True)


@pytest.fixture
def client(open_walled: OpenBackend) -> Iterator[Any]:
    """The engine that the tests use; this process owns no container in it, also after a test that failed."""
    opened = backend.connect(60)
    for container in containers_of(opened):
        opened.api.remove_container(container, force=True)
    yield opened
    opened.close()


@DOCKER
async def test_a_job_takes_the_spare_container_and_another_is_made_ready(
    open_walled: OpenBackend, client: Any, eventually: Eventually
) -> None:
    sandbox = open_walled()
    assert (await sandbox.run(GOOD, SUITE)).passed
    await eventually(lambda: len(containers_of(client)) == 1)
    spare = containers_of(client)
    async with sandbox.job() as job:
        assert (await job.run(GOOD, SUITE)).passed
        await eventually(lambda: len(containers_of(client)) == 2)
        assert spare < containers_of(client)
        both = containers_of(client)
    assert containers_of(client) == both - spare
    await sandbox.close()
    assert not containers_of(client)


@BOTH
async def test_jobs_never_share_a_container_and_the_runs_of_one_do(
    open_walled: OpenBackend, client: Any, eventually: Eventually
) -> None:
    sandbox = open_walled()
    async with sandbox.job() as first:
        async with sandbox.job() as second:
            for job in (first, second):  # the first one's container is idle when the second one looks for one
                assert (await job.run(GOOD, SUITE)).passed
            await eventually(lambda: len(containers_of(client)) == 3)
            everything = containers_of(client)
            for _ in range(3):
                done = await asyncio.gather(*(job.run(GOOD, SUITE) for job in (first, second)))
                assert all(execution.passed for execution in done)
            assert containers_of(client) == everything
        after_second = containers_of(client)
    after_first = containers_of(client)
    assert len(everything - after_second) == len(after_second - after_first) == len(after_first) == 1
    await sandbox.close()
    assert not containers_of(client)


@DOCKER
async def test_no_container_outlives_its_job_however_that_ends(open_walled: OpenBackend, client: Any) -> None:
    sandbox = BoxedSandbox(Docker(spares=0))
    endings = [GOOD, "def f(): return 2", "import os; os._exit(0)", "f = (", sleeper("late", 60)]
    for program in endings:
        await sandbox.run(program, SUITE, Limits(wall_s=1))
        assert not containers_of(client)
    with contextlib.suppress(ZeroDivisionError):
        async with sandbox.job() as job:
            await job.run(GOOD, SUITE)
            assert len(containers_of(client)) == 1
            raise ZeroDivisionError
    assert not containers_of(client)
    await sandbox.close()


@BOTH
async def test_cancelling_at_any_moment_leaves_no_container(open_walled: OpenBackend, client: Any) -> None:
    for step in range(12):
        sandbox = open_walled()
        running = asyncio.create_task(sandbox.run(sleeper("cancelled", 60), SUITE, Limits(wall_s=600)))
        await asyncio.sleep(step * 0.05)
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled()
        await sandbox.close()
        assert not containers_of(client)


@BOTH
async def test_closing_ends_what_runs(open_walled: OpenBackend, client: Any, eventually: Eventually) -> None:
    sandbox = open_walled()
    running = asyncio.create_task(sandbox.run(sleeper("closed", 60), SUITE, Limits(wall_s=600)))
    await eventually(lambda: len(containers_of(client)) == 2)
    await sandbox.close()
    assert not containers_of(client)
    with pytest.raises(SandboxCrashed):
        await running
    with pytest.raises(SandboxCrashed):
        await sandbox.run(GOOD, SUITE)
    assert not containers_of(client)


@DOCKER
async def test_many_boxes_work_at_once(open_walled: OpenBackend, client: Any, eventually: Eventually) -> None:
    """More of them than a default pool has threads: none waits for the others' candidates to end."""
    most = (os.cpu_count() or 1) + 6
    sandbox = BoxedSandbox(Docker(spares=0), boxes=most + 1)
    limits = Limits(wall_s=600)
    slow = [asyncio.create_task(sandbox.run(sleeper("slow", 60), SUITE, limits)) for _ in range(most)]
    await eventually(lambda: all("slow" in running_in(client, each) for each in containers_of(client)))
    await eventually(lambda: len(containers_of(client)) == most)
    assert (await sandbox.run(GOOD, SUITE)).passed
    assert not any(task.done() for task in slow)
    await sandbox.close()
    assert not containers_of(client)
    await asyncio.wait(slow)


OWNER = """
    import asyncio
    from sandbox.select import open_sandbox
    from sandbox.types import AssertSuite, Limits, PytestSuite

    async def main():
        sandbox = open_sandbox("docker", runtime={runtime!r})
        async with sandbox.job() as job:
            await job.run({program!r}, AssertSuite(("assert f() == 1",)), Limits(wall_s=600))

    asyncio.run(main())
"""


@pytest.fixture
def owner(open_walled: OpenBackend, request: pytest.FixtureRequest) -> Iterator["subprocess.Popen[bytes]"]:
    """Another process, whose job runs a candidate named `orphan` that sleeps."""
    runtime = "runsc" if open_walled().isolation == "docker+runsc" else None
    code = textwrap.dedent(OWNER).format(runtime=runtime, program=sleeper("orphan", 600))
    process = subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY)
    yield process
    process.kill()
    process.wait(timeout=20)


@DOCKER
async def test_an_owner_that_is_killed_leaves_no_container(
    owner: "subprocess.Popen[bytes]", client: Any, eventually: Eventually
) -> None:
    await eventually(lambda: len(containers_of(client, owner.pid)) == 2)
    await eventually(lambda: any("orphan" in running_in(client, each) for each in containers_of(client, owner.pid)))
    owner.send_signal(signal.SIGKILL)
    owner.wait(timeout=20)
    await eventually(lambda: not containers_of(client, owner.pid))


@DOCKER
async def test_containers_of_dead_owners_alone_are_swept(
    open_walled: OpenBackend, client: Any, owners: dict[str, str]
) -> None:
    image = docker_image.ensure(client)
    made = {name: client.containers.create(image, labels={LABEL: label}) for name, label in owners.items()}
    running = client.containers.run(image, labels={LABEL: owners["dead"]}, detach=True, stdin_open=True)
    try:
        sandbox = open_walled()
        assert (await sandbox.run(GOOD, SUITE)).passed
        await sandbox.close()
        there = {container.id for container in client.containers.list(all=True, ignore_removed=True)}
        assert {name for name in made if made[name].id in there} == {"living", "elsewhere", "nonsense"}
        assert running.id not in there
    finally:
        for container in (*made.values(), running):
            with contextlib.suppress(docker.errors.NotFound):
                container.remove(force=True)


@DOCKER
def test_what_was_never_started_is_swept_in_time_whoever_made_it(
    open_walled: OpenBackend, client: Any, owners: dict[str, str]
) -> None:
    image = docker_image.ensure(client)
    made = client.api.create_container(image, labels={LABEL: owners["elsewhere"]})["Id"]
    backend.sweep(client)
    assert client.api.containers(all=True, filters={"id": made})
    backend.sweep(client, forgotten_s=-3600.0)
    assert not client.api.containers(all=True, filters={"id": made})


@DOCKER
def test_images_of_other_versions_go_when_they_are_old_and_unused(open_walled: OpenBackend, client: Any) -> None:
    def there() -> set[str]:
        return {tag for image in client.images.list("selfdebug-sandbox") for tag in image.tags}

    now = docker_image.ensure(client)
    used, unused = (f"{name}-{os.getpid()}" for name in ("used", "unused"))
    made = client.api.create_container(now)["Id"]
    for tag in (used, unused):
        client.api.commit(made, "selfdebug-sandbox", tag, message=tag)
    client.api.remove_container(made)
    holder = client.api.create_container(f"selfdebug-sandbox:{used}")["Id"]
    try:
        docker_image.sweep(client)
        assert there() >= {f"selfdebug-sandbox:{used}", f"selfdebug-sandbox:{unused}"}
        docker_image.sweep(client, outdated_s=-3600.0)
        assert there() >= {f"selfdebug-sandbox:{used}", now}
        assert f"selfdebug-sandbox:{unused}" not in there()
    finally:
        client.api.remove_container(holder)
        docker_image.sweep(client, outdated_s=-3600.0)


@pytest.fixture
def owners() -> Iterator[dict[str, str]]:
    """Labels as owners of several kinds would give them."""
    machine, _, _ = backend._me().rsplit(" ", 2)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as living:
        started = backend._started(living.pid)
        dead = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        label = f"{machine} {dead.pid} {backend._started(dead.pid)}"
        dead.communicate()
        yield {
            "living": f"{machine} {living.pid} {started}",
            "dead": label,
            "number taken by another": f"{machine} {living.pid} {int(started) - 1}",
            "elsewhere": f"another/{machine} {dead.pid} 1",
            "nonsense": "x",
        }


@BOTH
async def test_the_engine_says_that_the_walls_stand(open_walled: OpenBackend, client: Any) -> None:
    sandbox = open_walled()
    async with sandbox.job() as job:
        assert (await job.run(GOOD, SUITE)).passed
        for container in containers_of(client):
            told = client.api.inspect_container(container)
            host, config = told["HostConfig"], told["Config"]
            assert host["NetworkMode"] == "none"
            assert set(told["NetworkSettings"]["Networks"]) <= {"none"}
            assert not told["NetworkSettings"]["Ports"]
            assert host["ReadonlyRootfs"]
            assert not host["Privileged"]
            assert host["CapDrop"] == ["ALL"]
            assert not host["CapAdd"]
            assert "no-new-privileges" in host["SecurityOpt"]
            (seccomp,) = (option for option in host["SecurityOpt"] if option.startswith("seccomp="))
            assert json.loads(seccomp.removeprefix("seccomp="))["defaultAction"] == "SCMP_ACT_ERRNO"
            assert 0 < host["PidsLimit"] <= 16384
            assert 0 < host["Memory"] == host["MemorySwap"] <= 4 * 2**30
            assert 0 < host["NanoCpus"] <= 2 * 10**9
            assert {"/tmp", "/box/tests"} <= set(host["Tmpfs"])
            assert all(folder.startswith(("/tmp", "/box/")) for folder in host["Tmpfs"])
            assert all("size=" in options and "nosuid" in options for options in host["Tmpfs"].values())
            assert not told["Mounts"]
            assert not host["Binds"]
            assert not host["Devices"]
            assert not host["DeviceRequests"]
            assert not host["VolumesFrom"]
            assert {host[kind] for kind in ("PidMode", "UTSMode", "UsernsMode")} == {""}
            assert (host["IpcMode"], host["CgroupnsMode"]) == ("private", "private")
            assert host["LogConfig"]["Type"] == "none"
            assert host["RestartPolicy"]["Name"] in ("", "no")
            assert host["AutoRemove"]
            assert host["Runtime"] == ("runsc" if sandbox.isolation == "docker+runsc" else engine_default(client))
            assert config["User"] == "65534:65534"
            assert host["GroupAdd"] == ["65533"]
            assert not config["Tty"]
            assert not any("CANARY" in variable for variable in config["Env"])
    await sandbox.close()


def engine_default(client: Any) -> str:
    """The runtime that the engine uses where none is named."""
    return str(client.info()["DefaultRuntime"])


@BOTH
async def test_the_kernel_says_that_the_walls_stand(open_walled: OpenBackend, client: Any) -> None:
    """Seen from this machine: on the process that a container is for it, whatever the engine says."""
    sandbox = open_walled()
    async with sandbox.job() as job:
        assert (await job.run(GOOD, SUITE)).passed
        seen = [client.api.inspect_container(container)["State"]["Pid"] for container in containers_of(client)]
        running = [pid for pid in seen if pid]  # the spare one may just be made
        assert running
        for pid in running:
            told = status(pid)
            assert told["NoNewPrivs"] == "1"
            assert told["Seccomp"] == "2"
            assert set(told["Uid"].split()) == {"65534"}
            if sandbox.isolation == "docker":
                assert {int(told[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
            # The process that gVisor's kernel is makes name spaces of processes for its candidates within.
            for space in ("net", "mnt", "ipc", "uts", *(["pid"] if sandbox.isolation == "docker" else [])):
                assert os.readlink(f"/proc/{pid}/ns/{space}") != os.readlink(f"/proc/self/ns/{space}")
    await sandbox.close()


def status(pid: int) -> dict[str, str]:
    """What the kernel tells of a process."""
    return dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())


@DOCKER
def test_the_image_is_another_when_what_runs_in_it_is(
    open_walled: OpenBackend, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tag() -> str:
        docker_image.context.cache_clear()
        return docker_image.context().tag

    original = tag()
    runner, dockerfile = tmp_path / "runner", tmp_path / "Dockerfile"
    shutil.copytree(docker_image.RUNNER, runner)
    shutil.copy(docker_image._DOCKERFILE, dockerfile)
    monkeypatch.setattr(docker_image, "RUNNER", runner)
    monkeypatch.setattr(docker_image, "_DOCKERFILE", dockerfile)
    try:
        assert tag() == original
        seen = {original}
        changes: list[Callable[[], object]] = [
            lambda: (runner / "main.py").write_text((runner / "main.py").read_text() + "# more\n"),
            lambda: (runner / "more.py").write_text("x = 1\n"),
            lambda: (runner / "more.py").rename(runner / "most.py"),
            lambda: dockerfile.write_text(dockerfile.read_text() + "# more\n"),
        ]
        for number, change in enumerate(changes, 2):
            change()
            seen.add(tag())
            assert len(seen) == number
        made = docker_image.ensure(client)
        found = client.containers.run(
            made, ["-c", "import sys; sys.path[:0] = ['/box/runner']; import most; print(most.x)"],
            entrypoint="python3", network_mode="none", remove=True,
        )  # fmt: skip
        client.images.remove(made)
        assert found == b"1\n"
    finally:
        docker_image.context.cache_clear()


@DOCKER
def test_a_base_image_that_there_is_not_is_said(
    open_walled: OpenBackend, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM selfdebug.invalid/none:none\n")
    monkeypatch.setattr(docker_image, "_DOCKERFILE", dockerfile)
    docker_image.context.cache_clear()
    try:
        with pytest.raises(SandboxUnavailable, match=r"could not be built.*docker load"):
            docker_image.ensure(client)
    finally:
        docker_image.context.cache_clear()


FLOOD = "for _ in range(64): print('x' * 2**16, end='', flush=True)\ninput()"
LAST_WORDS = "import sys; input(); print('these words', file=sys.stderr, flush=True)"
ANSWERS = [
    (FLOOD, 2**20, "longer than any honest one"),
    (LAST_WORDS, 2**20, "without an answer: these words"),
    ("pass", 2**20, "without an answer"),
    ("import os; os.write(1, b'half'); os._exit(0)", 2**20, "without an answer"),
]


@DOCKER
@pytest.mark.parametrize(("code", "answer_bytes", "reason"), ANSWERS)
async def test_what_is_no_answer_is_a_crash(
    open_walled: OpenBackend, client: Any, code: str, answer_bytes: int, reason: str
) -> None:
    box = talker(client, code)
    await box.start()
    with pytest.raises(SandboxCrashed, match=reason):
        await box.ask(b"hello\n", answer_bytes)
    await box.end()
    await box.end()
    assert not containers_of(client)


@DOCKER
async def test_long_answers_in_pieces_come_whole(open_walled: OpenBackend, client: Any) -> None:
    code = (
        "import sys\nfor line in sys.stdin: print('n' * 300, file=sys.stderr); print(line.strip() * 10**5, flush=True)"
    )
    box = talker(client, code)
    await box.start()
    for word in (b"first", b"second"):
        assert await box.ask(word + b"\n", 2**20) == word * 10**5 + b"\n"
    await box.end()
    assert not containers_of(client)


def talker(client: Any, code: str) -> ContainerBox:
    """A box that is not the runner, and says what some code says."""
    image = docker_image.ensure(client)

    def create(name: str) -> None:
        client.api.create_container(
            image, ["-c", code], name=name, entrypoint="python3", stdin_open=True,
            host_config=client.api.create_host_config(auto_remove=True), labels={LABEL: backend._me()},
        )  # fmt: skip

    return ContainerBox(client.api, create, set())


@DOCKER
async def test_a_box_that_can_not_be_started_leaves_nothing(open_walled: OpenBackend, client: Any) -> None:
    def create(name: str) -> None:
        client.api.create_container("selfdebug-sandbox:none", name=name)

    box = ContainerBox(client.api, create, set())
    with pytest.raises(SandboxCrashed, match=r"could not be started.*No such image"):
        await box.start()
    await box.end()
    assert not containers_of(client)


@DOCKER
async def test_a_runtime_that_there_is_not_is_said_with_those_that_are(open_walled: OpenBackend, client: Any) -> None:
    sandbox = open_sandbox("docker", runtime="no-such")
    with pytest.raises(SandboxUnavailable, match=r"no runtime 'no-such', only .*runc.*install runsc.*daemon\.json"):
        await sandbox.run(GOOD, SUITE)
    await sandbox.close()


CROWD = """
import os, sys
gate, door = os.pipe()
for _ in range(100):
    if os.fork() == 0:
        os.close(door)
        os.read(gate, 1)
        os._exit(0)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def crowd() -> Iterator[None]:
    """A hundred processes of the containers' user, outside of all containers."""
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    with subprocess.Popen([*user, BARE_PYTHON, "-c", CROWD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as crowd:
        assert crowd.stdout is not None
        assert crowd.stdout.readline() == b"ready\n"
        yield


@DOCKER
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run processes as the containers' user")
async def test_the_tests_run_beside_any_number_of_processes_of_their_user(
    open_walled: OpenBackend, crowd: None
) -> None:
    suite = PytestSuite("from solution import x\ndef test():\n    assert x == 1\n")
    sandbox = open_walled()
    try:
        assert (await sandbox.run("x = 1\n", suite)).passed
    finally:
        await sandbox.close()
