"""SQL queries on every backend: read-only, within the limits, and compared where only the host can see both results."""

import sqlite3
from pathlib import Path

import pytest

from sandbox.databases import pack
from sandbox.protocol import Sandbox
from sandbox.types import Execution, Limits, QuerySuite, Status

SCRIPT = """
CREATE TABLE singer (id INTEGER PRIMARY KEY, name TEXT, age INT, note TEXT);
INSERT INTO singer VALUES (1, 'Ann', 30, NULL), (2, 'Bob', 20, 'x'), (3, 'Cid', 30, x'00ff'), (4, 'Ärn 😀', 41, 'a
b');
"""
NAMES = "SELECT name, age FROM singer"
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT {} FROM n"


@pytest.fixture(scope="module")
def database() -> str:
    """A small database, packed."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(SCRIPT)
    content = connection.serialize()
    connection.close()
    return pack(content)


async def test_a_query_without_a_gold_one_shows_what_it_returns(sandbox: Sandbox, database: str) -> None:
    execution = await sandbox.run("select name, age, note from singer order by id", QuerySuite(database))
    (test,) = execution.tests
    assert execution.passed
    assert (test.expected, test.exception) == (None, None)
    assert test.actual == (
        "name | age | note\nAnn | 30 | NULL\nBob | 20 | x\nCid | 30 | x'00ff'\nÄrn 😀 | 41 | a b\n(4 rows)"
    )


@pytest.mark.parametrize(
    ("query", "gold", "ordered", "passed"),
    [
        ("select age, name from singer;", NAMES, False, True),
        (f"{NAMES} ORDER BY id DESC", NAMES, False, True),
        (f"{NAMES} ORDER BY id DESC", f"{NAMES} ORDER BY id", True, False),
        ("SELECT age, name FROM singer ORDER BY id", f"{NAMES} ORDER BY id", True, True),
        ("SELECT DISTINCT age FROM singer", "SELECT age FROM singer", False, False),
        ("SELECT name FROM singer", NAMES, False, False),
        ("SELECT name FROM singer WHERE 0", "SELECT age FROM singer WHERE 0", False, True),
        ("SELECT 30.0", "SELECT 30", False, True),
        ("SELECT '30'", "SELECT 30", False, False),
        ("SELECT note FROM singer", "SELECT note FROM singer ORDER BY 1", False, True),
        ("SELECT 1e999, x'00ff', 9223372036854775807", "SELECT x'00ff', 9223372036854775807, 1e999", False, True),
    ],
)
async def test_the_rows_are_compared_with_those_of_the_gold_query(
    sandbox: Sandbox, database: str, query: str, gold: str, ordered: bool, passed: bool
) -> None:
    execution = await sandbox.run(query, QuerySuite(database, gold, ordered))
    assert execution.status is (Status.PASSED if passed else Status.FAILED)
    (test,) = execution.tests
    assert (test.expected is None, test.message == "") == (passed, passed)
    assert test.actual


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("SELECT nam FROM singer", Status.ERROR, "no such column: nam"),
        ("SELECT * FROM song", Status.ERROR, "no such table: song"),
        ("SELEC 1", Status.SYNTAX_ERROR, 'near "SELEC": syntax error'),
        ("SELECT 1 +", Status.SYNTAX_ERROR, "incomplete input"),
        ("SELECT 'a", Status.SYNTAX_ERROR, "unrecognized token"),
        ("-- nothing", Status.ERROR, "no query"),
        ("SELECT 1; SELECT 2", Status.ERROR, "one statement at a time"),
        ("SELECT 'a\0b'", Status.ERROR, "null character"),
        ("SELECT '\ud800'", Status.ERROR, "surrogates"),
        ("DELETE FROM singer", Status.ERROR, "not authorized"),
        ("INSERT INTO singer (name) VALUES ('x') RETURNING name", Status.ERROR, "not authorized"),
        ("CREATE TEMP TABLE t AS SELECT 1", Status.ERROR, "not authorized"),
        ("ATTACH '/tmp/x' AS y", Status.ERROR, "not authorized"),
        ("VACUUM INTO '/tmp/x'", Status.ERROR, "authoriz"),
        ("PRAGMA query_only = 0", Status.ERROR, "not authorized"),
        ("SELECT * FROM pragma_table_info('singer')", Status.ERROR, "not authorized"),
        ("SELECT load_extension('x')", Status.ERROR, "not authorized"),
        ("BEGIN", Status.ERROR, "not authorized"),
    ],
)
async def test_what_is_wrong_with_a_query(
    sandbox: Sandbox, database: str, query: str, status: Status, said: str
) -> None:
    for suite in (QuerySuite(database), QuerySuite(database, NAMES)):
        execution = await sandbox.run(query, suite)
        (test,) = execution.tests
        assert (execution.status, test.status) == (status, status)
        assert test.exception is not None
        assert said in test.exception.message
        assert (test.actual, test.expected) == (None, None)
        assert (execution.exception is not None) is (status is Status.SYNTAX_ERROR)
        repr(execution).encode("utf-8")


@pytest.mark.parametrize(
    ("query", "limits", "status"),
    [
        (ENDLESS.format("count(*)"), Limits(cpu_s=1.0), Status.TIMEOUT),
        (ENDLESS.format("x"), Limits(output_bytes=10_000), Status.OUTPUT_LIMIT),
        ("SELECT randomblob(900000000)", Limits(memory_bytes=128 * 2**20), Status.MEMORY_LIMIT),
        ("SELECT hex(zeroblob(400000000))", Limits(memory_bytes=128 * 2**20), Status.MEMORY_LIMIT),
    ],
)
async def test_the_limits_hold(sandbox: Sandbox, database: str, query: str, limits: Limits, status: Status) -> None:
    async with sandbox.job() as job:
        assert (await job.run(query, QuerySuite(database), limits)).status is status
        again = await job.run(NAMES, QuerySuite(database, NAMES))
    assert again.passed


async def test_a_gold_query_that_fails_passes_nobody(sandbox: Sandbox, database: str) -> None:
    execution = await sandbox.run(NAMES, QuerySuite(database, "SELECT nope FROM singer"))
    assert execution.status is Status.ERROR
    assert "the problem's own query did not run: no such column: nope" in execution.tests[0].message


async def test_a_database_with_a_write_ahead_log_can_be_read(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "wal.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(SCRIPT)
    connection.close()
    content = path.read_bytes()
    assert content[18:20] == b"\2\2"
    assert (await sandbox.run(NAMES, QuerySuite(pack(content), NAMES))).passed


async def test_a_broken_database_is_told(sandbox: Sandbox, database: str) -> None:
    torn = pack(b"SQLite format 3\0" + b"\xa5" * 4000)
    execution = await sandbox.run(NAMES, QuerySuite(torn))
    assert execution.status is Status.ERROR
    assert execution.tests[0].exception is not None
    with pytest.raises(ValueError, match="not a SQLite database"):
        pack(b"something else")


async def test_nothing_of_the_gold_query_is_in_the_candidates_process(walls: Sandbox, database: str) -> None:
    async def ask(query: str) -> Execution:
        return await walls.run(query, QuerySuite(database, "SELECT 'the secret'"))

    for query in ("SELECT * FROM sqlite_master", "SELECT * FROM sqlite_temp_master", NAMES):
        (test,) = (await ask(query)).tests
        assert test.status is Status.FAILED
        assert "secret" not in (test.actual or "")
