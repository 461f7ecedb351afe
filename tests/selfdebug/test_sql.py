"""SQL text and the replies that hold it."""

# ruff: noqa: E501 -- the tables hold one case a line

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfdebug.problem import Problem
from selfdebug.reply import extract_program, normalised
from selfdebug.sql import canonical, is_query, joined_operators, statements, tokens

PROBLEM = Problem("s", "s", language="sql")


@pytest.mark.parametrize(
    ("reply", "query"),
    [
        ("```sql\nSELECT 1\n```", "SELECT 1\n"),
        ("Here:\n```sql\nSELECT a FROM b;\n```\nIt selects a.", "SELECT a FROM b;\n"),
        ("```\nselect a from b\n```", "select a from b\n"),
        ("```SQLite\nSELECT 1", "SELECT 1"),
        ("```sql SELECT 1 FROM x```", "SELECT 1 FROM x\n"),
        ("```sql\n-- all\nSELECT count(*) FROM t -- of them\n```", "-- all\nSELECT count(*) FROM t -- of them\n"),
        ("```sql\nSELECT 1\n```\nor\n```sql\nSELECT 2\n```\ngives\n```\na | b\n```", "SELECT 2\n"),
        ("```sql\nCREATE TABLE x (a);\nSELECT * FROM x;\n```", "SELECT * FROM x"),
        ("<think>SELECT 1</think>\n```sql\nWITH a AS (SELECT 2) SELECT * FROM a\n```", "WITH a AS (SELECT 2) SELECT * FROM a\n"),
        ("```sql\nSELECT 'a > = b' FROM t WHERE x > = 3 AND y ! = 4\n```", "SELECT 'a > = b' FROM t WHERE x >= 3 AND y != 4\n"),
        ("```\nsqlite> SELECT 1;\n```", "SELECT 1;\n"),
        ("SELECT name FROM singer;", "SELECT name FROM singer;"),
        ("SQL: select 1 from t", "select 1 from t"),
        ("The query: SELECT name\nFROM t WHERE a = ';' ;\nIt gives the names.", "SELECT name\nFROM t WHERE a = ';'"),
        ("With this query we see it.\n\nSELECT x FROM y\nWHERE z\n\nDone.", "SELECT x FROM y\nWHERE z"),
        ("Take `SELECT count(*) FROM t` for it.", "SELECT count(*) FROM t"),
        ("```sql\nSELEC name FROM t\n```", "SELEC name FROM t\n"),
        ("I can't say.", None),
        ("", None),
        ("```sql\n```", None),
    ],
)  # fmt: skip
def test_the_query_of_a_reply(reply: str, query: str | None) -> None:
    extracted = extract_program(reply, PROBLEM)
    assert extracted.code == query
    if query is None:
        assert extracted.notes == ("The reply holds no query.",)


def test_what_was_done_is_noted_and_a_plain_block_needs_nothing() -> None:
    assert extract_program("```sql\nSELECT 1\n```", PROBLEM).notes == ()
    assert extract_program("```sql\nSELECT 1;SELECT 2\n```", PROBLEM).notes == ("Statement 2 of 2 was taken.",)
    assert extract_program("SELECT 1", PROBLEM).notes == (
        "The reply has no code block; the query was taken from its text.",
    )
    joined = extract_program("```sql\nSELECT 1 < = 2\n```", PROBLEM)
    assert joined.notes == ("Operators that were split by a space were joined.",)


ODD = st.text(alphabet=st.sampled_from("SELECT WITH as (,;'\"`[]-*/><!=\n\0é\ud800```sql ")) | st.text()


@given(ODD)
def test_any_reply_can_be_read(reply: str) -> None:
    extracted = extract_program(reply, PROBLEM)
    assert extracted.code is None or extracted.code.strip()
    normalised(extracted.code or "")


@given(ODD)
def test_the_tokens_are_the_text(text: str) -> None:
    assert "".join(part for _, part in tokens(text)) == text
    assert joined_operators(joined_operators(text)) == joined_operators(text)
    assert canonical(canonical(text)) == canonical(text)
    for statement in statements(text):
        assert statements(statement) == [statement]


def test_queries_that_differ_in_form_alone_are_alike() -> None:
    assert normalised("select  A\nfrom b;") == normalised("SELECT a FROM B -- all")
    assert normalised("SELECT 'a'") != normalised("SELECT 'A'")
    assert normalised("SELECT a, b FROM t") != normalised("SELECT b, a FROM t")


@pytest.mark.parametrize("text", ["select 1", "(SELECT 1)", "VALUES (1)", "WITH a AS (SELECT 1) SELECT 1",
                                  "with recursive a(b) as (select 1) select 2", "/* x */ SELECT 1"])  # fmt: skip
def test_what_begins_as_a_query(text: str) -> None:
    assert is_query(text)
    if text != "(SELECT 1)":
        sqlite3.connect(":memory:").execute(text).close()
    for other in ("INSERT INTO x " + text, "selected " + text, "With words, " + text, ""):
        assert not is_query(other)
