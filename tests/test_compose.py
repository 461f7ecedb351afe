"""compose.yaml: its walls, read from the file; and the whole service, started from it on a real engine."""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from selfdebug.service import metrics

_ROOT = Path(__file__).parents[1]
_COMPOSE = yaml.safe_load((_ROOT / "compose.yaml").read_text())
_SERVICES: dict[str, dict[str, Any]] = _COMPOSE["services"]
_DOCKERFILES = sorted((_ROOT / "deploy").glob("*/Dockerfile"))
_START_S = 1500.0
_PUBLISHED = {"api", "flower"}


@pytest.mark.parametrize("name", _SERVICES)
def test_walls_of_each_service(name: str) -> None:
    service = _SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc", "userns_mode", "user"} & set(service)


def test_only_the_execute_worker_holds_the_engine() -> None:
    mounted = {name: service.get("volumes", []) for name, service in _SERVICES.items()}
    assert [name for name, volumes in mounted.items() if any("sock" in volume for volume in volumes)] == ["execute"]
    assert [name for name, service in _SERVICES.items() if "group_add" in service] == ["execute"]
    assert "DOCKER_HOST" not in _COMPOSE["x-settings"]


def test_only_the_api_and_the_monitor_are_published_and_on_loopback() -> None:
    assert {name for name, service in _SERVICES.items() if "ports" in service} == _PUBLISHED
    for name in _PUBLISHED:
        for port in _SERVICES[name]["ports"]:
            assert port.startswith("${API_ADDRESS:-127.0.0.1}:")
    assert _COMPOSE["networks"]["data"]["internal"] is True
    for name in ("postgres", "redis", "migrate", "advance", "execute"):
        assert _SERVICES[name]["networks"] == ["data"]


def test_start_is_ordered_by_health() -> None:
    for name in ("api", "advance", "execute", "generate", "generate-gpu"):
        assert _SERVICES[name]["depends_on"] == {
            "postgres": {"condition": "service_healthy"},
            "redis": {"condition": "service_healthy"},
            "migrate": {"condition": "service_completed_successfully"},
        }
    assert {name for name, service in _SERVICES.items() if "healthcheck" not in service} == {"migrate"}


def test_profiles() -> None:
    assert {name: service["profiles"] for name, service in _SERVICES.items() if "profiles" in service} == {
        "generate-gpu": ["gpu"],
        "flower": ["monitoring"],
    }


def test_images_are_built_here_from_one_pinned_base_and_end_as_ordinary_users() -> None:
    bases = set()
    for dockerfile in _DOCKERFILES:
        text = dockerfile.read_text()
        bases |= set(re.findall(r"^ARG DEBIAN=(.*)$", text, re.MULTILINE))
        stages = re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]
        known: set[str] = set()
        for stage in stages:
            base, _, name = stage.splitlines()[0].partition(" AS ")
            assert base == "debian:${DEBIAN}" or base in known, dockerfile
            known.add(name)
            if name not in {"libraries", "package"}:
                users = re.findall(r"^USER (.*)$", stage, re.MULTILINE)
                assert users, (dockerfile, name)
                assert users[-1] not in {"root", "0"}
    assert len(bases) == 1
    assert re.fullmatch(r"[a-z]+-\d{8}-slim", bases.pop())
    built = {service["image"] for service in _SERVICES.values() if "build" in service}
    assert {service["image"] for service in _SERVICES.values()} == built


def test_example_names_every_secret() -> None:
    example = set(re.findall(r"^#?(\w+)=", (_ROOT / ".env.example").read_text(), re.MULTILINE))
    text = (_ROOT / "compose.yaml").read_text()
    asked = set(re.findall(r"\$\{(\w+)", text))
    assert set(re.findall(r"\$\{(\w+):\?", text)) <= example
    assert asked <= example


def test_dashboard_asks_for_numbers_that_there_are() -> None:
    known = {sample.name for family in metrics.registry.collect() for sample in family.samples}
    known |= {f"{family.name}_total" for family in metrics.registry.collect() if family.type == "counter"}
    known |= {f"{family.name}_bucket" for family in metrics.registry.collect() if family.type == "histogram"}
    known |= {family.name for family in metrics.registry.collect()}
    dashboard = json.loads((_ROOT / "deploy" / "monitoring" / "dashboard.json").read_text())
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"selfdebug_\w+", target["expr"])
    }
    assert len(asked) > 10
    assert asked <= known


@pytest.mark.skipif(shutil.which("docker-compose") is None and not os.environ.get("CI"), reason="no docker-compose")
def test_file_is_valid_for_the_old_compose(tmp_path: Path) -> None:
    example = (_ROOT / ".env.example").read_text()
    (tmp_path / "env").write_text(example)
    done = subprocess.run(
        [
            "docker-compose",
            "--env-file",
            str(tmp_path / "env"),
            "--profile",
            "gpu",
            "--profile",
            "monitoring",
            "config",
        ],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        env=_plain_environment(),
    )
    assert done.returncode == 0, done.stderr


