"""Opening the sandbox that the command line names."""

import warnings

import typer

from sandbox.boxed import BoxedSandbox
from sandbox.select import BACKENDS, UnprotectedWarning, open_sandbox
from selfdebug.errors import InputError


def open_named(name: str, runtime: str | None, *, boxes: int | None = None) -> BoxedSandbox:
    """Open the sandbox of that name, and print its warning, if it has one, as one line.

    Raises:
        InputError: There is none of that name, or it has no runtimes.
    """
    if name not in BACKENDS:
        raise InputError("--sandbox", "", f"expected one of {', '.join(BACKENDS)}, found {name!r}")
    if runtime is not None and name != "docker":
        raise InputError("--runtime", "", f"only --sandbox docker has runtimes, and --sandbox is {name}")
    with warnings.catch_warnings(record=True, action="always", category=UnprotectedWarning) as caught:
        sandbox = open_sandbox(name, boxes=boxes, runtime=runtime)
    for warning in caught:
        typer.secho(f"selfdebug: warning: {warning.message}", err=True, fg="yellow")
    return sandbox
