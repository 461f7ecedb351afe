"""The two ways in: one problem to solve, or all problems of a file."""

import difflib

from selfdebug.errors import InputError
from selfdebug.formats.convert import Visible, row_id, to_problem
from selfdebug.formats.read import Row, fail, quoted, read_rows
from selfdebug.problem import Problem

_SHOWN = 5


def load_problem(path: str, *, task_id: str | None = None, visible: Visible = "all") -> Problem:
    """The problem to solve. In a file of several only the one that is asked for is checked in full.

    Args:
        path: A file, or `-` for standard input.
        task_id: Which, in a file of several: its whole name, or the part behind the last `/` where that is unique.
        visible: Whose tests' outcome the model may be shown: `all` that are not marked as hidden, or the examples.

    Raises:
        InputError: The file, the row or the task's name is wrong.
    """
    return to_problem(load_row(path, task_id=task_id), visible)


def load_row(path: str, *, task_id: str | None = None) -> Row:
    """The row of the problem to solve, as it stands in the file; arguments as for `load_problem`.

    Raises:
        InputError: The file or the task's name is wrong.
    """
    rows = read_rows(path)
    names = _names(rows)
    if task_id is not None:
        return rows[_find(rows[0].source, names, task_id)]
    if len(rows) > 1:
        shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        raise InputError(rows[0].source, "", f"holds {len(rows)} problems; say which with --task-id: {shown}")
    return rows[0]


def load_problems(path: str, *, visible: Visible = "all") -> list[Problem]:
    """All problems of a file, in its order.

    A HumanEval-style row whose test defines `check` but does not parse is kept as it is (a few rows of TransCoder):
    every program fails it.

    Raises:
        InputError: The file or one of its rows is wrong.
    """
    rows = read_rows(path)
    _names(rows)
    return [to_problem(row, visible, keep_broken=True) for row in rows]


def _names(rows: list[Row]) -> list[str]:
    """The problems' names. They must differ."""
    first: dict[str, Row] = {}
    for row in rows:
        name = row_id(row)
        if name in first:
            where = first[name].place
            fail(row, "task_id" if "task_id" in row.fields else "id", f"{quoted(name)} stands at {where} already")
        first[name] = row
    return list(first)


def _find(source: str, names: list[str], task_id: str) -> int:
    if task_id in names:
        return names.index(task_id)
    short = [index for index, name in enumerate(names) if name.split("/")[-1] == task_id]
    same = [index for index, name in enumerate(names) if name.lower() == task_id.lower()]
    for found in (same, short):
        if len(found) == 1:
            return found[0]
    near = difflib.get_close_matches(task_id, names, 3, 0.6) or names[:_SHOWN]
    some = ", ".join(near) + (", ..." if len(names) > len(near) else "")
    raise InputError(source, "", f"has no problem {quoted(task_id)} among its {len(names)}; it has {some}")
