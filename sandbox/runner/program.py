"""The program as a module: loading, running as a whole, telling its exceptions. Runs in the candidate's process."""

import builtins
import contextlib
import sys
import types
from typing import Any

from .channel import Link, dump
from .exports import text_of

FILE = "solution.py"
_FRAMES = 12  # of a traceback, at each end


_lines: list[str] = []  # of the program


class _Loader:
    """Lets `inspect` and tracebacks find the program, which is no file."""

    def __init__(self, source: str) -> None:
        self._source = source

    def get_source(self, name: str) -> str:
        return self._source


def new_module(name: str, program: str) -> types.ModuleType:
    """The module that a program becomes, under which `inspect`, `pickle` and tracebacks find it."""
    module = types.ModuleType(name)
    module.__file__ = FILE
    module.__dict__["__builtins__"] = builtins
    module.__loader__ = _Loader(program)  # type: ignore[assignment]
    _lines[:] = program.splitlines()
    sys.modules[name] = module
    return module


def run_main(link: Link, program: str, tracing: Any) -> int:
    """Run the program as `__main__` to its end, watched or not, and finish as the interpreter does."""
    code = 0
    try:
        module = new_module("__main__", program)
        try:
            compiled = compile(program, FILE, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            link.send(dump({"syntax": True, "exception": exception_info(error)}))
            return 1
        if tracing is None:
            exec(compiled, module.__dict__)
        else:
            tracing.know(compiled)
            tracing.run(0, exec, compiled, module.__dict__)
    except SystemExit as error:
        code = _exit_code(error)
    except BaseException as error:
        code = 1
        link.send(dump({"syntax": False, "exception": exception_info(error)}))
        sys.stderr.write(traceback_of(error)[0] + "\n" + _headline(error) + "\n")
    return _finish(code)


def _finish(code: int) -> int:
    """Wait for threads, run exit functions, flush."""
    import atexit

    threading = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()
    atexit._run_exitfuncs()
    flush()
    return code


def _exit_code(error: SystemExit) -> int:
    if error.code is None:
        return 0
    if isinstance(error.code, int):
        return error.code & 0xFF
    sys.stderr.write(f"{error.code}\n")
    return 1


def flush() -> None:
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(Exception):
            stream.flush()  # type: ignore[union-attr]


def _headline(error: BaseException) -> str:
    message = text_of(error)
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def traceback_of(error: BaseException) -> tuple[str, int]:
    """The candidate's own frames with their source lines, and the innermost line."""
    if isinstance(error, SyntaxError) and error.filename == FILE:
        line = error.lineno or 0
        return f'  File "{FILE}", line {line}\n    {(error.text or "").strip()}', line
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename == FILE:
            frames.append((trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    lines = [
        f'  File "{FILE}", line {number}, in {name}\n    {"".join(_lines[number - 1 : number]).strip()[:200]}'
        for number, name in frames[:_FRAMES] + frames[_FRAMES:][-_FRAMES:]
    ]
    if len(frames) > 2 * _FRAMES:
        lines.insert(_FRAMES, f"  … {len(frames) - 2 * _FRAMES} more frames …")
    return "\n".join(lines), frames[-1][0] if frames else 0


def exception_info(error: BaseException) -> dict[str, Any]:
    """An exception as text."""
    traceback, line = traceback_of(error)
    return {"type": type(error).__name__, "message": text_of(error)[:2000], "traceback": traceback, "line": line}


def exception_parts(error: BaseException) -> list[Any]:
    """Class, text, arguments, attributes, traceback and line."""
    attributes = {name: value for name, value in vars(error).items() if isinstance(name, str) and name[:2] != "__"}
    return [type(error), text_of(error)[:10_000], tuple(error.args), attributes, *traceback_of(error)]
