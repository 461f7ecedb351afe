"""`selfdebug serve` and `selfdebug keys`, from outside."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

SelfDebug = Callable[..., subprocess.CompletedProcess[str]]
Serve = Callable[..., "Server"]
ROOT = Path(__file__).parents[3]
RECORDING = ROOT / "tests" / "recordings" / "demo.jsonl"
DEMO = json.loads((ROOT / "examples" / "demo.json").read_text())
RECORDED = ("--model", f"replay:{RECORDING}")


class Server:
    """A `selfdebug serve` of its own, on a free port of loopback."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._errors = (folder / "serve.log").open("ab")
        command = [sys.executable, "-c", "from selfdebug.cli import main; main()", "serve", "--port", "0", *arguments]
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors, text=True
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line.startswith("selfdebug serves on http://"), (folder / "serve.log").read_text()
        self.url = line.split()[-1]

    def end(self, number: int) -> int:
        """Send a signal, and give the exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=60)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=60)
        self._errors.close()


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SELFDEBUG_") and "TEST" not in name]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SELFDEBUG_STATE", str(tmp_path / "state"))


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(*arguments: str) -> Server:
            server = Server(tmp_path, *arguments)
            stack.callback(server.close)
            return server

        yield start


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_ends_in_peace(serve: Serve, number: int) -> None:
    server = serve(*RECORDED)
    with httpx.Client(base_url=server.url, timeout=60) as client:
        job = client.post(
            "/v1/jobs", json={"problem": DEMO, "options": {"strategy": "linear", "budget": {"turns": 1}}}
        ).json()["id"]
        assert client.get(f"/v1/jobs/{job}?wait=30").json()["status"] == "unsolved"
        with client.stream("GET", f"/v1/jobs/{job}/events") as stream:
            stream.read()
    assert server.end(number) == 0


def test_open_streams_do_not_keep_a_server_from_ending(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    with silent_model(monkeypatch) as model:
        server = serve("--model", model)
        with httpx.Client(base_url=server.url, timeout=60) as client:
            job = client.post("/v1/jobs", json={"problem": DEMO}).json()["id"]
            with client.stream("GET", f"/v1/jobs/{job}/events") as stream:
                parts = stream.iter_bytes()
                next(parts)
                assert server.end(signal.SIGTERM) == 0
                for _ in parts:  # ends, and is not cut off
                    pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_unfinished_jobs_go_on_at_the_next_start(serve: Serve, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    with silent_model(monkeypatch) as model:
        server = serve("--model", model)
        with httpx.Client(base_url=server.url, timeout=60) as client:
            job = client.post("/v1/jobs", json={"problem": DEMO}).json()["id"]
            wait_for(lambda: client.get(f"/v1/jobs/{job}").json()["status"] == "running")
        server.end(number)
        again = serve("--model", model)
        with httpx.Client(base_url=again.url, timeout=60) as client:
            assert client.get(f"/v1/jobs/{job}").json()["status"] == "running"
            assert client.delete(f"/v1/jobs/{job}").json()["status"] == "cancelled"


def test_without_a_key_it_listens_on_loopback_only(selfdebug: SelfDebug) -> None:
    for host in ("0.0.0.0", "::", ""):
        done = selfdebug("serve", "--host", host, "--port", "0", *RECORDED)
        assert (done.returncode, done.stdout) == (3, "")
        assert "selfdebug keys create" in done.stderr
        assert done.stderr.count("\n") == 1
    made = selfdebug("keys", "create", "old")
    [key] = [word for word in made.stderr.split() if word.startswith("key_")]
    assert selfdebug("keys", "revoke", key).returncode == 0
    assert selfdebug("serve", "--host", "0.0.0.0", "--port", "0", *RECORDED).returncode == 3


def test_with_a_key_it_listens_everywhere_and_asks_for_it(selfdebug: SelfDebug, serve: Serve) -> None:
    secret = selfdebug("keys", "create", "me").stdout.strip()
    server = serve("--host", "0.0.0.0", *RECORDED)
    url = server.url.replace("0.0.0.0", "127.0.0.1")
    assert httpx.get(f"{url}/v1/jobs").status_code == 401
    assert httpx.get(f"{url}/v1/jobs", headers={"Authorization": f"Bearer {secret}"}).status_code == 200


def test_two_servers_on_one_store_are_one_too_many(selfdebug: SelfDebug, serve: Serve) -> None:
    first = serve(*RECORDED)
    done = selfdebug("serve", "--port", "0", *RECORDED)
    assert done.returncode == 3
    assert "another `selfdebug serve`" in done.stderr
    first.end(signal.SIGKILL)
    serve(*RECORDED)  # what was killed does not lock anybody out


@pytest.mark.parametrize(
    ("arguments", "environment", "status", "said"),
    [
        (("serve", "--port", "70000"), {}, 2, "--port"),
        (("serve", "--host", "192.0.2.1", "--port", "0"), {}, 2, "--host"),
        (("serve", "--host", "no such host"), {}, 2, "--host"),
        (("serve", "--log-level", "loud"), {}, 2, "--log-level"),
        (("serve",), {"SELFDEBUG_BOXES": "many"}, 2, "SELFDEBUG_BOXES"),
        (("serve",), {"SELFDEBUG_MODELS": "a,b"}, 2, "SELFDEBUG_MODELS"),
        (("serve", "--port", "0"), {"SELFDEBUG_WEBHOOK_SECRET": "secret"}, 3, "SELFDEBUG_WEBHOOK_SECRET"),
        (("serve",), {"SELFDEBUG_DATABASE_URL": "mysql://x/y"}, 2, "SELFDEBUG_DATABASE_URL"),
        (("serve",), {"SELFDEBUG_DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}, 3, "database"),
        (("serve",), {"SELFDEBUG_STATE": "/dev/null/state"}, 2, "/dev/null/state"),
        (("keys", "list"), {"SELFDEBUG_DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}, 3, "database"),
        (("keys", "create"), {}, 2, "name"),
        (("keys", "create", ""), {}, 2, "NAME"),
        (("keys", "create", "a\nb"), {}, 2, "NAME"),
        (("keys", "create", "me", "--scope", "write"), {}, 2, "--scope"),
        (("keys", "create", "me", "--rate", "-1"), {}, 2, "--rate"),
        (("keys", "revoke", "key_none"), {}, 2, "key_none"),
    ],
)
def test_what_is_wrong_ends_with_one_message(
    selfdebug: SelfDebug,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    environment: dict[str, str],
    status: int,
    said: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    done = selfdebug(*arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert said.lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_told(selfdebug: SelfDebug) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = selfdebug("serve", "--port", str(taken.getsockname()[1]), *RECORDED)
    assert done.returncode == 2
    assert "in use" in done.stderr


def test_keys_are_shown_once_and_never_kept(selfdebug: SelfDebug, tmp_path: Path) -> None:
    none = selfdebug("keys", "list")
    assert (none.returncode, none.stdout) == (0, "")
    made = selfdebug("keys", "create", "team [a]", "--scope", "admin", "--scope", "read", "--rate", "60")
    assert made.returncode == 0
    secret = made.stdout.removesuffix("\n")
    assert secret.startswith("sd_")
    assert len(secret.encode()) > 40
    assert secret not in made.stderr
    listed = selfdebug("keys", "list").stdout
    for shown in ("team [a]", "read, admin", "60"):
        assert shown in listed
    assert secret not in listed
    key = listed.splitlines()[1].split()[0]
    assert selfdebug("keys", "revoke", key).returncode == 0
    assert selfdebug("keys", "list").stdout.splitlines()[1].count(":") == 2  # made, and revoked
    for file in (tmp_path / "state").iterdir():
        assert secret.encode() not in file.read_bytes()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def silent_model(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A model whose server takes requests and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{listening.getsockname()[1]}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        yield "openai:silent"
