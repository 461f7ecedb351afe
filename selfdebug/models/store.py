"""The folder of installed models: where it is, what is in it, and how a model gets in and out whole.

    <home>/models/<slug>/             one installed model: weights, tokenizer, and the manifest that makes it valid
    <home>/models/.partial/<slug>/    what an unfinished pull has so far; the next one goes on from it
    <home>/models/.locks/<slug>.lock  held by whoever changes either

A model is prepared in its partial folder and renamed into place, so that nobody ever sees half of one. Knows nothing of
where models come from.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import platformdirs
from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from selfdebug.errors import InputError, ModelUnavailable
from selfdebug.models.progress import Progress

Source = Literal["hub", "pypi", "gguf"]
MANIFEST = "selfdebug.json"
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)


class ManifestFile(BaseModel):
    """A file of an installed model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    bytes: int


class Manifest(BaseModel):
    """What an installed model is and where it came from; a folder without a valid one is not installed.

    Attributes:
        revision: The hub's commit, the packages' version, or the state (size and time) of the GGUF file.
        sha256: Of the GGUF file that was converted; empty for a hub snapshot, whose revision says it all.
        bytes: Of all files together.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    source: Source
    revision: str
    sha256: str
    bytes: int
    date: datetime
    files: tuple[ManifestFile, ...]


@dataclass(frozen=True)
class InstalledModel:
    """A model that is there: `path` is a folder ready for `from_pretrained`."""

    name: str
    path: Path
    bytes: int
    source: Source
    revision: str


@dataclass(frozen=True)
class Place:
    """Where one model lives."""

    name: str
    final: Path
    partial: Path
    lock: Path


def cache_home() -> Path:
    """The folder for everything kept between runs: `SELFDEBUG_HOME`, else the platform's cache folder."""
    chosen = os.environ.get("SELFDEBUG_HOME", "")
    if chosen:
        return Path(chosen).expanduser().absolute()
    return platformdirs.user_cache_path("selfdebug", appauthor=False)


def is_hub_name(name: str) -> bool:
    """Whether this can be a model's name on the hub: `owner/model`, or an old bare `model`."""
    return _HUB_NAME.fullmatch(name) is not None and "--" not in name and ".." not in name and len(name) <= 96


def place(name: str) -> Place:
    """Where the model of this hub name, or made from the GGUF file of this absolute path, lives."""
    if is_hub_name(name):
        slug = name.replace("/", "--")
    else:
        digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        slug = f"gguf--{re.sub('[^A-Za-z0-9.]+', '-', Path(name).stem)[:60]}--{digest}"
    models = cache_home() / "models"
    return Place(name, models / slug, models / ".partial" / slug, models / ".locks" / f"{slug}.lock")


def read(folder: Path) -> InstalledModel | None:
    """The model in this folder, or None where its manifest is missing, damaged, or disagrees with the files."""
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
        if any((folder / file.name).stat().st_size != file.bytes for file in manifest.files):
            return None
    except (OSError, ValidationError):
        return None
    return InstalledModel(manifest.name, folder, manifest.bytes, manifest.source, manifest.revision)


def find(name: str) -> InstalledModel | None:
    """The installed model of this name, or None."""
    model = read(place(name).final)
    return model if model and model.name == name else None


def installed() -> list[InstalledModel]:
    """All installed models, by name."""
    try:
        folders = list((cache_home() / "models").iterdir())
    except OSError:
        return []
    found = (read(folder) for folder in folders if not folder.name.startswith("."))
    return sorted((model for model in found if model), key=lambda model: model.name)


def publish(staging: Path, where: Place, *, source: Source, revision: str, sha256: str) -> InstalledModel:
    """Write the manifest into `staging` and move it into place at once. The lock must be held."""
    files = tuple(
        ManifestFile(name=path.relative_to(staging).as_posix(), bytes=path.stat().st_size)
        for path in sorted(staging.rglob("*"))
        if path.is_file()
    )
    manifest = Manifest(
        name=where.name,
        source=source,
        revision=revision,
        sha256=sha256,
        bytes=sum(file.bytes for file in files),
        date=datetime.now(UTC),
        files=files,
    )
    (staging / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    mode = (staging / MANIFEST).stat().st_mode  # as the user's umask has it; transformers writes weights as 0600
    for name in (*(file.name for file in files), MANIFEST):
        (staging / name).chmod(mode)
        with (staging / name).open("rb+") as written:
            os.fsync(written.fileno())  # the rename must not outlive the data when the power fails
    if where.final.exists():
        where.final.rename(where.partial / "replaced")
    staging.rename(where.final)
    shutil.rmtree(where.partial, ignore_errors=True)
    return InstalledModel(where.name, where.final, manifest.bytes, source, revision)


def remove(name: str) -> int:
    """Delete an installed model, and what an unfinished pull of it left.

    Returns:
        The bytes freed.

    Raises:
        InputError: No such model is installed; the message lists those that are.
        ModelUnavailable: Another process is pulling it.
    """
    where = place(name)
    if not (where.final.exists() or where.partial.exists()):
        names = ", ".join(model.name for model in installed()) or "none"
        raise InputError("models remove", "", f"{name} is not installed (installed: {names})")
    with locked(where, None):
        freed = folder_bytes(where.final) + folder_bytes(where.partial)
        shutil.rmtree(where.partial, ignore_errors=True)
        if where.final.exists():
            where.partial.parent.mkdir(parents=True, exist_ok=True)
            where.final.rename(where.partial)  # gone at once for everybody else
            shutil.rmtree(where.partial)
    return freed


@contextmanager
def locked(where: Place, waiting: Progress | None) -> Iterator[None]:
    """Hold the model's lock; the system frees it when its holder dies.

    Args:
        waiting: Told when another process holds it, which is then waited for. None: do not wait.

    Raises:
        ModelUnavailable: Another process holds it, and `waiting` is None.
    """
    where.lock.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(where.lock)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if waiting is None:
            raise ModelUnavailable(f"{where.name} is being pulled by another process; wait for it or stop it") from None
        waiting.note(f"another process is pulling {where.name}; waiting for it")
        lock.acquire(poll_interval=0.2)
    try:
        yield
    finally:
        lock.release()


def folder_bytes(folder: Path) -> int:
    """Bytes of all files below this folder; files that vanish meanwhile count nothing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size
            except FileNotFoundError:
                continue
    return total


def require_space(folder: Path, needed_bytes: int, why: str) -> None:
    """Check that so much can still be written below `folder`, which exists.

    Raises:
        ModelUnavailable: It cannot; the message names both amounts, the folder and the way out.
    """
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise ModelUnavailable(
            f"{why} needs {needed_bytes / 1e9:.2f} GB ({needed_bytes:,} bytes) of disk space, but only "
            f"{free / 1e9:.2f} GB ({free:,} bytes) are free in {folder}; free some, or set SELFDEBUG_HOME to a folder "
            "on another disk"
        )
