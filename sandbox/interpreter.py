"""What of this machine a box must show so that the running Python works in it: and nothing else.

The base interpreter is meant, never a virtual environment: installed packages are no part of it.
"""

import functools
import importlib.util
import os
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from sandbox.libraries import Library, find_library, shared_libraries

# Extension modules that drag in a windowing system, directory services or test scaffolding: two thirds of all
# libraries for what no candidate can use in a box without display or network.
_LEFT_OUT = ("_tkinter", "nis", "ossaudiodev", "_test", "xxlimited", "_xxtestfuzz", "_ctypes_test")

_PYTEST_PACKAGES = ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments", "exceptiongroup", "tomli")

_ZONEINFO = "/usr/share/zoneinfo"  # `zoneinfo` is in the standard library, its data usually is not


@dataclass(frozen=True)
class Interpreter:
    """The running Python as paths on this machine.

    Attributes:
        executable: The real file, symbolic links resolved, of the base interpreter.
        folders: The standard library, and the time zones where the system keeps them.
        packages: Folders of installed packages that lie within `folders`, to be covered.
        libraries: The shared libraries that the executable and its extension modules load.
    """

    executable: str
    folders: tuple[str, ...]
    packages: tuple[str, ...]
    libraries: tuple[Library, ...]


@functools.cache
def this_interpreter() -> Interpreter:
    """Find out about the running interpreter; takes some 10 ms the first time."""
    executable = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
    base = {"installed_base": sys.base_prefix, "base": sys.base_prefix,
            "installed_platbase": sys.base_exec_prefix, "platbase": sys.base_exec_prefix}  # fmt: skip
    standard = {os.path.realpath(sysconfig.get_path(name, vars=base)) for name in ("stdlib", "platstdlib")}
    standard.add(os.path.realpath(os.path.dirname(os.__file__)))
    folders = sorted(folder for folder in standard if not _within(folder, standard - {folder}))
    packages = [f"{folder}/{name}" for folder in folders for name in ("site-packages", "dist-packages")]
    modules = [str(path) for folder in folders for path in sorted(Path(folder, "lib-dynload").glob("*.so"))]
    needed = [path for path in modules if not Path(path).name.startswith(_LEFT_OUT)]
    libraries = list(shared_libraries([executable, *needed]))
    threads = find_library("libgcc_s.so.1", executable)  # glibc opens it to end a thread, and aborts without it
    if threads is not None and all(library.target != threads.target for library in libraries):
        libraries.append(threads)
    if os.path.isdir(_ZONEINFO):
        folders.append(_ZONEINFO)
    return Interpreter(executable, tuple(folders), tuple(filter(os.path.isdir, packages)), tuple(libraries))


@functools.cache
def pytest_packages() -> tuple[str, ...]:
    """The folders of pytest and of what it needs, found without importing them."""
    found = []
    for name in _PYTEST_PACKAGES:
        spec = importlib.util.find_spec(name)
        found += list(spec.submodule_search_locations or []) if spec else []
    return tuple(os.path.realpath(folder) for folder in found)


def _within(folder: str, others: set[str]) -> bool:
    return any(folder.startswith(other + os.sep) for other in others)
