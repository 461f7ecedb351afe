"""SQL queries: each runs in a fresh process. What it returns is only reported here; the host compares it."""

import base64
import socket
from typing import Any

from .channel import FrameTooLarge, Message, dump
from .stdio import Report, exception_of, limit_of_text
from .watch import Watch

_FRAME_BYTES = 2**25  # what a frame may hold

Result = dict[str, Any]


def queries(job: Message) -> list[str]:
    """The candidate's query and, if there is one, that whose rows are expected."""
    return [text for text in (job["program"], job["suite"]["gold"]) if text or text is job["program"]]


def database(suite: Message) -> bytes:
    """The database, still compressed."""
    return base64.b64decode(suite["database"])


def follow(rpc: socket.socket, watch: Watch, query: str, most: int) -> Message | None:
    """Run a query to its end. What its process says of it; None where it says nothing that can be understood.

    Args:
        most: The most bytes that may be returned.
    """
    try:
        rpc.sendall(dump({"mode": "query", "program": query, "most": most}))
    except FrameTooLarge:
        watch.stop("memory_limit", "the query's own text is too large")
    except OSError:
        pass  # it has ended already; how is told another way
    report = Report(rpc, _FRAME_BYTES)
    while not watch.stopped:
        watch.wait([rpc.fileno()] if report.open else [], 1.0)
        report.take()
    report.take()
    return report.message()


def describe(watch: Watch, said: Message | None, most: int) -> Result:
    """How one query ended. The status is None where it returned rows: the host says what they are worth."""
    status, message, exception, columns, rows = None, "", None, [], []
    told = exception_of(said or {})
    if watch.cause is not None:
        status, message = watch.cause
    elif watch.exit != 0 or said is None:
        status, message = watch.verdict()
        message = message.removesuffix(" before it answered")
    elif "too_much" in said:
        status, message = "output_limit", f"the query returned more than {most} bytes"
    elif told is not None:
        exception, syntax = told
        status = "syntax_error" if syntax else limit_of_text(exception) or "error"
    elif _is_table(said):
        columns, rows = said["columns"], said["rows"]
    else:
        status, message = "tampered", "the query's process answered with something that is no table"
    return {
        "status": status,
        "message": message.replace("the program", "the query", 1),
        "exception": exception,
        "columns": columns,
        "rows": rows,
        "wall_s": watch.wall_s,
        "cpu_s": watch.cpu_s,
        "memory_bytes": watch.memory_bytes,
    }


def _is_table(said: Message) -> bool:
    columns, rows = said.get("columns"), said.get("rows")
    if not (isinstance(columns, list) and columns and all(isinstance(name, str) for name in columns)):
        return False
    if not (isinstance(rows, list) and all(isinstance(row, list) and len(row) == len(columns) for row in rows)):
        return False
    return all(_is_value(value) for row in rows for value in row)


def _is_value(value: Any) -> bool:
    if isinstance(value, dict):
        return list(value) == ["hex"] and isinstance(value["hex"], str)
    return value is None or type(value) in (int, float, str)
