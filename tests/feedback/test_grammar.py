"""What is said about programs that do not compile, over real solutions broken in every way, and hostile ones."""

import gzip
import itertools
import json
import random
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfdebug import syntax
from selfdebug.feedback.grammar import GrammarError, grammar, say
from selfdebug.feedback.grammar.oracle import viable
from selfdebug.feedback.grammar.tokens import Kind, tokens


@pytest.fixture(scope="module")
def solutions(data: Path) -> list[str]:
    """All canonical solutions of HumanEval and MBPP."""
    with gzip.open(data / "humaneval" / "HumanEval.jsonl.gz", "rt") as lines:
        found = [(task := json.loads(line))["prompt"] + task["canonical_solution"] for line in lines]
    found += [json.loads(line)["code"] for line in (data / "mbpp" / "mbpp.jsonl").read_text().splitlines()]
    assert len(found) == 164 + 974
    return found


def verdict(program: str) -> SyntaxError | None:
    """What CPython itself says."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(program, "program", "exec", dont_inherit=True)
        except SyntaxError as error:
            return error
    return None


def broken(solution: str, chance: random.Random) -> Iterator[str]:
    """A program broken by one change of each sort."""
    text = solution.replace("\r\n", "\n")
    found = tokens(text)[:-1]
    token, other = chance.choice(found), chance.choice(found)
    lines = text.split("\n")
    number = chance.randrange(len(lines))
    yield text[: token.start] + text[token.end :]
    yield text[: token.start] + " " + other.text + " " + text[token.start :]
    yield text[: token.start] + other.text + text[token.end :]
    yield text[: chance.randrange(len(text))]
    yield "\n".join([*lines[:number], lines[number].lstrip(), *lines[number + 1 :]])
    yield "\n".join([*lines[:number], " " + lines[number], *lines[number + 1 :]])


def before(program: str, error: GrammarError) -> str:
    """The program up to where the parser could not go on."""
    lines = program.split("\n")
    return "\n".join([*lines[: error.came_line - 1], lines[error.came_line - 1][: error.came_column - 1]])


def test_solutions_have_nothing_wrong_with_them(solutions: list[str]) -> None:
    assert [program for program in solutions if grammar(program) is not None] == []


def test_broken_solutions(solutions: list[str]) -> None:
    """CPython decides whether, where and why; what could have come is taken by its parser, which then gets further."""
    chance = random.Random(5)
    errors = tried = 0
    for solution in solutions:
        for program in broken(solution, chance):
            error, expected = grammar(program), verdict(program)
            assert (error is None) == (expected is None), program
            if error is None or expected is None:
                continue
            errors += 1
            assert error.message == expected.msg
            assert error.line == expected.lineno, program
            assert say(error)
            if error.came and error.came_line:
                start = before(program, error)
                with syntax.silently():
                    for name in error.expected:
                        piece = {"NAME": "x", "NUMBER": "1", "STRING": "''", "NEWLINE": "\n"}.get(name, name)
                        gap = "" if not start or start[-1].isspace() else " "
                        on = "" if name == "NEWLINE" else " \\\n"
                        assert viable(start + gap + piece + on), (program, name)
                        tried += 1
    assert errors > 3000
    assert tried > 20_000


SAID = {
    "def f(x):\n    print(foo(x, 1)\n    return x\n": [
        "'(' was never closed (line 2)",
        "the arguments of the call of `print`",
        "the body of the function `f`",
        "the keyword `return` (line 3)",
        "With `)` before it",
    ],
    "for i in range(3)\n    print(i)\n": ["expected ':'", "the first line of `for`", "`:`", "the end of the line"],
    "if a && b:\n    pass\n": ["the condition of `if`", "a value could stand", "written `and`"],
    "x++\n": ["written `+= 1`"],
    "if a:\n    pass\nelse if b:\n    pass\n": ["written `elif`"],
    "x = b ? c : d\n": ["`a if condition else b`"],
    "x = a if b\n": ["a conditional expression", "`else`"],
    "def f():\n    try:\n        x = 1\n    y = 2\n": ["the name `y`", "`except` or `finally` could stand"],
    "f(a=1, b)\n": ["positional argument follows keyword argument", "`=` could stand"],
    "x = {'a': 1, 'b' 2}\n": ["a dict", "the value assigned to `x`", "the number `2`", "`:`"],
    "x = [1, 2\n": ["a list", "the end of the program", "`]`"],
    "x = '''abc\n\n": ["unterminated triple-quoted string", "the value assigned to `x`"],
    "x = “a”\n": ["U+201C", "the character `“`"],
    "def f():\n    x = 1\n  y = 2\n": ["unindent does not match", "by 2 columns", "by 0 or 4"],
    "def f():\nreturn 1\n": ["expected an indented block"],
    "```python\nx = 1\n```": ["Markdown"],
    "class A(b=1:\n    pass\n": ["the base classes of `A`"],
    "@f\nx = 1\n": ["`class` or `def`"],
}


@pytest.mark.parametrize("program", SAID)
def test_what_is_said(program: str) -> None:
    error = grammar(program)
    assert error is not None
    text = say(error)
    for part in SAID[program]:
        assert part in text


def test_what_only_the_compiler_denies_has_its_place_and_no_tokens() -> None:
    for program, line, column in (
        ("x = 1\nreturn x\n", 2, 1),
        ("def f(a, a):\n    pass\n", 1, 10),
        ("é = 1; return é\n", 1, 8),
        ("def f():\n    nonlocal y\n", 2, 5),
    ):
        error = grammar(program)
        assert error is not None
        assert (error.line, error.column, error.came, error.expected) == (line, column, "", ())


def test_the_caret_points_at_the_column() -> None:
    error = grammar("aaaa = '" + "é" * 300 + "' b c\n")
    assert error is not None
    line, caret = error.source.split("\n")
    assert line[caret.index("^")] == "b"
    assert len(line) < 110


HOSTILE = (
    *("\0", "a\ud800", "(" * 19_000, "-" * 19_000 + "1", "x y" * 400_000, "f'{" * 3000, "a.b c" * 4000, "'''" * 6001),
    *("[" * 190, "{1:" * 190, "f(x for x in " * 90, "lambda x=" * 1900, "not " * 4000, "a if b else " * 1500 + "c d"),
)


@pytest.mark.parametrize("program", HOSTILE, ids=lambda program: ascii(program[:12]))
def test_hostile_programs_are_told_of_like_others(program: str) -> None:
    error = grammar(program)
    assert error is not None
    assert 0 < len(say(error)) < 2000


@given(st.text())
def test_any_text_is_cut_into_tokens_and_judged(text: str) -> None:
    error = grammar(text)
    assert error is None or say(error)
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    found = tokens(lines)
    assert found[-1].kind is Kind.END
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert all(token.text == lines[token.start : token.end] for token in found)


def test_no_warning_escapes() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert grammar("x = '\\d'\nprint(1 is 1)\n") is None
        assert grammar("x = '\\d'\nprint(1 is 1\n") is not None
