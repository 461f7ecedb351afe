"""A Docker engine of our own, which can be killed and started again; it has nothing in common with any other."""

import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from benchmarks.reliability.processes import children, command_line
from benchmarks.reliability.servers import PartMissing, Server
from sandbox.docker import LABEL, connect
from sandbox.docker_image import ensure
from sandbox.errors import SandboxUnavailable

_PATIENCE_S = 60.0


class Engine(Server):
    """A dockerd with the sandbox's image, which it gets from the engine that the environment names."""

    def __init__(self) -> None:
        if os.geteuid() != 0 or not shutil.which("dockerd"):
            raise PartMissing("only root can start a Docker engine, and where dockerd is")
        super().__init__(Path(tempfile.mkdtemp(prefix="selfdebug-server-", dir="/var/tmp")))
        (self.folder / "config").write_text("{}")
        try:
            with closing(connect(_PATIENCE_S)) as other:
                image = b"".join(other.images.get(ensure(other)).save(named=True))
            self.start()
            with closing(self.client()) as client:
                client.images.load(image)
        except SandboxUnavailable as error:
            self.remove()
            raise PartMissing(f"no Docker engine to take the sandbox's image from: {error}") from error
        except BaseException:
            self.remove()
            raise

    @property
    def address(self) -> str:
        return f"unix://{self.folder}/socket"

    def client(self) -> Any:
        """Ask it, past the service. To be closed."""
        import docker

        return docker.DockerClient(self.address)

    def left(self) -> list[str]:
        """The sandboxes' containers, stopped ones too, and what runs in containers that it has forgotten."""
        with closing(self.client()) as client:
            listed = client.api.containers(all=True, filters={"label": LABEL})
        return [name for each in listed for name in each["Names"]] + [
            f"process {child} of a container: {command_line(child)}"
            for shim in self._shims()
            for child, state in children(shim).items()
            if state != "Z"
        ]

    def is_its(self, command: str) -> bool:
        """Whether a command line is of its own processes: one that was killed leaves some that it knows no more."""
        return self.folder.name in command

    def stop(self) -> None:
        """End it as a restart of it does: it ends its containers first."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_PATIENCE_S)
        self._forget_containerd()

    def kill(self) -> None:
        """End it at once, and its containerd with it; containers run on."""
        super().kill()
        self._forget_containerd()

    def _forget_containerd(self) -> None:
        known = self.folder / "exec" / "containerd" / "containerd.pid"
        with suppress(FileNotFoundError):
            stat = Path("/proc", known.read_text().strip(), "stat")
            while stat.read_text().rpartition(")")[2].split()[0] != "Z":
                time.sleep(0.05)
        known.unlink(missing_ok=True)  # a zombie would be taken for one that is alive

    def remove(self) -> None:
        """End it in peace, so that its containers end too."""
        if self.running:
            with closing(self.client()) as client:
                for container in client.containers.list(all=True):
                    container.remove(force=True)
            self.stop()
        super().remove()
        for shim in self._shims():
            for pid in (*children(shim), shim):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _command(self) -> Sequence[str]:
        name = self.folder.name
        return [
            # A dockerd without a bridge removes the one that another may have made: so in a network of its own.
            *("unshare", "--net", "--mount", "dockerd", "--config-file", str(self.folder / "config")),
            *("--host", self.address, "--data-root", str(self.folder / "data")),
            *("--exec-root", str(self.folder / "exec"), "--pidfile", str(self.folder / "pid")),
            *("--bridge=none", "--iptables=false", "--ip-forward=false"),
            *("--containerd-namespace", name, "--containerd-plugins-namespace", f"{name}-plugins"),
        ]

    def _shims(self) -> list[int]:
        """Its containers' parents."""
        found = []
        for folder in Path("/proc").iterdir():
            with suppress(OSError):
                if folder.name.isdigit() and self.is_its((folder / "cmdline").read_text(errors="replace")):
                    found.append(int(folder.name))
        return [pid for pid in found if pid != self.pid]

    def _answers(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as knock:
            knock.connect(str(self.folder / "socket"))
            return True  # it listens only when it can answer
        return False
