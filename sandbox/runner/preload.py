"""Has at hand what programs and tests are likely to need, once, before anything is forked."""

import contextlib
import importlib

_MODULES = (
    "abc", "bisect", "collections", "collections.abc", "copy", "functools", "heapq", "itertools", "math", "operator",
    "re", "string", "sys", "time", "typing",
)  # fmt: skip


def load() -> None:
    """Import the modules, and let the interpreter make the classes of syntax trees, as its first `compile` does."""
    compile("", "", "exec")
    for name in _MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
