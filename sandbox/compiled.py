"""Keeps the runner compiled: boxes can't write what they compile, so that each would do it anew.

An installer compiles what it installs. In a checkout, what has changed is compiled here.
"""

import contextlib
import functools
import importlib.util
import struct
import sys
from pathlib import Path


@functools.cache
def compile_once(folder: Path) -> None:
    """Compile those modules of a folder that have changed, for this Python; where it can't be written, leave them."""
    for source in folder.glob("*.py"):
        # Not `cache_from_source`: a box looks here, also where this process keeps its own compiled files elsewhere.
        target = folder / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc"
        if not _is_current(target, source):
            _compile(source, target)


def _is_current(target: Path, source: Path) -> bool:
    """Whether Python would take a compiled file for its source (PEP 552)."""
    try:
        with target.open("rb") as file:
            magic, flags, time, size = struct.unpack("<4sIII", file.read(16))
    except (OSError, struct.error):
        return False
    if magic != importlib.util.MAGIC_NUMBER:
        return False
    stat = source.stat()
    return flags != 0 or (time, size) == (int(stat.st_mtime) & 0xFFFFFFFF, stat.st_size & 0xFFFFFFFF)


def _compile(source: Path, target: Path) -> None:
    from py_compile import PycInvalidationMode, PyCompileError, compile

    with contextlib.suppress(OSError, PyCompileError):  # it runs without, and a broken one says so itself
        compile(str(source), str(target), doraise=True, invalidation_mode=PycInvalidationMode.TIMESTAMP)
