"""Imports what programs and tests are likely to import, once, before anything is forked."""

import contextlib
import importlib

_MODULES = (
    "abc", "bisect", "collections", "collections.abc", "copy", "functools", "heapq", "itertools", "math", "operator",
    "re", "string", "sys", "time", "typing",
)  # fmt: skip


def load() -> None:
    """Import them."""
    for name in _MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
