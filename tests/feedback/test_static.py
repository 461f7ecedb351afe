"""What reading a program shows; above all, that nothing is said of programs that work."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfdebug.feedback.static import MAX_FINDINGS, Kind, findings, say


def kinds(program: str, entry_point: str = "", context: str = "") -> list[Kind]:
    return [item.kind for item in findings(program, entry_point=entry_point, context=context)]


def test_nothing_serious_is_said_of_canonical_solutions(data: Path) -> None:
    """One of them does have an undefined name, in a branch that its tests do not reach."""
    wrong = []
    with gzip.open(data / "humaneval" / "HumanEval.jsonl.gz", "rt") as lines:
        for task in map(json.loads, lines):
            program = task["prompt"] + task["canonical_solution"]
            found = findings(program, entry_point=task["entry_point"], context=task["prompt"])
            wrong += [(task["task_id"], item.text) for item in found if item.serious]
    for line in (data / "mbpp" / "mbpp.jsonl").read_text().splitlines():
        task = json.loads(line)
        wrong += [(f"MBPP/{task['task_id']}", item.text) for item in findings(task["code"]) if item.serious]
    assert wrong == [("MBPP/218", "the name `swap` is not defined")]


def test_serious_findings_are_of_programs_that_fail(data: Path) -> None:
    """Over 1,388 programs by language models with known verdicts."""
    failing: Counter[Kind] = Counter()
    passing: Counter[Kind] = Counter()
    for file in sorted((data / "llm-programs").glob("*.jsonl")):
        for task in map(json.loads, file.read_text().splitlines()):
            context = task["prompt"] if "TransCoder" not in task["task_id"] else ""
            found = set(kinds(task["solution"], task["entry_point"], context))
            (passing if task["reference_verdict"] == "passed" else failing).update(found)
    assert set(passing) <= {Kind.UNUSED}
    assert failing[Kind.UNDEFINED] >= 60
    assert failing[Kind.UNBOUND] >= 8


WRONG = [
    ("def f(x):\n    return math.sqrt(x)\n", Kind.UNDEFINED, "`import math` is missing"),
    ("def f(x: List[int]):\n    return x\n", Kind.UNDEFINED, "`from typing import List` is missing"),
    ("def f(x):\n    total = 0\n    return totl + total\n", Kind.UNDEFINED, "is `total` meant?"),
    ("def f(x):\n    a = y\n    return y + a\n", Kind.UNDEFINED, "also in line 3"),
    ("def g(a, b=1):\n    return a\ndef f(x):\n    return g(x, 1, 2)\n", Kind.ARITY, "too many positional arguments"),
    ("def g(a, b):\n    return a\ndef f(x):\n    return g(x)\n", Kind.ARITY, "missing a required argument: 'b'"),
    ("def g(a, *, b):\n    return a\ndef f(x):\n    return g(x, c=1)\n", Kind.ARITY, "`g(a, *, b)`"),
    ("def g(a, /):\n    return a\ndef f(x):\n    return g(a=x)\n", Kind.ARITY, "`g(a, /)`"),
    ("def f(x, n):\n    return 1 if not n else f(n - 1)\n", Kind.ARITY, "missing a required argument: 'n'"),
    ("class A:\n    def __init__(self, a):\n        self.a = a\ndef f(x):\n    return A()\n", Kind.ARITY, "'a'"),
    ("class A:\n    x = 1\ndef f(x):\n    return A(x)\n", Kind.ARITY, "too many"),
    ("class A:\n    def g(self, a):\n        return a\n    def h(self):\n        return self.g()\n", Kind.ARITY, "'a'"),
    (
        "class A:\n    @staticmethod\n    def g(a):\n        return a\ndef f(x):\n    return A().g(1, 2)\n",
        Kind.ARITY,
        "too",
    ),
    (
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass P:\n    x: int\n    y: int = 0\nP()\n",
        Kind.ARITY,
        "`P(x, y=…)`",
    ),
    ("from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\nP(1, 2)\n", Kind.ARITY, "`P(x)`"),
    ("def f(x):\n    return len(x, 1)\n", Kind.ARITY, "`len`"),
    ("def f(x):\n    return range()\n", Kind.ARITY, "`range`"),
    ("def f(x):\n    return sorted(x, cmp=None)\n", Kind.ARITY, "`sorted`"),
    ("n = 1\ndef f():\n    n += 1\n    return n\n", Kind.UNBOUND, "`n` is read before it is assigned"),
    ("def f(x):\n    return x\n    print(x)\n", Kind.UNREACHABLE, "line 2 does not go on"),
    ("def f(x):\n    while True:\n        x += 1\n    return x\n", Kind.UNREACHABLE, "line 3"),
    (
        "def f(x):\n    if x:\n        return 1\n    else:\n        raise KeyError\n    return 2\n",
        Kind.UNREACHABLE,
        "5",
    ),
    ("def f(x):\n    return x is 'a'\n", Kind.SUSPICIOUS, "`==`"),
    ("def f(x):\n    return '{} {}'.format(x)\n", Kind.FORMAT, "no argument for 1"),
    ("def f(x):\n    return '%d %d' % (x,)\n", Kind.FORMAT, "2 fields for 1 values"),
    ("def f(x):\n    return 1\ndef f(x):\n    return 2\n", Kind.REDEFINED, "line 1"),
]


@pytest.mark.parametrize(("program", "kind", "text"), WRONG)
def test_what_is_wrong_is_found(program: str, kind: Kind, text: str) -> None:
    found = findings(program)
    assert [item.kind for item in found] == [kind]
    assert text in found[0].text
    assert say(found) == f"- Line {found[0].line}: {found[0].text}."


RIGHT = [
    "from __future__ import annotations\ndef f(x: List[int]) -> Foo:\n    return x\n",
    "def f(x):\n    y: List[int] = []\n    return y, x\n",
    "def f(x: 'List[int]'):\n    return x\n",
    "def f(x):\n    return x\nif __name__ == '__main__':\n    run(f)\n",
    "def g(a):\n    return a\ng(1)\ng = print\ng(1, 2)\n",
    "def g(a):\n    return a\ndef f(g):\n    return g(1, 2)\n",
    "import functools\n@functools.cache\ndef g(a):\n    return a\ng(1, 2)\n",
    "def g(a, *rest, **more):\n    return a\ng(1, 2, 3, b=4)\n",
    "def g(a, b):\n    return a\ng(*[1, 2])\ng(**{'a': 1, 'b': 2})\n",
    "def g(a):\n    return a\ntry:\n    g()\nexcept TypeError:\n    pass\n",
    "import contextlib\ndef g(a):\n    return a\nwith contextlib.suppress(TypeError):\n    g()\n",
    "if 1:\n    def g(a):\n        return a\nelse:\n    def g(a, b):\n        return a\ng(1, 2)\n",
    "class A:\n    def g(self, a):\n        return a\n    def h(self):\n        return self.g()\nclass B(A):\n    "
    "def g(self, a=1):\n        return a\n",
    "class A:\n    def __init__(self):\n        self.g = print\n    def g(self):\n        return 1\n    def h(self):\n"
    "        return self.g(1, 2)\n",
    "class A(Exception):\n    pass\nA(1, 2)\n",
    "class A:\n    def __new__(cls, a):\n        return object.__new__(cls)\nA(1)\n",
    "class A:\n    @property\n    def g(self):\n        return print\n    def h(self):\n        return self.g(1, 2)\n",
    "class M(type):\n    def __call__(cls, *a):\n        return a\nclass A(metaclass=M):\n    pass\nA(1)\n",
    "from dataclasses import dataclass, field\n@dataclass\nclass P:\n    x: int = field(init=False)\nP()\n",
    "from dataclasses import dataclass\nfrom typing import ClassVar\n@dataclass\nclass P:\n    k: ClassVar[int] = 1\n"
    "    x: int = 0\nP(1)\n",
    "from os import *\nopen('a', 1, 2)\n",
    "def len(a, b):\n    return a\nlen(1, 2)\n",
    "globals()['g'] = 1\ndef f(a):\n    return a\nf()\n",
    "def f(x):\n    while True:\n        if x:\n            break\n    return x\n",
    "def f(x):\n    return\n    yield x\n",
    "def f(x):\n    while True:\n        for y in x:\n            if y:\n                return y\n",
    "def f(x):\n    try:\n        return 1\n    except KeyError:\n        pass\n    return 2\n",
    "x = sorted([1], key=None, reverse=True)\nprint(range(1, 2, 3), min(1, 2), map(str, [], []), int('1', base=2))\n",
]


@pytest.mark.parametrize("program", RIGHT)
def test_what_may_be_right_is_let_be(program: str) -> None:
    assert kinds(program) == []


CONTEXT = 'from typing import List\n\n\ndef f(a: List[int], b: int = 0) -> int:\n    """Add."""\n'


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("def f(a, b=1):\n    return a\n", []),
        ("def f(x, y=2, z=3):\n    return x\n", []),
        ("def f(*args):\n    return args\n", []),
        ("f = lambda a, b=1: a\n", []),
        ("from math import gcd as f\n", []),
        ("def f(a):\n    return a\n", [Kind.SIGNATURE]),
        ("def f(a, b):\n    return a\n", [Kind.SIGNATURE]),
        ("def f(self, a, b):\n    return a\n", [Kind.SIGNATURE]),
        ("def g(a, b=1):\n    return a\n", [Kind.MISSING]),
        ("class S:\n    def f(self, a, b=1):\n        return a\n", [Kind.MISSING]),
        ("def f(a, b=1):\n    print(a)\n", [Kind.NO_RESULT]),
        ("def f(a, b=1):\n    def g():\n        return a\n", [Kind.NO_RESULT]),
        ("def f(a, b=1):\n    a.sort()\n", []),
        ("def f(a, b=1):\n    a[0] = b\n", []),
        ("def f(a, b=1):\n    yield a\n", []),
    ],
)
def test_the_entry_point_is_held_against_what_is_asked(program: str, expected: list[Kind]) -> None:
    assert kinds(program, "f", CONTEXT) == expected


def test_the_most_serious_come_first_and_few() -> None:
    program = "def f(x):\n    a = 1\n    return x\n    print(x)\n\nlen()\n" + "".join(
        f"print(n{i})\n" for i in range(9)
    )
    found = findings(program)
    assert [item.kind for item in found] == [Kind.UNDEFINED] * MAX_FINDINGS
    assert [item.line for item in found] == sorted(item.line for item in found)


def test_nothing_is_said_of_what_does_not_parse() -> None:
    for program in (
        "def f(:\n",
        "\0",
        "(" * 500,
        "x = " + "-" * 50_000 + "1",
        "x = a" + ".b" * 40_000,
        "1\n" * 400_000,
    ):
        assert findings(program) == ()
    assert say(()) == ""


@given(st.text(alphabet="abcdefx()[]{}:=,.\n *_1'\"+-<", max_size=60))
def test_any_text_is_read(text: str) -> None:
    for item in findings(text):
        assert 1 <= item.line <= text.count("\n") + 1
