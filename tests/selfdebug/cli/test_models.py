from pathlib import Path

import pytest
from typer.testing import CliRunner

from selfdebug.cli.models import app
from selfdebug.errors import InputError, ModelUnavailable
from selfdebug.models import store

run = CliRunner().invoke


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SELFDEBUG_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return tmp_path


@pytest.fixture
def model(home: Path) -> store.InstalledModel:
    where = store.place("some/model")
    staging = where.partial / "converted"
    staging.mkdir(parents=True)
    (staging / "model.safetensors").write_bytes(bytes(2_500_000))
    where.final.parent.mkdir(exist_ok=True)
    return store.publish(staging, where, source="hub", revision="abc", sha256="")


def test_list_path_pull_remove(model: store.InstalledModel) -> None:
    listed = run(app, ["list"])
    assert listed.output.splitlines()[1].split() == ["some/model", "2.5", "MB", "hub", "abc"]
    assert run(app, ["path", "some/model"]).output == f"{model.path}\n"
    assert run(app, ["pull", "some/model"]).output.splitlines()[-1] == str(model.path)
    removed = run(app, ["remove", "some/model"])
    assert (removed.output, removed.exit_code) == ("Removed some/model, 2.5 MB freed.\n", 0)
    assert not model.path.exists()


def test_nothing_here(home: Path) -> None:
    listed = run(app, ["list"])
    assert listed.exit_code == 0
    assert "Qwen/Qwen2.5-Coder-0.5B-Instruct" in listed.output
    assert isinstance(run(app, ["path", "some/model"]).exception, ModelUnavailable)
    assert isinstance(run(app, ["pull", "some/model"]).exception, ModelUnavailable)
    assert isinstance(run(app, ["remove", "some/model"]).exception, InputError)
