"""Failing tests on large inputs, made smaller in the real sandbox, and what must not be made smaller."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.protocol import Sandbox
from sandbox.types import (
    AssertSuite,
    CheckSuite,
    Execution,
    Limits,
    PytestSuite,
    Status,
    StdioCase,
    StdioSuite,
    Suite,
    TestResult,
)
from selfdebug.feedback.smallest import Smallest, smallest
from selfdebug.feedback.smallest.inputs import Domain, domain, size, smaller

LIMITS = Limits(cpu_s=2, wall_s=20)
MIXED = [(number * 7919) % 1000 for number in range(100)]
RISING = list(range(60))


class Counting:
    """A sandbox that counts what it runs."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.runs = 0

    async def run(self, program: str, suite: Suite, limits: Limits = LIMITS, *, trace: bool = False) -> Execution:
        self.runs += 1
        return await self._sandbox.run(program, suite, limits)


class Found(NamedTuple):
    """A smaller input that fails."""

    test: TestResult
    executions: int


async def search(sandbox: Sandbox, program: str, suite: Suite, executions: int = 40) -> "Found | None":
    """Run the program, and make the input of the first test that fails smaller."""
    execution = await sandbox.run(program, suite, LIMITS)
    failing = next(test for test in execution.tests if not test.passed)
    counting = Counting(sandbox)
    found = await smallest(counting, program, suite, failing, LIMITS, executions=executions)
    assert counting.runs <= executions
    assert found.executions == counting.runs
    if found.test is None:
        return None
    assert found.test.status is failing.status
    assert len(found.test.call or found.test.name) < len(failing.call or "x" * 80)
    return Found(found.test, found.executions)


async def call(sandbox: Sandbox, program: str, suite: Suite) -> str | None:
    found = await search(sandbox, program, suite)
    return found.test.call if found is not None else None


def asserts(*sources: str, setup: str = "") -> AssertSuite:
    return AssertSuite(sources, setup=setup)


COMPUTED: list[tuple[str, Suite, str]] = [
    (
        "def f(x):\n    return sorted(set(x))\n",
        asserts(f"assert f({[*MIXED, 5, 5]}) == sorted({[*MIXED, 5, 5]})"),
        "assert f([1, 1]) == sorted([1, 1])",
    ),
    (
        "def enc(s):\n    return s.replace('q', '')\ndef dec(s):\n    return s\n",
        asserts(f"assert dec(enc({'the quick brown fox ' * 9!r})) == {'the quick brown fox ' * 9!r}"),
        "assert dec(enc('qa')) == 'qa'",
    ),
    (
        "def f(a, n):\n    return sum(a[:n - 1])\n",
        asserts(f"assert f({MIXED}, 100) == ref({MIXED}, 100)", setup="def ref(a, n):\n    return sum(a[:n])\n"),
        "assert f([3, 1], 2) == ref([3, 1], 2)",
    ),
    (
        "def f(x):\n    return [y for y in x if y != 13 or x[0]]\n",
        CheckSuite(
            "def ref(x):\n    return list(x)\n\ndef check(candidate):\n    assert candidate([1]) == ref([1])\n"
            f"    assert candidate({RISING}) == ref({RISING})\n",
            "f",
        ),
        "assert candidate([0, 13]) == ref([0, 13])",
    ),
]


@pytest.mark.sandbox
@pytest.mark.parametrize(("program", "suite", "expected"), COMPUTED)
async def test_an_expectation_that_is_computed_is_computed_anew(
    sandbox: Sandbox, program: str, suite: Suite, expected: str
) -> None:
    found = await search(sandbox, program, suite)
    assert found is not None
    assert found.test.name == expected
    assert found.test.expected is not None
    assert found.test.actual is not None


@pytest.mark.sandbox
@pytest.mark.parametrize(
    "test",
    [
        f"assert f({MIXED}) == 3",
        f"assert f({MIXED}) == {RISING}",
        f"assert f({MIXED}) == {MIXED}",  # the same list, but written down
        f"assert f({MIXED})[0] == 1",
        f"assert not f({MIXED}) or not f({MIXED})",
        f"assert len(f({MIXED})) == 3",
        f"assert f({MIXED}) == sorted({RISING})",
        f"assert set(f({MIXED})) == set(x for x in {RISING} if x > 3)",
    ],
)
async def test_a_value_that_is_written_down_is_right_for_its_input_alone(sandbox: Sandbox, test: str) -> None:
    assert await search(sandbox, "def f(x):\n    return [2]\n", asserts(test)) is None


