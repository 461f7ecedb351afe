"""What a run was made of is told apart when it differs, and only then."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from benchmarks.manifest import asked, circumstances, data_hash, identity, prompt_hashes
from selfdebug.events import Completed
from selfdebug.models import store
from selfdebug.options import Options
from selfdebug.prompts import template_hash
from selfdebug.prompts.shots import shots_hash
from selfdebug.trajectory import read

RECORDING = Path(__file__).parents[1] / "recordings" / "demo.jsonl"


def test_data_is_a_file_or_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text("one")
    assert data_hash(file) == hashlib.sha256(b"one").hexdigest()
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "a").write_text("x")
    (folder / "b").write_text("y")
    seen = {data_hash(folder)}
    for change in (
        lambda: (folder / "b").write_text("z"),
        lambda: (folder / "b").rename(folder / "c"),
        lambda: (folder / "inner" / "a").rename(folder / "a"),
        lambda: (folder / "d").write_text(""),
    ):
        change()
        assert data_hash(folder) not in seen
        seen.add(data_hash(folder))
    assert data_hash(Path(shutil.copytree(folder, tmp_path / "copy"))) == data_hash(folder)


def test_prompts_are_named_as_events_name_them() -> None:
    hashes = prompt_hashes()
    assert hashes["write"] == template_hash("write")
    assert hashes["shots/python"] == shots_hash("python")
    recorded = {name for event in read(RECORDING) if isinstance(event, Completed) for name, _ in event.prompts}
    assert recorded <= hashes.keys()
    assert asked(RECORDING, [], Options(), "all")["prompts"] == hashes


def test_a_recording_is_known_by_its_content() -> None:
    found = identity(f"replay:{RECORDING}")
    assert (found.source, found.revision) == ("recording", hashlib.sha256(RECORDING.read_bytes()).hexdigest())


def test_a_folder_of_weights_is_known_by_a_sample_of_them(tmp_path: Path) -> None:
    def model(name: str, weights: bytes) -> str:
        folder = tmp_path / name
        folder.mkdir()
        for file in ("config.json", "tokenizer.json"):
            (folder / file).write_text("{}")
        (folder / "model.safetensors").write_bytes(weights)
        return str(folder)

    weights = bytes(5 * 2**20)
    found = identity(model("one", weights))
    assert found.source == "folder"
    assert identity(model("same", weights)).revision == found.revision
    for place in (0, len(weights) // 2, len(weights) - 1):
        tuned = bytearray(weights)
        tuned[place] = 1
        assert identity(model(f"tuned-{place}", bytes(tuned))).revision != found.revision
    assert identity(model("longer", weights + b"\0")).revision != found.revision


def test_an_installed_model_is_known_by_its_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFDEBUG_HOME", str(tmp_path))
    assert identity("someone/model").source == "unknown"
    place = store.place("someone/model")
    for revision, sha256 in (("c0ffee", ""), ("100-200", "5ha")):
        staging = tmp_path / "staging"
        staging.mkdir()
        (staging / "config.json").write_text("{}")
        source = "gguf" if sha256 else "hub"
        place.partial.mkdir(parents=True, exist_ok=True)
        store.publish(staging, place, source=source, revision=revision, sha256=sha256)  # type: ignore[arg-type]
        found = identity("someone/model")
        assert (found.source, found.revision) == (source, sha256 or revision)


def test_a_servers_address_is_kept_without_its_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://me:secret@models.example:8000/v1?key=secret#secret")
    made = circumstances("openai:m", "none")
    assert made["model_address"] == "https://models.example:8000/v1"
    assert "secret" not in json.dumps(made)
    assert identity("openai:m").revision is None
    assert circumstances("someone/model", "none")["model_address"] is None
    monkeypatch.setenv("OPENAI_BASE_URL", "")
    assert circumstances("openai:m", "none")["model_address"] == "https://api.openai.com/v1"


def test_the_machine_and_the_versions_are_told() -> None:
    made = circumstances("m", "bubblewrap")
    assert json.loads(json.dumps(made)) == made
    machine, packages = made["machine"], made["packages"]
    assert isinstance(machine, dict)
    assert isinstance(packages, dict)
    assert machine["cores"] > 0
    assert machine["memory_bytes"] > 2**28
    assert machine["processor"]
    assert {"jinja2", "pydantic"} <= packages.keys()
    assert made["isolation"] == "bubblewrap"
