"""The PyPI `llm-sandbox` with its pool of warm Docker containers.

Each program joined with its tests is run in a session of its own, as the package's documentation shows: a container
is taken from the pool, the script copied into it and run there by `python`, and the container given back as it is.
"""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import docker
from docker.errors import DockerException
from llm_sandbox import SandboxBackend, SandboxSession
from llm_sandbox.exceptions import SandboxTimeoutError
from llm_sandbox.pool import PoolConfig, create_pool_manager

from benchmarks.speed.peers.job import Judged, NotMeasured, PeerJob

# A pooled session runs the interpreter of a virtual environment that the pool makes with `venv` and then upgrades from
# the network. Neither is needed here: what `venv` puts there is a link to the image's interpreter, too.
_INTERPRETER = (
    "sh -c 'mkdir -p /sandbox/.sandbox-venv/bin && "
    'ln -s "$(command -v python || command -v python3)" /sandbox/.sandbox-venv/bin/python\''
)


def judge(job: PeerJob) -> Judged:
    """Fill the pool, then judge in as many threads as it has containers.

    Raises:
        NotMeasured: There is no Docker engine, no such image, or no `python` in it.
    """
    try:
        engine = docker.from_env()
        engine.images.get(job.image)
    except DockerException as error:
        raise NotMeasured(f"no Docker engine with the image {job.image}: {error}") from error
    pool = create_pool_manager(
        backend=SandboxBackend.DOCKER,
        config=PoolConfig(max_pool_size=job.workers, enable_prewarming=False),
        lang="python",
        image=job.image,
        client=engine,
        skip_environment_setup=True,
        runtime_configs={"command": ["sleep", "infinity"], "stop_signal": "SIGKILL"},
    )
    try:
        try:
            _lay_out(pool, job)
        except DockerException as error:
            raise NotMeasured(f"no container of {job.image} can be had: {error}") from error
        with ThreadPoolExecutor(job.workers) as threads:
            began = time.perf_counter()
            passed = tuple(threads.map(lambda script: _passes(pool, script, job.timeout_s), job.scripts()))
            return Judged(time.perf_counter() - began, passed)
    finally:
        pool.close()


def _lay_out(pool: Any, job: PeerJob) -> None:
    """Have all containers started, give each its interpreter, and run a program in it."""
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(SandboxSession(pool=pool, lang="python")) for _ in range(job.workers)]
        for session in sessions:
            done = session.execute_command(_INTERPRETER)
            done = done if done.exit_code else session.run("print(1)")
            if done.exit_code or done.stdout.strip() != "1":
                raise NotMeasured(f"its container runs no Python program: {done.stdout}{done.stderr}")


def _passes(pool: Any, script: str, timeout_s: float) -> bool:
    try:
        with SandboxSession(pool=pool, lang="python", execution_timeout=timeout_s) as session:
            return bool(session.run(script).exit_code == 0)
    except SandboxTimeoutError:
        return False