RAISING: list[tuple[str, Suite, str]] = [
    (
        "def f(x):\n    for i, y in enumerate(x):\n        if y == 919:\n            return x[i + 200]\n    return 0\n",
        asserts(f"assert f({MIXED}) == 3", "assert f([1, 1]) == 0"),
        "f([919, 1])",
    ),
    ("def f(x):\n    return x[60] + x[61]\n", asserts(f"assert f({RISING}) == 3", "assert f([1]) == 1"), "f([0])"),
    ("def f(x):\n    return x[60]\n", asserts("assert f(list(range(60)) * 30) == 3"), ""),
    ("def f(n):\n    return n and 1 + f(n - 1)\n", asserts(f"assert f({10**90}) == 3"), "f("),
    (
        "def f(x):\n    return [y for y in x if y > 0][99]\n",
        CheckSuite(f"def check(candidate):\n    assert candidate({list(range(-50, 50))}) == 3\n", "f"),
        "f([1, 2])",
    ),
    (
        "def f(x):\n    return x[60] + x[61]\n",
        PytestSuite(f"from solution import f\ndef test_a():\n    assert f({RISING}) == 3\n"),
        "f([0, 1])",
    ),
    (
        "def f(d):\n    return d['k7'] + d['k8']\n",
        asserts(f"assert f({ {f'k{n}': 'a' if n == 8 else n for n in range(20)} }) == 3"),
        "f({'k7': 1, 'k8': 'a'})",
    ),
]


@pytest.mark.sandbox
@pytest.mark.parametrize(("program", "suite", "expected"), RAISING)
async def test_an_exception_is_shown_at_a_smaller_call_and_claims_no_value(
    sandbox: Sandbox, program: str, suite: Suite, expected: str
) -> None:
    found = await search(sandbox, program, suite)
    if not expected:
        assert found is None or found.test.expected is None
        return
    assert found is not None
    assert found.test.call is not None
    assert found.test.call.startswith(expected)
    assert found.test.expected is None
    assert found.test.exception is not None
    assert found.test.exception.line > 0


@pytest.mark.sandbox
async def test_a_program_that_does_not_end_and_one_that_takes_all_memory(sandbox: Sandbox) -> None:
    program = "def f(x):\n    while 777 in x:\n        pass\n    return 0\n"
    found = await search(sandbox, program, asserts(f"assert f({list(range(700, 900))}) == 3", "assert f([1]) == 0"))
    assert found is not None
    assert (found.test.call, found.test.status) == ("f([777])", Status.TIMEOUT)
    program = "def f(a, n):\n    return [0] * (n * 10**8)\n"
    assert await call(sandbox, program, asserts(f"assert f({MIXED}, 100) == 3")) == "f([3, 1], 2)"


@pytest.mark.sandbox
async def test_another_failure_is_not_taken_for_the_same(sandbox: Sandbox) -> None:
    """Fewer than three raise elsewhere, none raises another exception: only the first failure is looked for."""
    program = (
        "def f(x):\n    if len(x) < 3:\n        raise IndexError('too few')\n"
        "    if 919 not in x:\n        raise KeyError\n    return x[1000]\n"
    )
    suite = asserts(f"assert f({MIXED}) == 3", "assert f([]) == 3")
    assert await call(sandbox, program, suite) == "f([0, 919, 1])"


@pytest.mark.sandbox
async def test_nothing_is_emptied_that_no_other_test_passes_empty(sandbox: Sandbox) -> None:
    program = "def f(x):\n    return max(y for y in x if y > 10**6)\n"
    large = f"assert f({MIXED}) == 3"
    assert await call(sandbox, program, asserts(large)) == "f([2, 1])"
    assert await call(sandbox, program, asserts(large, "assert f([]) == 0")) == "f([])"


@pytest.mark.sandbox
async def test_small_inputs_and_tests_that_raise_themselves_are_left_alone(sandbox: Sandbox) -> None:
    assert await search(sandbox, "def f(x):\n    return x[5]\n", asserts("assert f([1]) == 3")) is None
    assert await search(sandbox, "def f(x):\n    return 1\n", asserts(f"assert nothing({MIXED}) == f(1)")) is None
    program = "def f(x):\n    return x[1000]\n"
    assert await search(sandbox, program, asserts(f"assert f({MIXED}) == 3"), executions=1) is None


