"""GGUF files and local folders given by path."""

import os
from pathlib import Path

import pytest

from selfdebug import models
from selfdebug.errors import InputError, ModelUnavailable

from .conftest import write_gguf


def test_a_file_is_converted_once(tiny_gguf: Path, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "my model.gguf"
    file.write_bytes(tiny_gguf.read_bytes())
    with pytest.raises(ModelUnavailable, match="has not been converted"):
        models.resolve(str(file), pull=False)
    folder = models.resolve(str(file), pull=True)
    assert (folder / "model.safetensors").exists()
    made = (folder / "selfdebug.json").stat().st_mtime_ns
    assert models.resolve(str(file), pull=False) == folder
    assert models.pull(str(file)).path == folder
    assert (folder / "selfdebug.json").stat().st_mtime_ns == made
    (model,) = models.installed()
    assert (model.name, model.source) == (str(file), "gguf")

    os.utime(file, ns=(1, 1))
    with pytest.raises(ModelUnavailable, match="has not been converted"):
        models.resolve(str(file), pull=False)
    assert models.resolve(str(file), pull=True) == folder
    assert len(models.installed()) == 1
    assert models.remove(str(file)) > 0
    assert models.installed() == []


def test_a_relative_path_and_a_link_are_the_same_file(
    tiny_gguf: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link.gguf").symlink_to(tiny_gguf)
    monkeypatch.chdir(tmp_path)
    folder = models.resolve("link.gguf", pull=True)
    assert models.resolve(str(tiny_gguf), pull=False) == folder
    models.remove("link.gguf")
    assert models.installed() == []


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.01, 0.3, 0.999])
def test_a_truncated_file_is_said(tiny_gguf: Path, home: Path, tmp_path: Path, share: float) -> None:
    content = tiny_gguf.read_bytes()
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelUnavailable, match=r"broken\.gguf"):
        models.resolve(str(broken), pull=True)
    assert models.installed() == []


def test_a_model_without_a_chat_template_is_refused(home: Path, tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "base.gguf", template=None)
    with pytest.raises(ModelUnavailable, match="no chat template"):
        models.resolve(str(file), pull=True)


def test_missing_weights_are_not_made_up(home: Path, tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "holes.gguf", without="blk.1.ffn_up.weight")
    with pytest.raises(ModelUnavailable, match="lacks weights"):
        models.resolve(str(file), pull=True)
    assert models.installed() == []


def test_folders(tiny_gguf: Path, home: Path, tmp_path: Path) -> None:
    folder = models.resolve(str(tiny_gguf.parent), pull=True)
    assert models.resolve(str(folder), pull=False) == folder
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelUnavailable, match=r"config\.json"):
        models.resolve(str(tmp_path / "empty"), pull=True)


@pytest.mark.parametrize("name", ["/no/such/folder", "./nothing", "nothing.gguf", "~/nothing-here/x"])
def test_a_path_that_is_not_there(home: Path, name: str) -> None:
    with pytest.raises(ModelUnavailable, match="no file or folder"):
        models.resolve(name, pull=True)


def test_a_split_file_is_said(home: Path, tmp_path: Path) -> None:
    piece = tmp_path / "big-00001-of-00002.gguf"
    piece.write_bytes(b"GGUF")
    with pytest.raises(ModelUnavailable, match="join it first"):
        models.resolve(str(piece), pull=True)


def test_removing_what_is_not_there_lists_what_is(tiny_gguf: Path, home: Path) -> None:
    models.resolve(str(tiny_gguf), pull=True)
    with pytest.raises(InputError, match=str(tiny_gguf)):
        models.remove("other/model")
