"""The rows of Spider and TransCoder, and the `first` of the visible tests."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sandbox.databases import pack
from sandbox.types import AssertSuite, CheckSuite, QuerySuite, StdioCase, StdioSuite
from selfdebug.errors import InputError
from selfdebug.formats import load_problem, load_problems
from selfdebug.formats.convert import to_problem
from selfdebug.formats.read import Row

ROW = {"db_id": "shop", "question": "How many?", "query": "SELECT count(*) FROM item WHERE price > = 2 ;"}
TABLES = {
    "db_id": "shop",
    "table_names_original": ["item", "two words"],
    "column_names_original": [[-1, "*"], [0, "id"], [0, "price"], [1, "Item id"], [1, "note"]],
    "foreign_keys": [[3, 1]],
}


@pytest.fixture
def spider(tmp_path: Path) -> Path:
    """A folder in Spider's layout."""
    folder = tmp_path / "database" / "shop"
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "shop.sqlite")) as connection:
        connection.executescript(
            "CREATE TABLE item (id INTEGER PRIMARY KEY, price REAL);"
            'CREATE TABLE "two words" ("Item id" int, note text);'
            "INSERT INTO item VALUES (1, 2.5), (2, NULL), (3, 1), (4, 9);"
        )
        connection.execute('INSERT INTO "two words" VALUES (1, ?)', ("x" * 100,))
        connection.commit()
    (tmp_path / "tables.json").write_text(json.dumps([TABLES]))
    return tmp_path


def written(folder: Path, *rows: dict[str, Any], name: str = "dev.json") -> str:
    (folder / name).write_text(json.dumps(rows))
    return str(folder / name)