@pytest.mark.sandbox
async def test_what_a_program_reads_loses_lines_with_their_number(sandbox: Sandbox) -> None:
    program = "n = int(input())\nfor _ in range(n):\n    a, b = map(int, input().split())\n    print(a // b)\n"
    lines = "".join(f"{number} {7 - number}\n" for number in range(40))
    found = await search(sandbox, program, StdioSuite((StdioCase("1\n4 2\n", "2\n"), StdioCase(f"40\n{lines}", "x"))))
    assert found is not None
    assert found.test.name == r"the input '1\n7 0'"
    assert found.test.expected is None
    unclear = StdioCase(f"40 2\n{lines}", "x")
    program = program.replace("int(input())", "int(input().split()[0])")
    assert await search(sandbox, program, StdioSuite((unclear,))) is None


@pytest.mark.sandbox
async def test_the_same_search_gives_the_same_input(sandbox: Sandbox) -> None:
    program, suite, _ = RAISING[0]
    one, other = await search(sandbox, program, suite), await search(sandbox, program, suite)
    assert one is not None
    assert other is not None
    assert (one.test.call, one.executions) == (other.test.call, other.executions)


async def test_a_test_that_passed_or_did_not_run_has_no_smaller_input() -> None:
    class Nothing:
        async def run(self, *args: Any, **options: Any) -> Execution:
            raise AssertionError("nothing is to be run")

    for result in (TestResult("assert f(1)", Status.PASSED), TestResult("assert f(1)", Status.TIMEOUT, ran=False)):
        assert await smallest(Nothing(), "", asserts("assert f(1)"), result, LIMITS) == Smallest(None, 0)


numbers = st.integers(-100, 100)
values = st.one_of(
    numbers,
    st.text("abC1 ()[]", max_size=12),
    st.lists(numbers, max_size=8),
    st.lists(st.lists(numbers, min_size=2, max_size=2), min_size=1, max_size=5),
    st.dictionaries(st.text("ab", max_size=3), numbers, max_size=4),
    st.lists(st.tuples(numbers, st.text("ab", max_size=2)), max_size=4),
)


@given(st.lists(values, min_size=1, max_size=3).map(tuple))
def test_what_is_tried_is_smaller_of_the_same_types_and_tried_once(given: tuple[Any, ...]) -> None:
    tried = list(smaller(given, Domain()))
    assert all(size(other) < size(given) for other in tried)
    assert all(list(map(type, other)) == list(map(type, given)) for other in tried)
    assert len(set(map(repr, tried))) == len(tried)


def matching(given: tuple[Any, ...], calls: Sequence[tuple[Any, ...]] = ()) -> list[tuple[Any, ...]]:
    found = list(smaller(given, domain(calls)))
    assert found
    return found


def test_what_is_likely_meant_is_kept() -> None:
    assert all(len(a) == n for a, n in matching(([5, 3, 8, 1], 4)))
    assert all(len(a) == len(b) for a, b in matching(([5, 3, 8, 1], [1, 2, 2, 4])))
    assert all(0 <= k < len(a) for a, k in matching(([5, 3, 8, 1], 2)))
    assert all(a == sorted(a) for (a,) in matching(([10, 30, 50, 70],)))
    assert all(len(set(a)) == len(a) for (a,) in matching(([50, 30, 90, 70],)))
    assert all(len(m) == len(m[0]) == len(m[-1]) for (m,) in matching(([[1, 2, 3], [4, 5, 6], [7, 8, 10]],)))
    assert all(a < b for a, b in matching((1000, 2000)))
    assert all(t in a for a, t in matching(([5, 3, 8, 100], 100)))
    assert all(t not in a for a, t in matching(([5, 3, 8, 100], 77)))
    assert all(s.count("(") == s.count(")") for (s,) in matching(("(()())(a)",)))
    assert all(len(part) == 2 for (a,) in matching(([(1, "a"), (20, "b"), (30, "c")],)) for part in a)
    assert all(0 not in a for (a,) in matching(([5, 3, 8, 1],)))
    assert any(0 in a for (a,) in matching(([5, 3, 8, 1],), [([0, 1],)]))
    assert min(len(a) for (a,) in matching(([5, 3, 8, 1, 9],), [([1, 2, 3],)])) == 2
    assert min(len(a) for (a,) in matching(([5, 3, 8, 1, 9],), [([],)])) == 0
    assert any(len(a) - k == 1 for a, k in matching(([5, 3, 8, 1, 9, 7, 6], 6)) if len(a) < 7)
