"""Replies in every shape that models give them, and the program that must come out."""

# ruff: noqa: E501 -- the tables hold one case a line

import ast
import json
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.types import AssertSuite, StdioCase, StdioSuite
from selfdebug.formats import load_problems
from selfdebug.problem import Problem
from selfdebug.reply import extract_program, normalised
from selfdebug.syntax import bindings, module_names, try_parse

FUNCTION = Problem(
    id="t/0",
    statement="Add two numbers.",
    entry_point="add",
    visible=AssertSuite(("assert add(1, 2) == 3",), entry_point="add"),
)
PROMPT = "from typing import List\nimport math\n\n\ndef helper(x):\n    return math.floor(x)\n\n\n"
PROMPT += 'def add(a: int, b: int) -> int:\n    """Add two numbers.\n    >>> add(1, 2)\n    3\n    """\n'
COMPLETION = Problem(id="t/1", statement=PROMPT, entry_point="add", context=PROMPT)
PROGRAM = Problem(id="t/2", statement="Sum.", visible=StdioSuite((StdioCase("1 2\n", "3\n"),)))
CODE = "def add(a, b):\n    return a + b\n"


def extract(reply: str, problem: Problem = FUNCTION) -> str:
    code = extract_program(reply, problem).code
    assert code is not None
    return code


def value(code: str, expression: str = "add(1, 2)") -> object:
    """What the program's function gives. These programs are this file's own."""
    namespace: dict[str, object] = {"__name__": "solution"}
    exec(compile(code, "solution.py", "exec"), namespace)
    return eval(expression, namespace)


def fenced(code: str, language: str = "python") -> str:
    return f"```{language}\n{code}```\n"