def failure(path: str) -> str:
    with pytest.raises(InputError) as caught:
        load_problem(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


SCHEMA = """\
CREATE TABLE item (
  id INTEGER,
  price REAL,
  PRIMARY KEY (id)
);
/* Rows of item, for example:
id | price
1 | 2.5
2 | NULL
3 | 1.0
*/

CREATE TABLE "two words" (
  "Item id" INT,
  note TEXT,
  FOREIGN KEY ("Item id") REFERENCES item(id)
);
/* Rows of two words, for example:
Item id | note
1 | {}…
*/"""


def test_a_spider_row(spider: Path) -> None:
    packed = pack((spider / "database" / "shop" / "shop.sqlite").read_bytes())
    path = written(spider, ROW, {**ROW, "query": "SELECT id FROM item Order By id"})
    for visible in ("first", "examples", "all"):
        one, other = load_problems(path, visible=visible)  # type: ignore[arg-type]
        assert one.statement.split("\n\n", 1)[1].startswith(SCHEMA.format("x" * 59))
        assert one.statement.endswith("\n\nQuestion: How many?")
        assert (one.id, one.language, one.visible, one.entry_point, one.context) == ("Spider/0", "sql", None, "", "")
        assert one.probe == QuerySuite(packed)
        assert one.hidden == (QuerySuite(packed, "SELECT count(*) FROM item WHERE price >= 2"),)
        assert other.hidden == (QuerySuite(packed, "SELECT id FROM item Order By id", ordered=True),)
        assert other.id == "Spider/1"


def test_the_official_files_further_fields_are_taken(spider: Path) -> None:
    more = {"query_toks": ["SELECT"], "query_toks_no_value": ["select"], "question_toks": ["How"], "sql": {"from": {}}}
    assert load_problem(written(spider, {**ROW, **more})).language == "sql"


def test_a_spider_row_that_is_wrong(spider: Path) -> None:
    assert "db_id: " in failure(written(spider, {**ROW, "db_id": "../shop"}))
    missing = failure(written(spider, {**ROW, "db_id": "none"}))
    assert "No such file" in missing
    assert "Spider's folder 'database' must lie beside" in missing
    assert "question: is missing" in failure(written(spider, {"db_id": "shop", "query": "SELECT 1"}))
    assert "unknown field" in failure(written(spider, {**ROW, "answer": 1}))
    (spider / "database" / "shop" / "shop.sqlite").write_bytes(b"SQLite format 3\0" + b"\xa5" * 4000)
    assert "is no sound SQLite database" in failure(written(spider, ROW))
    (spider / "database" / "shop" / "shop.sqlite").write_bytes(b"text")
    assert "not a SQLite database" in failure(written(spider, ROW))


@pytest.mark.parametrize("content", ["[]", '{"a": 1}', "[{}]", "nothing", "[" * 5000, '[{"db_id": "shop"}]', "\xff"])
def test_tables_json_may_be_anything(spider: Path, content: str) -> None:
    (spider / "tables.json").write_bytes(content.encode("latin-1"))
    path = written(spider, ROW)
    if content == "[]":
        assert "FOREIGN KEY" not in load_problem(path).statement
    else:
        assert "tables.json" in failure(path)


def test_a_row_that_came_without_a_file_opens_none(spider: Path) -> None:
    with pytest.raises(InputError, match="give the path"):
        to_problem(Row("problem", "", ROW), "all")
    command = [sys.executable, "-c", "from selfdebug.formats import load_problem; load_problem('-')"]
    done = subprocess.run(command, input=json.dumps(ROW), cwd=spider, capture_output=True, text=True, check=False)
    assert "give the path" in done.stderr


TRANSCODER: dict[str, Any] = {
    "task_id": "TransCoder/1",
    "prompt": "[code]\n[c++]\nint f ( ) { return 1; }\n[python]\ndef f():\n    return 1\n"
    "[c++]\nint g ( int x ) {\n  return x;\n}\n[python]",
    "given_tests": [f"assert g({n}) == {n}" for n in range(10)],
    "canonical_solution": "def g(x):\n    return x",
    "entry_point": "g",
    "test": "def check(candidate):\n" + "".join(f"    assert candidate({n}) == {n}\n" for n in range(10)),
}


def test_a_transcoder_row(tmp_path: Path) -> None:
    path = written(tmp_path, TRANSCODER)
    full = CheckSuite(TRANSCODER["test"], "g")
    for visible, shown, hidden in (("first", 1, (full,)), ("examples", 1, (full,)), ("all", 10, ())):
        problem = load_problem(path, visible=visible)  # type: ignore[arg-type]
        assert problem.statement == (
            "Translate this C++ function into Python. Keep its name and its parameters.\n\n"
            "```cpp\nint g ( int x ) {\n  return x;\n}\n```"
        )
        assert problem.visible == AssertSuite(tuple(TRANSCODER["given_tests"][:shown]), entry_point="g")
        assert problem.hidden == hidden
        assert (problem.context, problem.reference) == ("", TRANSCODER["canonical_solution"])


def test_a_transcoder_row_with_a_broken_test_is_still_graded_by_it(tmp_path: Path) -> None:
    broken = {**TRANSCODER, "given_tests": ["assert g(1) == 01", *TRANSCODER["given_tests"]]}
    broken["test"] += "    assert candidate(1) == 01\n"
    for visible, shown in (("first", 1), ("all", 10)):
        (problem,) = load_problems(written(tmp_path, broken), visible=visible)  # type: ignore[arg-type]
        assert problem.visible == AssertSuite(tuple(TRANSCODER["given_tests"][:shown]), entry_point="g")
        assert problem.hidden == (CheckSuite(broken["test"], "g"),)


def test_the_first_of_the_visible_tests(tmp_path: Path) -> None:
    asserts = {"statement": "s", "tests": {"asserts": ["assert f(1)", "assert f(2)", "assert f(3)"]}}
    full = AssertSuite(("assert f(1)", "assert f(2)", "assert f(3)"), entry_point="f")
    given = {**asserts, "examples": ["assert f(2)", "assert f(3)"]}
    for own, first in ((asserts, "assert f(1)"), (given, "assert f(2)")):
        problem = load_problem(written(tmp_path, own), visible="first")
        assert (problem.visible, problem.hidden) == (AssertSuite((first,), entry_point="f"), (full,))
    cases = [{"stdin": "1", "stdout": "1"}, {"stdin": "2", "stdout": "2"}]
    problem = load_problem(written(tmp_path, {"statement": "s", "tests": {"stdio": cases}}), visible="first")
    assert problem.visible == StdioSuite((StdioCase("1", "1"),))
    assert load_problem(written(tmp_path, {"statement": "s"}), visible="first").visible is None
