"""Runs one SQL query, read-only, on a copy of a database that lies in memory. Runs in the candidate's process."""

import sys
import zlib
from typing import Any

from .channel import FrameTooLarge, Link, Message, dump
from .exports import text_of

_HEADER = b"SQLite format 3\0"
_VERSIONS = slice(18, 20)  # of the file's format, for writing and reading
_CELL = 8  # what a value counts beyond its text, in bytes


class _TooMuch(Exception):
    """The query returns more than may be shown."""


def run_query(link: Link, order: Message) -> int:
    """Run the query on the database that comes compressed on standard input, and send what it returns."""
    try:
        database = zlib.decompress(sys.stdin.buffer.read())
    except zlib.error:
        return 70
    try:
        frame = dump(_result(database, order["program"], order["most"]))
    except (_TooMuch, FrameTooLarge):
        frame = dump({"too_much": True})
    except MemoryError as error:
        del database
        frame = dump({"exception": _info(error)})
    link.send(frame)
    return 0


def _result(database: bytes, query: str, most: int) -> Message:
    import sqlite3

    connection = _opened(database)
    try:
        cursor = connection.execute(query)
        if cursor.description is None:
            raise sqlite3.ProgrammingError("it is no query: it returns no columns")
        columns = [str(column[0]) for column in cursor.description]
        left = most - sum(map(len, columns))
        rows = []
        for row in cursor:
            left -= sum(len(value) if isinstance(value, (str, bytes)) else 0 for value in row) + _CELL * len(row)
            if left < 0:
                raise _TooMuch
            rows.append([_plain(value) for value in row])
    except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
        return {"exception": _info(error), "syntax": _is_syntax(text_of(error))}
    return {"columns": columns, "rows": rows}


def _opened(database: bytes) -> Any:
    """A connection that can read, and nothing else."""
    import sqlite3

    if database.startswith(_HEADER) and database[_VERSIONS] == b"\2\2":
        # A write-ahead log would be a second file; without one the database is whole as it is.
        database = database[:18] + b"\1\1" + database[20:]
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(database)
    connection.text_factory = _text
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA query_only = ON")
    allowed = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}

    def authorise(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        refused = action not in allowed or (action == sqlite3.SQLITE_FUNCTION and second == "load_extension")
        return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK

    connection.set_authorizer(authorise)
    return connection


def _text(data: bytes) -> str:
    """As the official evaluation of Spider reads text: what is not UTF-8 is left out."""
    return data.decode("utf-8", "ignore")


def _plain(value: Any) -> Any:
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def _info(error: Exception) -> dict[str, Any]:
    message = text_of(error)
    if message == "not authorized" or "prohibited" in message:
        message = "not authorized: the database can only be read, by one SELECT statement"
    kind = "MemoryError" if message == "out of memory" else type(error).__name__
    return {"type": kind, "message": message[:2000], "traceback": "", "line": 0}


def _is_syntax(message: str) -> bool:
    """Whether the query did not even parse: SQLite says so only in words."""
    return "syntax error" in message or message == "incomplete input" or message.startswith("unrecognized token")
