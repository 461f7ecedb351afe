"""What the docker backend says where there is no engine that it could use: each cause with its cure."""

import contextlib
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.errors import SandboxUnavailable
from sandbox.select import open_sandbox
from sandbox.types import AssertSuite

SUITE = AssertSuite(("assert f() == 1",))


@pytest.fixture
def path() -> Iterator[Path]:
    """Where a socket may lie: its path must be short."""
    with tempfile.TemporaryDirectory(prefix="socket-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder, "s")


@contextlib.contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
        sock.listen()
        yield sock


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Give up root's rights for a while, where we have them."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


async def refusal() -> str:
    """Why nothing can be run; twice the same, because a cause may go away and must be looked for each time."""
    sandbox = open_sandbox("docker")
    said = []
    for _ in range(2):
        with pytest.raises(SandboxUnavailable) as caught:
            await sandbox.run("def f(): return 1", SUITE)
        said.append(str(caught.value))
    await sandbox.close()
    assert said[0] == said[1]
    return said[0]


async def test_no_socket(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    said = await refusal()
    assert f"unix://{path}" in said
    assert "DOCKER_HOST says so: start an engine there, or unset it" in said
    assert "No such file" in said


async def test_no_socket_where_it_lies_by_default(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sandbox import docker as backend

    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(backend, "address", lambda: f"unix://{path}")
    said = await refusal()
    assert "docs.docker.com/engine/install" in said
    assert "systemctl start docker" in said


async def test_a_socket_that_nobody_listens_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    with listening(path):
        pass
    assert "refused" in await refusal()


async def test_a_socket_that_is_not_ours(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import docker.errors  # noqa: F401 (now, because another user may not be able to read it)
    import requests.exceptions  # noqa: F401

    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    with listening(path):
        os.chmod(path, 0)
        with as_nobody():
            said = await refusal()
    assert f"unix://{path}" in said
    assert "sudo usermod -aG docker $USER" in said


async def test_somebody_who_is_no_engine(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def babble(sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = sock.accept()
                with peer, contextlib.suppress(OSError):
                    peer.recv(2**16)
                    peer.sendall(b"220 hello\r\n")

    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    with listening(path) as sock:
        thread = threading.Thread(target=babble, args=(sock,))
        thread.start()
        try:
            assert f"unix://{path}" in await refusal()
        finally:
            sock.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://x", "unix://"])
async def test_an_address_that_leads_nowhere(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    said = await refusal()
    assert address in said
    assert "DOCKER_HOST" in said


async def test_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docker", None)
    assert "pip install 'selfdebug[docker]'" in await refusal()