SHAPES = {
    "plain": CODE,
    "fence": fenced(CODE),
    "fence without a language": fenced(CODE, ""),
    "tildes": f"~~~python\n{CODE}~~~\n",
    "prose around": f"Sure! Here is the function:\n\n{fenced(CODE)}\nIt adds `a` and `b`.\n",
    "unclosed fence": f"Here you go:\n```python\n{CODE}",
    "prose around, no fence": f"Sure! Here's the function you asked for:\n\n{CODE}\nThis function adds the two numbers.\n",
    "list item": "1. The code:\n\n   ```python\n" + textwrap.indent(CODE, "   ") + "   ```\n",
    "carriage returns": fenced(CODE).replace("\n", "\r\n"),
    "prose in the block": fenced("Here is the code:\n" + CODE + "This adds the numbers together.\n"),
    "explanation in the block": fenced(CODE + "\nExplanation:\n- It takes two numbers.\n- It returns their sum.\n"),
    "interpreter session": fenced(">>> def add(a, b):\n...     return a + b\n...\n>>> add(1, 2)\n3\n"),
    "session below": fenced(CODE + "\n>>> add(1, 2)\n3\n"),
    "diff": fenced("--- a/solution.py\n+++ b/solution.py\n@@ -1,2 +1,2 @@\n def add(a, b):\n-    return a - b\n+    return a + b\n", "diff"),
    "line numbers": fenced("1 def add(a, b):\n2     return a + b\n"),
    "indented": fenced(textwrap.indent(CODE, "    ")),
    "typographic fence": f"’’’python\n{CODE}’’’\n",
    "acute fence": f"´´´\n{CODE}´´´\n",
    "single quote fence": f"'''python\n{CODE}'''\n",
    "glued opening": f"The code: ```python\n{CODE}```\n",
    "glued closing": f"```python\n{CODE.rstrip()}```\n",
    "one line": "Use ```def add(a, b): return a + b```.",
    "typographic quotes": fenced("def add(a, b):\n    “sum”\n    return a + b\n"),
    "no-break spaces": fenced(CODE.replace("    ", "\u00a0\u00a0\u00a0\u00a0")),
    "tags": f"[PYTHON]\n{CODE}[/PYTHON]\n",
    "thoughts": f"<think>\nMaybe ```python\ndef add(a, b):\n    return a * b\n```\n</think>\n{fenced(CODE)}",
    "draft first": fenced("def add(a, b):\n    return a - b\n") + "That is wrong. Fixed:\n" + fenced(CODE),
    "usage after": fenced(CODE) + "Usage:\n" + fenced("print(add(1, 2))\n"),
    "stub after": fenced(CODE) + "Signature:\n" + fenced("def add(a, b):\n    pass\n"),
    "shell first": fenced("pip install numpy\n", "bash") + fenced(CODE),
    "output after": fenced(CODE) + fenced("3\n", "text"),
    "another name": fenced("def sum_two(a, b):\n    return a + b\n"),
    "another name, recursive": fenced("def plus(a, b):\n    return a if b == 0 else plus(a + 1, b - 1)\n"),
    "another name, with a helper": fenced("def one(x):\n    return x\n\n\ndef plus(a, b):\n    return one(a) + one(b)\n"),
    "another name, also an argument": fenced("def plus(a, b, plus=0):\n    return a + b + plus\n"),
    "another style of the name": fenced("def ADD(a, b):\n    return a + b\n\n\ndef other(a):\n    return a\n"),
    "class around": fenced("class Solution:\n    def add(self, a, b):\n        return a + b\n"),
    "class with a static method": fenced("class Solution:\n    @staticmethod\n    def add(a, b):\n        return a + b\n"),
    "class without self": fenced("class Solution:\n    def add(a, b):\n        return a + b\n"),
    "helper in another block": fenced("def one(x):\n    return x\n") + "and\n" + fenced("def add(a, b):\n    return one(a) + one(b)\n"),
    "import in another block": fenced("import operator\n") + fenced("def add(a, b):\n    return operator.add(a, b)\n"),
    "helper after it": fenced("def add(a, b):\n    return one(a) + one(b)\n") + fenced("def one(x):\n    return two(x)\n\ndef two(x):\n    return x\n"),
    "main": fenced(CODE + "\n\nif __name__ == '__main__':\n    print(add(1, 2))\n"),
    "failing assert below": fenced(CODE + "\nassert add(1, 2) == 4\n"),
    "failing check below": fenced(CODE + "\ndef check(candidate):\n    assert candidate(1, 2) == 4\n\ncheck(add)\n"),
    "input loop below": fenced(CODE + "\na = int(input())\nb = int(input())\nprint(add(a, b))\n"),
    "loop of tests": fenced(CODE + "\ncases = [(1, 2, 4)]\nfor a, b, c in cases:\n    result = add(a, b)\n    assert result == c\n"),
    "unittest below": fenced("import unittest\n" + CODE + "\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(add(1, 2), 4)\n\nunittest.main()\n"),
    "pytest below": fenced("import pytest\n" + CODE + "\ndef test_add():\n    assert add(1, 2) == 4\n\ntest_add()\n"),
    "doctest below": fenced(CODE + "\nimport doctest\ndoctest.testmod()\n"),
    "fence in a docstring": fenced('def add(a, b):\n    """Add.\n\n```\nadd(1, 2)\n```\n    """\n    return a + b\n'),
    "tabs and spaces": fenced("def add(a, b):\n\tif a:\n\t\tpass\n        return a + b\n"),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_a_working_function(shape: str) -> None:
    assert value(extract(SHAPES[shape])) == 3


BODIES = {
    "indented": "    return a + b\n",
    "not indented": "return a + b\n",
    "first line without its indentation": "total = a + b\n    return total\n",
    "fenced": fenced("    return a + b\n"),
    "fenced, not indented": fenced("return a + b\n"),
    "with an inner function": "    def inner():\n        return a + b\n    return inner()\n",
    "no return": fenced("if a:\n    return a + b\nreturn b\n"),
    "whole function": fenced(CODE),
    "prompt repeated": fenced(PROMPT + "    return a + b\n"),
    "followed by tests": "    return a + b\n\n\nprint(add(1, 2))\nassert add(1, 2) == 4\n",
    "uses the context's helper": fenced("def add(a, b):\n    return helper(a) + b\n"),
    "uses the context's imports": fenced("def add(a: List[int], b) -> int:\n    return math.floor(a) + b\n"),
    "future import": fenced("from __future__ import annotations\n\n\ndef add(a, b):\n    return math.floor(a) + b\n"),
    "future import in one line with a docstring": fenced('"""Doc."""\nfrom __future__ import annotations\nx = 1\ndef add(a, b):\n    return helper(a) + b\n'),
}  # fmt: skip


@pytest.mark.parametrize("shape", BODIES)
def test_completions_are_joined_with_the_context(shape: str) -> None:
    assert value(extract(BODIES[shape], COMPLETION)) == 3


def test_only_what_is_used_of_the_context_is_added() -> None:
    assert extract(fenced(CODE), COMPLETION) == CODE


@pytest.mark.parametrize(
    "reply", ["", "   \n", "I am sorry, I cannot do that.", "Sorry", "Note: done", "```python\n```"]
)
def test_no_code_is_none(reply: str) -> None:
    extracted = extract_program(reply, FUNCTION)
    assert extracted.code is None
    assert extracted.notes


@pytest.mark.parametrize(
    "broken",
    [
        "def add(a, b)\n    return a + b\n",
        "def add(a, b):\n    x = (a\n    return x\n",
        "def add(a, b):\n    total = a + b\n    return [total for total in\n",
        "def add(a, b):\n    return a +\n\ndef other():\n    return 1\n",
        "def add(a, b):\n    if a == 1\n        return 3\n    return a + b\n",
    ],
)
def test_a_syntax_error_of_the_models_own_is_kept(broken: str) -> None:
    for reply in (fenced(broken), "The code:\n\n" + fenced(broken) + "It adds.\n"):
        assert extract(reply) == broken


def test_a_broken_definition_beats_a_block_that_only_uses_it() -> None:
    broken = "def add(a, b)\n    return a + b\n"
    assert extract(fenced(broken) + fenced("print(add(1, 2))\n")) == broken


@pytest.mark.parametrize(
    "code",
    [
        "import sys\nsys.setrecursionlimit(10**6)\n\n\ndef add(a, b):\n    return a + b\n",
        "TABLE = {}\n\n\ndef fill():\n    TABLE[1] = 2\n\n\nfill()\n\n\ndef add(a, b):\n    return TABLE[1] + a\n",
        "def check(x):\n    return x\n\n\ndef add(a, b):\n    return check(a) + b\n",
        "def one(x):\n    return x\n\n\nBASE = one(0)\n\n\ndef add(a, b):\n    return a + b + BASE\n",
        "from functools import lru_cache\n\n\n@lru_cache\ndef add(a, b):\n    # keep this\n    return a + b\n",
        "add = lambda a, b: a + b\n",
        "def add(a, b):\n    assert a\n    print(a)\n    return a + b\n\n\nif __name__ == '__main__':\n    print(add(1, 2))\n",
        "try:\n    import numpy\nexcept ImportError:\n    numpy = None\n\n\ndef add(a, b):\n    return a + b\n",
        'def add(a, b):\n    """Add.\n\n    Example: this is not code, and stays.\n    """\n    return a + b\n',
        "def add(a, b):\n    text = '''\n>>> not a session\nHere is prose.\n'''\n    return a + b\n",
    ],
)
def test_well_formed_programs_come_out_unchanged(code: str) -> None:
    assert extract_program(fenced(code), FUNCTION).code == code
    assert extract_program(fenced(code), FUNCTION).notes == ()


def test_whole_programs_keep_their_input_and_output() -> None:
    code = "def main():\n    a, b = map(int, input().split())\n    print(a + b)\n\n\nif __name__ == '__main__':\n    main()\n"
    assert extract(fenced(code), PROGRAM) == code
    flat = "a, b = map(int, input().split())\nprint(a + b)\n"
    assert extract(fenced(flat) + "Example:\n" + fenced("1 2\n", "text"), PROGRAM) == flat
    assert extract("Read the numbers, then print the sum:\n\n" + flat, PROGRAM).strip() == flat.strip()


def test_renaming_touches_only_the_name() -> None:
    code = 'def plus(a, b):\n    """plus adds; plus(1, 2) is 3."""\n    return {"plus": a + b}["plus"]\n'
    extracted = extract_program(fenced(code), FUNCTION)
    assert extracted.code == code.replace("def plus", "def add")
    assert "plus" in extracted.notes[0]


def test_two_candidates_for_the_name_are_left_alone() -> None:
    code = "def one(a, b):\n    return a\n\n\ndef two(a, b):\n    return b\n"
    assert extract(fenced(code)) == code


def test_an_entry_point_that_looks_like_a_test_is_kept() -> None:
    problem = Problem(id="t", statement="", entry_point="test_duplicate")
    code = "def test_duplicate(xs):\n    return len(xs) != len(set(xs))\n"
    assert extract(fenced(code + "\nprint(test_duplicate([1]))\n"), problem) == code


def test_every_repair_is_noted() -> None:
    for shape in ("another name", "class around", "failing assert below", "diff", "prose in the block", "draft first"):
        assert extract_program(SHAPES[shape], FUNCTION).notes, shape


def test_normalised_ignores_form_only() -> None:
    one = 'def add(a, b):\n    """Doc."""\n    # why\n    return (a + b)\n'
    assert normalised(one) == normalised("def add(a,b):\n\n  return a+b   # sum\n")
    assert normalised(one) != normalised("def add(a, b):\n    return b + a\n")
    assert normalised("def add(:\n\n    x  \n# c\n") == normalised("def add(:\n    x\n")
    assert normalised('"""Only words."""\n') == normalised("")
    assert normalised("class A:\n    'doc'\n") == normalised("class A: pass\n")


DEEP = [
    "(" * 5000,
    "-" * 50_000 + "1",
    "x = 1" + "+1" * 3000,
    "a" + ".b" * 20_000,
    "not " * 9000 + "x",
    "[" * 150 + "]" * 150,
]


@pytest.mark.parametrize("deep", DEEP)
def test_deep_code_is_survived(deep: str) -> None:
    for reply in (deep, fenced(deep + "\n"), fenced(CODE + deep + "\n")):
        extract_program(reply, FUNCTION)
        extract_program(reply, COMPLETION)
        normalised(reply)
    assert extract_program(fenced(deep + "\n"), FUNCTION).code is not None


FRAGMENTS = st.sampled_from(
    ["```", "```python\n", "~~~", "\n", "def add(a, b):\n", "    return a + b\n", "return a", ">>> ", "+", "-", "\t", "\r\n", "'''", '"""',
     "class A:\n", "print(add(1))\n", "Here is the code:\n", "if __name__ == '__main__':\n", "\0", "\ud800", "“", "import x\n", "@", "(", ")", "\x0c", "\u2028",
     "assert add(1, 2) == 3\n", "def test_a():\n", "    pass\n", "<think>", "</think>", "x = add(1, 2)\n", "1. ", "  "]
)  # fmt: skip
REPLIES = st.one_of(st.text(), st.lists(st.one_of(FRAGMENTS, st.text(max_size=8)), max_size=40).map("".join))


@settings(max_examples=300, deadline=None)
@given(REPLIES, st.sampled_from([FUNCTION, COMPLETION, PROGRAM]))
def test_any_text_is_taken(reply: str, problem: Problem) -> None:
    extracted = extract_program(reply, problem)
    if extracted.code is None:
        assert extracted.notes
    else:
        assert isinstance(normalised(extracted.code), str)


@settings(max_examples=100, deadline=None)
@given(st.text(), st.lists(st.sampled_from(list(SHAPES)), min_size=1, max_size=1))
def test_prose_before_a_block_changes_nothing(prose: str, shapes: list[str]) -> None:
    if "`" in prose or "~" in prose or "<" in prose:
        return
    reply = prose + "\n\n" + fenced(CODE)
    code = extract_program(reply, FUNCTION).code
    assert code is not None
    # A list marker right before the fence makes it the list's; the code is the same but for nothing.
    assert ast.dump(ast.parse(code)) == ast.dump(ast.parse(CODE))


@pytest.mark.parametrize(
    "file", ["humaneval-gpt-3.5-turbo", "humaneval-starcoder", "mbpp-starcoder", "transcoder-starcoder"]
)
def test_real_programs_survive_every_wrapping(data: Path, file: str) -> None:
    path = data / "llm-programs" / f"{file}.jsonl"
    solutions = [json.loads(line)["solution"].rstrip() + "\n" for line in path.read_text().splitlines()]
    checked = 0
    for problem, code in list(zip(load_problems(str(path)), solutions, strict=True))[::4]:
        tree = try_parse(code)
        if tree is None or problem.entry_point not in module_names(tree):
            continue
        checked += 1
        plain = extract(fenced(code), problem)
        whole = {ast.dump(node) for node in tree.body}
        # Whatever was left out or added stands at the top level: each kept definition is as the model wrote it.
        kept = [ast.dump(node) for node in ast.parse(plain).body if problem.entry_point in bindings(node)]
        assert kept
        assert set(kept) <= whole
        for wrapped in (
            f"Sure, here is the code that you asked for.\n\n{code}\nThis should work for all of the tests!\n",
            f"```python\n{code}",
            fenced(code).replace("\n", "\r\n"),
            "1. The function:\n\n   ```python\n" + textwrap.indent(code, "   ", lambda line: True) + "   ```\n",
        ):
            assert normalised(extract(wrapped, problem)) == normalised(plain)
    assert checked > len(solutions) * 0.9 / 4