class Service:
    """A whole service, started by `make up` under a name of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.name = f"selfdebug-test-{secrets.token_hex(4)}"
        self.environment = _plain_environment() | {
            "COMPOSE_PROJECT_NAME": self.name,
            "ENV_FILE": str(folder / "env"),
            "API_PORT": str(self.port),
        }

    def make(self, target: str) -> str:
        done = subprocess.run(
            ["make", "--silent", target],
            cwd=_ROOT,
            capture_output=True,
            text=True,
            timeout=_START_S,
            env=self.environment,
        )
        assert done.returncode == 0, done.stderr[-8000:]
        return done.stdout

    def containers(self) -> dict[str, dict[str, Any]]:
        """What the engine says of each container, by the service's name."""
        label = "com.docker.compose.service"
        listed = _docker("ps", "--quiet", "--filter", f"label=com.docker.compose.project={self.name}").split()
        return {told["Config"]["Labels"][label]: told for told in json.loads(_docker("inspect", *listed))}

    def inside(self, service: str, *command: str) -> subprocess.CompletedProcess[str]:
        identifier = self.containers()[service]["Id"]
        return subprocess.run(["docker", "exec", identifier, *command], capture_output=True, text=True, timeout=60)

    def remove(self) -> None:
        """Take it down with its data."""
        _docker_quietly("rm", "--force", "--volumes", *self._listed("ps", "--all"))
        _docker_quietly("network", "rm", *self._listed("network", "ls"))
        _docker_quietly("volume", "rm", *self._listed("volume", "ls"))

    def _listed(self, *what: str) -> list[str]:
        return _docker(*what, "--quiet", "--filter", f"label=com.docker.compose.project={self.name}").split()


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("SELFDEBUG_", "OPENAI_"))}


def _docker(*command: str) -> str:
    return subprocess.run(["docker", *command], check=True, capture_output=True, text=True, timeout=120).stdout


def _docker_quietly(*command: str) -> None:
    subprocess.run(["docker", *command], capture_output=True, timeout=120)


@pytest.fixture(scope="module")
def service(engine: None, default_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    started = Service(tmp_path_factory.mktemp("compose"))
    try:
        said = started.make("up")
        assert f"selfdebug serves on http://127.0.0.1:{started.port}" in said
        assert re.search(r"^your first API key, shown only now: sd_", said, re.MULTILINE)
        yield started
    finally:
        started.remove()


pytestmark = pytest.mark.model


@pytest.mark.sandbox
def test_a_real_problem_is_solved_and_nothing_is_left(service: Service) -> None:
    assert "def triangular" in service.make("smoke")
    service.make("down")
    assert not service._listed("ps", "--all")
    assert service._listed("volume", "ls")  # the data stays
    assert "key" not in service.make("up")  # there is one already, and it is never shown again


@pytest.mark.sandbox
def test_each_container_has_its_walls(service: Service) -> None:
    running = service.containers()
    assert set(running) == {"postgres", "redis", "api", "advance", "execute", "generate"}
    for name, told in running.items():
        assert told["State"]["Health"]["Status"] == "healthy", name
        host = told["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert not host["Privileged"], name
        assert host["CapDrop"] == ["ALL"], name
        assert host["Memory"] > 0, name
        assert service.inside(name, "id", "-u").stdout.strip() in {"10001", "10002", "10003"}, name
        assert service.inside(name, "touch", "/etc/written").returncode != 0, name
        status = service.inside(name, "cat", "/proc/self/status").stdout
        assert re.search(r"^CapBnd:\t0+$", status, re.MULTILINE), name
        assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE), name


@pytest.mark.sandbox
def test_only_the_execute_worker_reaches_the_engine(service: Service) -> None:
    for name, told in service.containers().items():
        sockets = [mount for mount in told["Mounts"] if mount["Destination"].endswith(".sock")]
        assert bool(sockets) == (name == "execute"), name
    look = "import docker; print(docker.from_env().ping())"
    assert service.inside("execute", "python", "-c", look).stdout.strip() == "True"
    assert service.inside("api", "python", "-c", look).returncode != 0


@pytest.mark.sandbox
def test_only_the_api_is_published(service: Service) -> None:
    published = {
        name: [f"{place['HostIp']}:{place['HostPort']}" for places in ports.values() for place in places or ()]
        for name, told in service.containers().items()
        if (ports := told["NetworkSettings"]["Ports"])
    }
    assert {name: at for name, at in published.items() if at} == {"api": [f"127.0.0.1:{service.port}"]}
    with urllib.request.urlopen(f"http://127.0.0.1:{service.port}/readyz", timeout=10) as answer:
        assert answer.status == 200
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{service.port}/v1/jobs", timeout=10)
    assert refused.value.code == 401
    refused.value.close()


@pytest.mark.sandbox
def test_redis_keeps_what_it_has_and_evicts_nothing(service: Service) -> None:
    for name, expected in (("appendonly", "yes"), ("maxmemory-policy", "noeviction")):
        assert service.inside("redis", "redis-cli", "config", "get", name).stdout.split()[-1] == expected
    strangers = service.inside("api", "python", "-c", "import redis; redis.Redis('redis').ping()")
    assert strangers.returncode != 0
    assert "authenticat" in strangers.stderr
