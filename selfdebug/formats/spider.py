"""Rows of Spider (Yu et al., 2018): a question about a database that lies in files beside them.

The layout is the official one: `dev.json` (the rows), `tables.json`, and `database/<db_id>/<db_id>.sqlite`.
"""

import json
import re
import sqlite3
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from sandbox.databases import pack
from sandbox.types import QuerySuite
from selfdebug.formats.read import Row, fail, quoted
from selfdebug.problem import Problem
from selfdebug.sql import joined_operators

_SAMPLE_ROWS = 3
_CELL = 60
_MOST_BYTES = 256 * 2**20
_NAME = re.compile(r"[\w-][\w.-]*")
_PLAIN = re.compile(r"[A-Za-z_]\w*")
_CURRENT_YEAR = re.compile(r"YEAR\s*\(\s*CURDATE\s*\(\s*\)\s*\)", re.I)

_Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
_Keys = tuple[tuple[str, str, str, str], ...]


class SpiderRow(BaseModel):
    """A row of Spider. The parsed forms that the official files add are not used."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    db_id: _Text
    question: _Text
    query: _Text
    query_toks: Any = None
    query_toks_no_value: Any = None
    question_toks: Any = None
    sql: Any = None


def from_spider(row: Row, model: SpiderRow, name: str) -> Problem:
    """The row as a problem without visible tests: its query's rows grade the answer, and are shown to nobody.

    Raises:
        InputError: Its database is not there, or is none.
    """
    if row.folder is None:
        fail(row, "db_id", "names a database, which is a file beside the rows; give the path of Spider's own dev.json")
    if not _NAME.fullmatch(model.db_id):
        fail(row, "db_id", f"expected a database's name, found {quoted(model.db_id)}")
    keys = _foreign_keys(row, row.folder / "tables.json", model.db_id)
    path = row.folder / "database" / model.db_id / f"{model.db_id}.sqlite"
    try:
        found = path.stat()
        if found.st_size > _MOST_BYTES:
            fail(row, "db_id", f"{path} is larger than {_MOST_BYTES // 2**20} MiB")
        packed, schema = _database(path, found.st_mtime_ns, keys)
    except OSError as error:
        advice = "Spider's folder 'database' must lie beside the file of its rows"
        fail(row, "db_id", f"{path} can't be read ({error.strerror}); {advice}")
    except (sqlite3.Error, ValueError) as error:
        fail(row, "db_id", f"{path} is no sound SQLite database: {error}")
    gold = official_text(model.query)
    return Problem(
        id=name,
        statement=f"The SQLite database {model.db_id}:\n\n{schema}\n\nQuestion: {model.question.strip()}",
        hidden=(QuerySuite(packed, gold, ordered="order by" in gold.lower()),),
        reference=gold,
        language="sql",
        probe=QuerySuite(packed),
    )


def official_text(query: str) -> str:
    """A query of the data set as its official evaluation runs it.

    As in `exec_eval.py` of test-suite-sql-eval, functions `postprocess` and `replace_cur_year`; DISTINCT is kept
    (`--keep_distinct`), because double rows count.
    """
    return _CURRENT_YEAR.sub("2020", joined_operators(query.strip().rstrip("; \n")))


def _foreign_keys(row: Row, path: Path, db_id: str) -> _Keys:
    """The foreign keys that `tables.json` knows of a database: some databases do not say them themselves."""
    try:
        return _known_keys(path, path.stat().st_mtime_ns).get(db_id, ())
    except FileNotFoundError:
        return ()
    except OSError as error:
        fail(row, "db_id", f"{path} can't be read ({error.strerror})")
    except (ValueError, RecursionError, KeyError, IndexError, TypeError) as error:
        fail(
            row, "db_id", f"{path} is not Spider's tables.json ({type(error).__name__}: {error}); take the official one"
        )


@lru_cache(maxsize=4)
def _known_keys(path: Path, _changed: int) -> dict[str, _Keys]:
    """The foreign keys of every database: table and column, and those that they refer to."""
    found: dict[str, _Keys] = {}
    for schema in json.loads(path.read_bytes()):
        tables, columns = schema["table_names_original"], schema["column_names_original"]
        pairs = [(columns[one], columns[other]) for one, other in schema["foreign_keys"]]
        found[schema["db_id"]] = tuple((tables[a[0]], a[1], tables[b[0]], b[1]) for a, b in pairs)
    return found


@lru_cache(maxsize=64)
def _database(path: Path, _changed: int, keys: _Keys) -> tuple[str, str]:
    """A database packed for a suite, and its schema as text."""
    content = path.read_bytes()
    packed = pack(content)
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        connection.text_factory = lambda data: data.decode("utf-8", "ignore")
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rootpage")
        names = [name for (name,) in found if not name.startswith("sqlite_")]
        return packed, "\n\n".join(_table(connection, name, keys) for name in names)


def _table(connection: sqlite3.Connection, name: str, keys: _Keys) -> str:
    """CREATE TABLE, and some rows."""
    columns = connection.execute("SELECT name, type, pk FROM pragma_table_info(?)", (name,)).fetchall()
    lines = [f"  {_quoted(column)} {kind}".rstrip() for column, kind, _ in columns]
    primary = [_quoted(column) for column, _, place in sorted(columns, key=lambda each: each[2]) if place]
    if primary:
        lines.append(f"  PRIMARY KEY ({', '.join(primary)})")
    own = connection.execute('SELECT "from", "table", "to" FROM pragma_foreign_key_list(?)', (name,)).fetchall()
    own += [(column, table, target) for owner, column, table, target in keys if owner.lower() == name.lower()]
    known = set[tuple[str, ...]]()
    for column, table, target in own:
        key = (column.lower(), table.lower())
        if key not in known:
            known.add(key)
            to = f"({_quoted(target)})" if target else ""
            lines.append(f"  FOREIGN KEY ({_quoted(column)}) REFERENCES {_quoted(table)}{to}")
    rows = connection.execute(f"SELECT * FROM {_quoted(name, always=True)} LIMIT {_SAMPLE_ROWS}").fetchall()
    sample = [" | ".join(column for column, _, _ in columns), *(" | ".join(map(_shown, row)) for row in rows)]
    shown = "\n".join(sample) if rows else "no rows"
    return (
        f"CREATE TABLE {_quoted(name)} (\n" + ",\n".join(lines) + f"\n);\n/* Rows of {name}, for example:\n{shown}\n*/"
    )


def _quoted(name: str, *, always: bool = False) -> str:
    return name if _PLAIN.fullmatch(name) and not always else '"' + name.replace('"', '""') + '"'


def _shown(value: object) -> str:
    text = (
        "NULL" if value is None else f"x'{value.hex()}'" if isinstance(value, bytes) else " ".join(str(value).split())
    )
    return text if len(text) <= _CELL else text[: _CELL - 1] + "…"
