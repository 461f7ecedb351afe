"""Naming a backend together with its runtime, as in `docker:runsc`."""

from sandbox.protocol import Sandbox
from sandbox.select import open_sandbox


def open_backend(name: str, boxes: int) -> Sandbox:
    """Open it, with so many boxes.

    Raises:
        SandboxUnavailable: There is none of that name.
    """
    backend, _, runtime = name.partition(":")
    return open_sandbox(backend, boxes=boxes, runtime=runtime or None)


def backend_options(name: str) -> list[str]:
    """The options by which `selfdebug` is told of it."""
    backend, _, runtime = name.partition(":")
    return ["--sandbox", backend, *(["--runtime", runtime] if runtime else [])]
