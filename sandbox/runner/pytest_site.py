"""Makes pytest importable where it lies in the box."""

import importlib.util
import sys
import types


def provide(folders: list[str]) -> None:
    """Import pytest once, so that every process that is forked from here has it.

    Raises:
        ImportError: It is not there.
    """
    for folder in folders:
        if folder not in sys.path:
            sys.path.append(folder)
    try:
        _provide_py()
        from . import pytest_suite  # noqa: F401
    except ImportError as error:
        raise ImportError(f"pytest cannot be imported: {error}") from error


def _provide_py() -> None:
    """Make `import py` work, which pytest does: its own shim is a lone file beside its packages, and may be missing."""
    if "py" in sys.modules or importlib.util.find_spec("py") is not None:
        return
    error, path = (importlib.import_module(f"_pytest._py.{name}") for name in ("error", "path"))
    module = types.ModuleType("py")
    vars(module).update(error=error, path=path)
    sys.modules.update({"py": module, "py.error": error, "py.path": path})
