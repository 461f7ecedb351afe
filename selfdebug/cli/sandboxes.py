"""Opening the sandbox that the command line names."""

import warnings

import typer

from sandbox.protocol import Sandbox
from sandbox.select import BACKENDS, UnprotectedWarning, open_sandbox
from selfdebug.errors import InputError


def open_named(name: str, *, boxes: int | None = None) -> Sandbox:
    """Open the sandbox of that name, and print its warning, if it has one, as one line.

    Raises:
        InputError: There is none of that name.
    """
    if name not in BACKENDS:
        raise InputError("--sandbox", "", f"expected one of {', '.join(BACKENDS)}, found {name!r}")
    with warnings.catch_warnings(record=True, action="always", category=UnprotectedWarning) as caught:
        sandbox = open_sandbox(name, boxes=boxes)
    for warning in caught:
        typer.secho(f"selfdebug: warning: {warning.message}", err=True, fg="yellow")
    return sandbox
