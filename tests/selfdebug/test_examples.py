"""What is read from the examples in a prompt, and what is rightly left alone."""

# ruff: noqa: E501 -- the tables hold one case a line

import ast
import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfdebug.examples import docstring_examples


def read(doc: str, signature: str = "f(x)", before: str = "") -> list[str]:
    """Examples of a docstring, each without its `assert`."""
    prompt = f'{before}def {signature}:\n    """{doc}\n    """\n'
    return [line.removeprefix("assert ") for line in docstring_examples(prompt, "f")]


DOCTESTS = {
    ">>> f(1)\n    2\n    >>> f(2)\n    3": ["f(1) == 2", "f(2) == 3"],
    ">>> f(1)\n    [1,\n     2]": ["f(1) == [1, 2]"],
    ">>> f([1,\n    ...    2])\n    3": ["f([1, 2]) == 3"],
    ">>> f(0)\n\n    >>> f(1)\n    'a'": ["f(0) is None", "f(1) == 'a'"],
    ">>> f(1)\n": [],
    ">>> f(1) == 2\n    True": ["f(1) == 2"],
    ">>> f(1) == 2": ["f(1) == 2"],
    ">>> 2 == f(1)": ["f(1) == 2"],
    ">>> round(f(1), 2) # about\n    0.33": ["round(f(1), 2) == 0.33"],
    ">>> f(0.1)\n    0.30000000000000004": ["f(0.1) == 0.30000000000000004"],
    ">>> print(f(1))\n    a\n    b": ["str(f(1)) == 'a\\nb'"],
    ">>> x = [1]\n    >>> f(x)\n    2\n    >>> f(x)\n    3": ["f([1]) == 2"],
    ">>> r = f(5)\n    >>> r\n    7": ["f(5) == 7"],
    ">>> f(1)\n    Traceback (most recent call last):\n    ValueError: no\n    >>> f(2)\n    3": ["f(2) == 3"],
    ">>> f(1)\n    [1, ...]": [],
    ">>> f(1)\n    <object at 0x1>": [],
    ">>> f(1)\n    1\n    2": [],
    ">>> f(1)\n    4\n    Note that it is even.": ["f(1) == 4"],
    ">>> import os\n    >>> f(os.sep)\n    3": [],
    ">>> g(1)\n    2": [],
    ">>> f(1, 2)\n    2": [],
    ">>> f(1)  # => 2": ["f(1) == 2"],
    ">>> f([1]) [2]": ["f([1]) == [2]"],
}
PROSE = {
    "f(1) == 2": ["f(1) == 2"],
    "f(1) = 2\n    f(3) = 4": ["f(1) == 2", "f(3) == 4"],
    "f(1) ➞ 2": ["f(1) == 2"],
    "f(1) => 2 # because": ["f(1) == 2"],
    "* f(1) ==> [2]": ["f(1) == [2]"],
    "f(1)==>True": ["f(1) == True"],
    "f(1) -> true": ["f(1) == True"],
    "f('a') returns 'b'": ["f('a') == 'b'"],
    'f(1) returns "a", and f(2) returns "b".': ["f(1) == 'a'", "f(2) == 'b'"],
    "For example f(1) should\n    return 2.": ["f(1) == 2"],
    "Calling `f(1)` returns `2`.": ["f(1) == 2"],
    "For example, f(3) must be 4.": ["f(3) == 4"],
    "f(1)   # returns 'a'": ["f(1) == 'a'"],
    "f(1) # => 'a' (a reason)": ["f(1) == 'a'"],
    "f(5) ->19 - 5 = 14": ["f(5) == 14"],
    "f(5) == 1 + 9 = 10": ["f(5) == 10"],
    "f(5) == 1 + 9 = 11": [],
    "f([\n      [1, 2],\n      [3]\n    ]) == [(0, 0)]": ["f([[1, 2], [3]]) == [(0, 0)]"],
    "f(1) => (2)\n    f(2) => (1, 2)": ["f(1) == (2,)", "f(2) == (1, 2)"],
    "f(1) => (2)": ["f(1) == 2"],
    "f(“a”) = “b”": ["f('a') == 'b'"],
    "f(1) ≈ 0.33": ["abs(f(1) - 0.33) <= 0.01"],
    "f(1) = 0.333...": ["abs(f(1) - 0.333) <= 0.001"],
    "f(n) = f(n-1) + 1\n    f(1) = 3": [],
    "f(n) = f(n-1) + 1\n    f(1) = 3\n    Examples:\n    f(2) = [3]": ["f(2) == [3]"],
    "f(1) = 2\n    f(1) = 3\n    f(2) = 4": ["f(2) == 4"],
    "Examples:\n    h(1) == 2\n    h(2) == 3": ["f(1) == 2", "f(2) == 3"],
    "h(1) == 2": [],
    "for f(7) == 34": ["f(7) == 34"],
    "A string.\n    f(a) => True\n    f(ab) => False\n    f(abc) => True": ["f('a') == True", "f('ab') == False", "f('abc') == True"],
    "f(2) is 3 more than it was.": [],
    "f(2) returns the sum": [],
    "f(2) returns 1 or 2": [],
    "f(2) returns 1, 2": [],
    "f(2) should not return 3": [],
    "if f(2) == 3 then": [],
    "f(2) == 3?": [],
    "f(2) = 5%": [],
    "f(2) = 1,000": [],
    "f(2) = 10 cm": [],
    "f(list) == 4": [],
    "f([1, ..., 3]) == 4": [],
    "obj.f(2) == 4": [],
    "not f(2) == True": [],
    "f(2) != 3": [],
    "f(2) >= 3": [],
    "f(2) == f(3)": [],
}  # fmt: skip
ASSIGNED = {
    "For x = [1,2] the output should be 6": ["f([1, 2]) == 6"],
    "For x = 3, the sum of digits will be 6 the output should be \"110\".": ["f(3) == '110'"],
    "If x = 3, return 4.": ["f(3) == 4"],
    "Input: 3\n    Output: 4": ["f(3) == 4"],
    "Example 1:\n        Input: x = [3]\n        Output: [4] # why\n    Example 2:\n        Input: x = []\n        Output: []": ["f([3]) == [4]", "f([]) == []"],
    "x = [1]\n        -> sort -> [1]\n    return ['One']\n\n    x = []\n    return []": ["f([1]) == ['One']", "f([]) == []"],
    "Input: 1, 2\n    Output: 3": [],
    "Input: a number\n    Output: 3": [],
    "Input: 3\n    Output: the sum": [],
}  # fmt: skip


