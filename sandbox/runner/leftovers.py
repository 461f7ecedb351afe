"""Nothing of one job may be there for the next: ends what the tests have started, and removes their files."""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable

from . import limits

_TRIES = 200
_PAUSE_S = 0.005


def end(spared: set[int]) -> None:
    """End every process below this one but those.

    Raises:
        OSError: Something is left.
    """
    for _ in range(_TRIES):
        found = limits.children(os.getpid()) - spared
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        for pid in found:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(_PAUSE_S)
    raise OSError("a process that the tests started did not end")


def empty(folder: str) -> None:
    """Remove everything in a folder.

    Raises:
        OSError: Something could not be removed.
    """
    with os.scandir(folder) as entries:
        found = list(entries)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, onerror=_unlock)
        else:
            os.unlink(entry.path)


def _unlock(remove: Callable[..., object], path: str, error: object) -> None:
    """Try once more what failed, after allowing it: a folder may have been locked by whoever made it."""
    with contextlib.suppress(PermissionError):  # the scratch's own root is nobody's to change
        os.chmod(os.path.dirname(path), 0o700)
    if os.path.isdir(path) and not os.path.islink(path):
        os.chmod(path, 0o700)
        shutil.rmtree(path)
    else:
        os.unlink(path)
