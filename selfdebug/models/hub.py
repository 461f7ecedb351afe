"""Fetches a model from the Hugging Face hub (or the one that `HF_ENDPOINT` names): safetensors, tokenizer, settings."""

import glob
import hashlib
import http.client
import json
import os
import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, ValidationError

from selfdebug.errors import ModelUnavailable
from selfdebug.models import store
from selfdebug.models.progress import Progress

_ANSWER_S = 5.0
_ANSWER_BYTES = 32 * 2**20
_BESIDES_WEIGHTS = (
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "vocab.*",
    "merges.txt",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template*",
)


class HubFailed(ModelUnavailable):
    """The hub could not give it; another source may."""


class _Lfs(BaseModel):
    sha256: str


class _File(BaseModel):
    rfilename: str
    size: int | None = None
    lfs: _Lfs | None = None


class _Answer(BaseModel):
    sha: str
    siblings: list[_File] = []


@dataclass(frozen=True)
class HubFile:
    """A file of a model on the hub; `sha256` is empty where the hub does not tell it."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class HubModel:
    """One commit of a model on the hub, and those of its files that are wanted."""

    name: str
    revision: str
    files: tuple[HubFile, ...]

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)


def look_up(name: str) -> HubModel:
    """Ask the hub for a model. Takes some seconds at the most, however the network is broken.

    Raises:
        HubFailed: The hub is out of reach or does not have it in a usable form.
    """
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        raise HubFailed("the hub is switched off (HF_HUB_OFFLINE)")
    answers: list[bytes | HubFailed] = []
    # Name resolution knows no time-out of its own, hence a thread that may be left behind.
    thread = threading.Thread(target=lambda: answers.append(_ask(name)), daemon=True)
    thread.start()
    thread.join(2 * _ANSWER_S)
    if not answers:
        raise HubFailed(f"the hub at {_endpoint()} does not answer")
    if isinstance(answers[0], HubFailed):
        raise answers[0]
    try:
        answer = _Answer.model_validate_json(answers[0])
    except ValidationError:
        raise HubFailed(f"{_endpoint()} does not answer like a hub") from None
    wanted = _wanted([file.rfilename for file in answer.siblings])
    if not wanted:
        raise HubFailed(f"{name} has no safetensors weights on the hub; for a GGUF file, download it and give its path")
    files = (file for file in answer.siblings if file.rfilename in wanted)
    return HubModel(
        name, answer.sha, tuple(HubFile(f.rfilename, f.size or 0, f.lfs.sha256 if f.lfs else "") for f in files)
    )


def download(model: HubModel, folder: Path, progress: Progress) -> None:
    """Bring the files into `folder`, going on from what an earlier try left there.

    Raises:
        HubFailed: The transfer broke off, or a file is not what the hub promised.
    """
    from huggingface_hub import errors, snapshot_download
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    store.require_space(folder.parent, model.bytes - store.folder_bytes(folder), f"pulling {model.name}")
    transport_errors: tuple[type[Exception], ...] = (OSError, ValueError, *errors.HfHubHTTPError.__bases__)
    bars = not are_progress_bars_disabled()
    disable_progress_bars()
    progress.stage("downloading from the hub", model.bytes)
    try:
        with _watched(folder, model.bytes, progress):
            snapshot_download(
                model.name,
                revision=model.revision,
                local_dir=folder,
                allow_patterns=[glob.escape(file.name) for file in model.files],
                endpoint=_endpoint(),
            )
    except transport_errors as error:
        raise HubFailed(f"the download from the hub broke off: {_one_line(error)}") from error
    finally:
        if bars:
            enable_progress_bars()
    _check(model, folder, progress)
    shutil.rmtree(folder / ".cache", ignore_errors=True)


def cached(name: str) -> Path | None:
    """The model in the hub client's own cache, if it is there whole."""
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return None
    config = try_to_load_from_cache(name, "config.json")
    if not isinstance(config, str) or folder_problem(Path(config).parent):
        return None
    return Path(config).parent


def folder_problem(folder: Path) -> str:
    """What a folder lacks to be a model for `from_pretrained`; empty where it lacks nothing."""
    if not (folder / "config.json").is_file():
        return "it has no config.json"
    try:
        shards = json.loads((folder / "model.safetensors.index.json").read_text("utf-8"))["weight_map"].values()
        lost = sorted({str(shard) for shard in shards if not (folder / str(shard)).is_file()})
        if lost:
            return f"{lost[0]} is missing"
    except FileNotFoundError:
        if not any(folder.glob("*.safetensors")):
            return "it has no *.safetensors weights"
    except (ValueError, KeyError, AttributeError, TypeError):
        return "its model.safetensors.index.json is damaged"
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "vocab.json")):
        return "it has no tokenizer"
    return ""


def _endpoint() -> str:
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def _ask(name: str) -> bytes | HubFailed:
    from huggingface_hub import get_token

    headers = {"User-Agent": "selfdebug"}
    token = get_token()
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        request = urllib.request.Request(f"{_endpoint()}/api/models/{name}?blobs=true", headers=headers)
        with urllib.request.urlopen(request, timeout=_ANSWER_S) as response:
            return bytes(response.read(_ANSWER_BYTES))
    except urllib.error.HTTPError as error:
        if error.code in {401, 403, 404}:
            return HubFailed(
                f"the hub at {_endpoint()} has no {name}, or it is not open to you "
                "(accept its licence on its page and set HF_TOKEN)"
            )
        return HubFailed(f"the hub at {_endpoint()} answered {error.code} {error.reason}")
    except (OSError, ValueError, http.client.HTTPException) as error:
        return HubFailed(f"the hub at {_endpoint()} cannot be reached ({_one_line(error)})")


def _wanted(names: Iterable[str]) -> frozenset[str]:
    """The files to fetch: one set of safetensors weights and what belongs to it; empty where there are none."""
    top = [name for name in names if "/" not in name]
    weights = {name for name in top if name.endswith(".safetensors")}
    if "model.safetensors" in weights:
        weights = {"model.safetensors"}
    elif "model.safetensors.index.json" in top:
        weights = {name for name in weights if name.startswith("model-")} | {"model.safetensors.index.json"}
    if not weights:
        return frozenset()
    return frozenset(weights.union(n for n in top if any(PurePosixPath(n).match(p) for p in _BESIDES_WEIGHTS)))


def _check(model: HubModel, folder: Path, progress: Progress) -> None:
    progress.stage("checking", model.bytes)
    done = 0
    for file in model.files:
        digest = hashlib.sha256()
        with (folder / file.name).open("rb") as source:
            while block := source.read(2**20):
                digest.update(block)
                done += len(block)
                progress.done(done)
        if file.sha256 and digest.hexdigest() != file.sha256:
            (folder / file.name).unlink()
            raise HubFailed(f"{file.name} from the hub has a wrong SHA-256 and was discarded; pull again")


@contextmanager
def _watched(folder: Path, total_bytes: int, progress: Progress) -> Iterator[None]:
    """Tell the progress from the growth of the folder, which holds for every way the hub client downloads."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.3):
            progress.done(min(store.folder_bytes(folder), total_bytes))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _one_line(error: Any) -> str:
    reason = getattr(error, "reason", None) or error
    return " ".join(str(reason).split())[:300]