@pytest.mark.parametrize("doc", DOCTESTS)
def test_doctests(doc: str) -> None:
    assert read(doc) == DOCTESTS[doc]


@pytest.mark.parametrize("doc", PROSE)
def test_calls_in_prose(doc: str) -> None:
    assert read(doc) == PROSE[doc]


@pytest.mark.parametrize("doc", ASSIGNED)
def test_named_arguments(doc: str) -> None:
    assert read(doc) == ASSIGNED[doc]


def test_arguments_go_by_name_or_all_by_place() -> None:
    two = "f(grid, capacity)"
    assert read("Input:\n      grid : [[1]]\n      bucket_capacity : 2\n    Output: 6", two) == ["f([[1]], 2) == 6"]
    assert read("Input: capacity = 2, grid = [[1]]\n    Output: 6", two) == ["f([[1]], 2) == 6"]
    assert read("Input: capacity = 2, cells = [[1]]\n    Output: 6", two) == []
    assert read("For grid = [1], capacity = 2, the result should be ('a',False)", two) == ["f([1], 2) == ('a', False)"]


def test_the_docstring_is_read_as_its_reader_sees_it() -> None:
    assert read('>>> f("a\\nb")\n    3') == ["f('a\\nb') == 3"]
    assert read('>>> f("a\\\\nb")\n    3') == ["f('a\\nb') == 3"]


def test_helpers_of_the_prompt_may_be_used() -> None:
    before = "def enc(s):\n    return s\n\n\n"
    assert read(">>> f(enc('a'))\n    'a'", before=before) == ["f(enc('a')) == 'a'"]
    assert read(">>> f(enc('a'))\n    'a'") == []


def test_other_texts() -> None:
    assert docstring_examples("# f(3) -> 4\ndef f(x):\n", "f") == ("assert f(3) == 4",)
    assert docstring_examples("Write f. For example, f(3) should return 4.", "f") == ("assert f(3) == 4",)
    assert docstring_examples("[c++]\nint f ( int n ) {\n[python]\n", "f") == ()
    assert docstring_examples("def f(x):\n    pass\n", "f") == ()
    assert docstring_examples("f(1) == 2", "") == ()
    assert docstring_examples("def f(x):\n    'f(1) == " + "-" * 5000 + "1'\n", "f") == ()


@pytest.fixture(scope="module")
def humaneval(data: Path) -> list[dict[str, str]]:
    with gzip.open(data / "humaneval" / "HumanEval.jsonl.gz", "rt") as file:
        return [json.loads(line) for line in file]


# These four say, in the prompt itself, what the canonical solution does not do (HumanEval/47 and 116).
CONTRADICTED = {
    "assert median([-10, 4, 6, 1000, 10, 20]) == 15.0",
    "assert sort_array([1, 5, 2, 3, 4]) == [1, 2, 3, 4, 5]",
    "assert sort_array([-2, -3, -4, -5, -6]) == [-6, -5, -4, -3, -2]",
    "assert sort_array([1, 0, 2, 3, 4]) == [0, 1, 2, 3, 4]",
}
RUN = """
import json, sys
failed = []
for program, asserts in json.load(sys.stdin):
    for source in asserts:
        namespace = {}
        exec(program, namespace)
        try:
            exec(source, namespace)
        except Exception:
            failed.append(source)
print(json.dumps(failed))
"""


def test_humaneval_examples_hold_for_the_canonical_solutions(humaneval: list[dict[str, str]]) -> None:
    found = [
        (row["prompt"] + row["canonical_solution"], docstring_examples(row["prompt"], row["entry_point"]))
        for row in humaneval
    ]
    assert sum(bool(asserts) for _, asserts in found) >= 160
    assert sum(len(asserts) for _, asserts in found) >= 456
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN],
        input=json.dumps(found),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert set(json.loads(done.stdout)) == CONTRADICTED


def test_humaneval_examples_are_single_asserts_on_the_entry_point(humaneval: list[dict[str, str]]) -> None:
    for row in humaneval:
        for source in docstring_examples(row["prompt"], row["entry_point"]):
            [statement] = ast.parse(source).body
            assert isinstance(statement, ast.Assert)
            assert row["entry_point"] + "(" in source


PIECES = st.sampled_from(
    ["f(", "f(1)", ")", "[", "]", "{", "'", '"', " == ", " => ", " -> ", "1", "[1, 2]", "\n    ", ">>> ", "... ", "Input: ", "Output: ",
     "For x = ", "the output should be ", "returns ", "Example:", "\\", '"""', "#", "0.33...", "f(n) = f(n - 1)", ",", ".", "“", "x = "]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=30).map("".join)), st.booleans())
def test_any_text_gives_only_asserts(text: str, as_docstring: bool) -> None:
    prompt = f'def f(x):\n    """{text}\n    """\n' if as_docstring else text
    for source in docstring_examples(prompt, "f"):
        [statement] = ast.parse(source).body
        assert isinstance(statement, ast.Assert)
