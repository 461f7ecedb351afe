"""A box that starts before the command line is read: to import what reads it takes as long as to start a box."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from sandbox.boxed import BoxedSandbox
from sandbox.select import open_sandbox

_NO_DEFAULT_BOX = ("-h", "--help", "--sandbox", "--runtime")

Begun = tuple[BoxedSandbox, asyncio.Runner]


def begin(arguments: Sequence[str]) -> AbstractContextManager[Begun | None]:
    """The default sandbox, a box on its way, unless the arguments look as if they asked for another, or for help."""
    if any(argument.startswith(_NO_DEFAULT_BOX) for argument in arguments):
        return nullcontext()
    return beginning(open_sandbox())


@contextmanager
def beginning(sandbox: BoxedSandbox) -> Iterator[Begun]:
    """A sandbox of which a box starts, and the loop in which it does; both are closed at the end."""
    with asyncio.Runner() as runner:
        try:
            runner.run(sandbox.start_ahead())
            yield sandbox, runner
        finally:
            runner.run(sandbox.close())
