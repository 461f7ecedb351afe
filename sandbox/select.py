"""Choosing a backend by its name."""

import warnings

from sandbox.boxed import BoxedSandbox
from sandbox.errors import SandboxUnavailable

BACKENDS = ("bubblewrap", "docker", "none")
DEFAULT = "bubblewrap"


class UnprotectedWarning(UserWarning):
    """Candidates run without any protection of this machine."""


def open_sandbox(name: str | None = None, *, boxes: int | None = None, runtime: str | None = None) -> BoxedSandbox:
    """Open the sandbox of that name; the default isolates, and `none` is never chosen but by name.

    Whether it works here shows at the first run.

    Args:
        name: One of `BACKENDS`; None for the default.
        boxes: The most boxes at work at once; by default one a processor.
        runtime: For `docker`: a runtime of the engine, for example gVisor's `runsc`.

    Raises:
        SandboxUnavailable: There is no backend of that name, or it has no runtimes.

    Warns:
        UnprotectedWarning: The name is `none`.
    """
    if runtime and name != "docker":
        raise SandboxUnavailable(f"only the docker sandbox has runtimes, and {name or DEFAULT} was asked for")
    if name == "docker":
        from sandbox.docker import Docker

        return BoxedSandbox(Docker(runtime), boxes)
    if name in (None, "bubblewrap"):
        from sandbox.bubblewrap import Bubblewrap

        return BoxedSandbox(Bubblewrap(), boxes)
    if name == "none":
        from sandbox.unprotected import Unprotected

        warnings.warn(
            "candidates run without any protection: they can read, change and send whatever you can",
            UnprotectedWarning,
            stacklevel=2,
        )
        return BoxedSandbox(Unprotected(), boxes)
    raise SandboxUnavailable(f"there is no sandbox {name!r}; there are {', '.join(BACKENDS)}")
