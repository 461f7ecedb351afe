"""Probes are calls that can be made, unlike the visible ones, of the same sort, and the same in every process."""

import ast
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.protocol import Sandbox
from sandbox.types import AssertSuite, Status
from selfdebug.feedback.smallest.facts import facts
from selfdebug.feedback.smallest.tests import arguments
from selfdebug.probes import MOST, probes


def suite(*calls: str) -> AssertSuite:
    return AssertSuite(tuple(f"assert {call} == None" for call in calls), setup="import math", entry_point="f")


def called(found: AssertSuite) -> list[tuple[Any, ...]]:
    """The arguments of each call."""
    values = []
    for source in found.asserts:
        test = ast.parse(source).body[0].test  # type: ignore[attr-defined]
        assert isinstance(test, ast.Compare)
        assert isinstance(test.left, ast.Call)
        given_ = arguments(test.left)
        assert given_ is not None
        values.append(given_)
    return values


PLAIN = st.recursive(
    st.booleans() | st.integers(-50, 50) | st.floats(-9, 9).map(lambda x: round(x, 2)) | st.text("ab ()1", max_size=6),
    lambda parts: (
        st.lists(parts, max_size=4) | st.tuples(parts, parts) | st.dictionaries(st.text("ab"), parts, max_size=2)
    ),
    max_leaves=6,
)


@given(st.lists(st.tuples(PLAIN, PLAIN), min_size=1, max_size=3))
def test_probes_keep_what_holds_of_all_examples_and_repeat_none(many: list[tuple[Any, Any]]) -> None:
    asked = suite(*(f"f({', '.join(map(repr, values))})" for values in many))
    found = probes(asked, "f")
    if found is None:
        return
    values = called(found)
    assert len(values) <= MOST
    assert (found.setup, found.entry_point) == (asked.setup, asked.entry_point)
    common = frozenset.intersection(*map(facts, many))
    assert all(common <= facts(each) for each in values)
    sources = [source.partition(" == ")[0] for source in (*found.asserts, *asked.asserts)]
    assert len(set(sources)) >= len(found.asserts) + 1


@pytest.mark.parametrize("calls", [(), ("g(1)",), ("f()",), ("f(x)",), ("f(a=1)",), ("f(math.pi)",), ("f(",)])
def test_without_a_call_with_plain_arguments_there_are_none(calls: tuple[str, ...]) -> None:
    assert probes(suite(*calls), "f") is None


def test_what_the_problem_says_of_its_inputs_holds() -> None:
    for values in called(probes(suite("f([1, 3, 7], 3)", "f([2, 9], 2)"), "f") or suite()):
        assert values[0] == sorted(values[0])
        assert values[1] == len(values[0])
    for (text,) in called(probes(suite("f('(()) ()')", "f('()')"), "f") or suite()):
        assert text.count("(") == text.count(")")


def test_they_are_the_same_in_every_process() -> None:
    script = (
        "from sandbox.types import AssertSuite; from selfdebug.probes import probes; "
        "print(probes(AssertSuite((\"assert f({'ab', 'cd', 'x'}, {'k': {'y', 'z'}}) == 1\",)), 'f'))"
    )
    said = set()
    for seed in "123":
        done = subprocess.run(
            [sys.executable, "-c", script], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        )
        said.add(done.stdout)
    assert len(said) == 1
    assert b"== ..." in said.pop()


@pytest.mark.sandbox
async def test_they_show_what_a_candidate_does_and_none_passes(sandbox: Sandbox) -> None:
    found = probes(suite("f([1, 2], 1)", "f([5, 0, 3], 2)"), "f")
    assert found is not None
    programs = {
        "right": "def f(numbers, n):\n    return sorted(numbers)[:n]",
        "same": "def f(numbers, n):\n    out = list(numbers)\n    out.sort()\n    return out[0:n]",
        "other": "def f(numbers, n):\n    return numbers[:n]",
        "liar": "def f(numbers, n):\n    return ...",
    }
    shown = {}
    async with sandbox.job() as job:
        for name, program in programs.items():
            execution = await job.run(program, found)
            assert len(execution.tests) == len(found.asserts)
            shown[name] = [(test.status, test.actual) for test in execution.tests]
    assert shown["right"] == shown["same"] != shown["other"]
    assert {status for status, _ in shown["right"]} == {Status.FAILED}
    assert {status for status, _ in shown["liar"]} == {Status.PASSED}
