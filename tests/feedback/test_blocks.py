"""Basic blocks: cut where control branches or joins, and whatever can run lies in one."""

import ast
import importlib.util
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfdebug.feedback.blocks import Block, parameters, split

INNER = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "<lambda>"}


def ranges(program: str, function: str = "f") -> list[list[tuple[int, int]]]:
    return [[(part.first, part.last) for part in block.parts] for block in split(program) if block.function == function]


def test_statements_that_follow_each_other_are_one_block() -> None:
    assert ranges("def f():\n    a = 1\n    b = (2,\n         3)\n    return a\n") == [[(2, 2), (3, 4), (5, 5)]]


def test_a_condition_ends_the_block_before_its_branches() -> None:
    program = (
        "def f(a):\n    b = a\n    if b:\n        a = 1\n    elif a > 1:\n        a = 2\n"
        "    else:\n        a = 3\n    return a\n"
    )
    assert ranges(program) == [[(2, 2), (3, 3)], [(4, 4)], [(5, 5)], [(6, 6)], [(8, 8)], [(9, 9)]]


@pytest.mark.parametrize("head", ["for b in a:", "while a:"])
def test_the_head_of_a_loop_is_a_block_because_its_body_comes_back_to_it(head: str) -> None:
    program = (
        f"def f(a):\n    b = 1\n    {head}\n        c = 1\n        if c: continue\n        d = 1\n"
        f"    else:\n        e = 1\n    return\n"
    )
    assert ranges(program) == [[(2, 2)], [(3, 3)], [(4, 4), (5, 5)], [(6, 6)], [(8, 8)], [(9, 9)]]


def test_what_follows_the_end_of_a_flow_is_another_block() -> None:
    assert ranges("def f():\n    raise KeyError\n    return 1\n") == [[(2, 2)], [(3, 3)]]


def test_a_with_goes_on_and_a_try_branches() -> None:
    program = (
        "def f():\n    with open(a) as b, \\\n         open(c):\n        d = 1\n    e = 1\n    try:\n        g = 1\n"
        "    except (A,\n            B) as h:\n        i = 1\n    "
        "else:\n        j = 1\n    finally:\n        k = 1\n    return\n"
    )
    assert ranges(program) == [
        [(2, 3), (4, 4), (5, 5)],
        [(7, 7)],
        [(8, 9), (10, 10)],
        [(12, 12)],
        [(14, 14)],
        [(15, 15)],
    ]


def test_each_case_of_a_match_is_a_block() -> None:
    program = (
        "def f(a):\n    match a:\n        case [b] if b:\n            return b\n        case _:\n"
        "            pass\n    return a\n"
    )
    assert ranges(program) == [[(2, 2)], [(3, 3), (4, 4)], [(5, 5), (6, 6)], [(7, 7)]]


def test_what_stands_on_one_line_stays_together() -> None:
    assert ranges("def f(a):\n    if a: return 1\n    while a: a -= 1; b = 2\n    return a\n") == [
        [(2, 2)],
        [(3, 3)],
        [(4, 4)],
    ]


def test_functions_and_classes_have_blocks_of_their_own() -> None:
    program = (
        "import os\n@cache\ndef f(a,\n      b=1):\n    def g(): return 1\n    return g\nclass C:\n    x = 1\nprint(f)\n"
    )
    found = {block.function: block for block in split(program)}
    assert [(part.first, part.last) for part in found["<module>"].parts] == [(1, 1), (2, 4), (7, 7), (9, 9)]
    assert found["<module>"].names == ("cache", "print", "f")
    assert found["C"].first == 8
    assert found["g"].first == 5
    assert parameters(program) == {("f", 2): frozenset({"a", "b"}), ("g", 5): frozenset()}


def test_names_come_in_the_order_of_their_use_and_docstrings_not_at_all() -> None:
    (block,) = split('def f(b, a):\n    """Some."""\n    return b + a * b\n')[1:]
    assert block.names == ("b", "a")
    assert block.first == 3


def test_a_decision_knows_its_body() -> None:
    first, *_ = [
        block
        for block in split("def f(a):\n    if a:\n        b = 1\n        c = 2\n    return 1\n")
        if not block.defines
    ]
    assert (first.decides, first.body) == ("if", (3, 4))


@pytest.mark.parametrize("program", ["def f(:", "", "\0", "x = " + "(" * 500 + ")" * 500, "return\n  x"])
def test_what_does_not_parse_has_no_blocks(program: str) -> None:
    assert split(program) == ()
    assert parameters(program) == {}


def test_very_many_branches_are_split_too() -> None:
    program = "def f(a):\n    if a == 0:\n        return 0\n" + "".join(
        f"    elif a == {i}:\n        return {i}\n" for i in range(400)
    )
    assert len(split(program)) == 1 + 2 * 401


def codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from codes(each)


@pytest.mark.parametrize(
    "name", ["argparse", "ast", "dataclasses", "difflib", "heapq", "inspect", "json.decoder", "textwrap"]
)
def test_every_line_that_can_run_lies_in_a_block_of_its_function(name: str) -> None:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    program = Path(spec.origin).read_text()
    blocks = split(program)
    for block in blocks:
        assert_ordered(block)
    lines = {
        (block.function, line) for block in blocks for part in block.parts for line in range(part.first, part.last + 1)
    }
    constants = constant_lines(program)
    for code in codes(compile(program, name, "exec")):
        if code.co_name in INNER or code.co_name == "<module>" or code.co_name.startswith("<"):
            continue
        run = {line for _, _, line in code.co_lines() if line and line != code.co_firstlineno}
        missing = {line for line in run if (code.co_name, line) not in lines} - constants
        assert not missing, (code.co_name, missing)


def assert_ordered(block: Block) -> None:
    assert block.parts
    for part in block.parts:
        assert 1 <= part.first <= part.last
    for part, after in zip(block.parts, block.parts[1:], strict=False):
        assert part.last < after.first


def constant_lines(program: str) -> set[int]:
    """Lines of which only bookkeeping runs: texts that nothing is done with, and `try`."""
    found: set[int] = set()
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        if isinstance(node, ast.Try):
            found.add(node.lineno)
    return found
