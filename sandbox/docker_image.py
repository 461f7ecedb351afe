"""The image of backend `docker`: built from this installation's runner, and built anew when that changes."""

import contextlib
import functools
import hashlib
import io
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.errors import SandboxUnavailable
from sandbox.interpreter import pytest_packages
from sandbox.unprotected import RUNNER

SITE = "/box/site"
JAIL = "/box/jail"  # as the runner knows it, too
_NAME = "selfdebug-sandbox"
_OUTDATED_S = 14 * 24 * 3600.0
_DOCKERFILE = Path(__file__).parent / "image" / "Dockerfile"


@dataclass(frozen=True)
class Context:
    """What the engine builds the image from.

    Attributes:
        tag: The image's name; it holds a hash of all that is in the context.
        archive: An uncompressed tar file.
    """

    tag: str
    archive: bytes


@functools.cache
def context() -> Context:
    """The build context of this installation."""
    digest = hashlib.sha256()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in _files():
            digest.update(f"{name}\0{len(data)}\0".encode() + data)
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o644
            archive.addfile(info, io.BytesIO(data))
    return Context(f"{_NAME}:{digest.hexdigest()[:20]}", buffer.getvalue())


def _files() -> Iterator[tuple[str, bytes]]:
    yield "Dockerfile", _DOCKERFILE.read_bytes()
    for path in sorted(RUNNER.glob("*.py")):
        yield f"runner/{path.name}", path.read_bytes()
    for folder in sorted(map(Path, pytest_packages())):
        for path in sorted(folder.rglob("*.py")):
            yield f"site/{folder.name}/{path.relative_to(folder)}", path.read_bytes()


def ensure(client: Any) -> str:
    """Build the image, unless the engine has it. Returns its name.

    Raises:
        SandboxUnavailable: It can't be built; the message says why.
    """
    from docker.errors import APIError, BuildError, ImageNotFound

    made = context()
    try:
        client.images.get(made.tag)
        return made.tag
    except ImageNotFound:
        pass
    try:
        client.images.build(
            fileobj=io.BytesIO(made.archive),
            custom_context=True,
            tag=made.tag,
            rm=True,
            forcerm=True,
            network_mode="none",
        )
    except (BuildError, APIError) as error:
        raise SandboxUnavailable(
            f"the sandbox's image could not be built: {error}. Its base image is pulled where the engine does not have "
            "it; offline, load it first (`docker load`) under the name on the first line of sandbox/image/Dockerfile."
        ) from error
    return made.tag


def sweep(client: Any, outdated_s: float = _OUTDATED_S) -> int:
    """Remove images of other versions that are older than this and that no container uses. How many there were.

    An installation that still wants one builds it again.
    """
    from docker.errors import APIError

    found = 0
    for image in client.images.list(name=_NAME):
        age_s = time.time() - datetime.fromisoformat(image.attrs["Created"]).timestamp()
        if context().tag not in image.tags and age_s > outdated_s:
            with contextlib.suppress(APIError):  # a container uses it, or it is gone already
                client.images.remove(image.id)
                found += 1
    return found
