"""The smallest input that fails in the same way: delta debugging of a failing test against the sandbox.

Many smaller inputs are asked about in one execution, as many tests of one suite, and the smallest that fails is the
next to be made smaller. What is shown at last was run by itself. Sees the suite it is given and no other.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sandbox.protocol import Executor
from sandbox.types import Limits, Status, StdioSuite, Suite, TestResult
from selfdebug.feedback.smallest.facts import Values
from selfdebug.feedback.smallest.inputs import domain, size
from selfdebug.feedback.smallest.lines import lines_question
from selfdebug.feedback.smallest.tests import Question, question

LARGE = 80  # characters of a call from which on it is made smaller
_BATCH = 64  # tests of an execution
_BATCH_CHARACTERS = 100_000
_ENDING_BATCH = 6  # where a failure ends the execution, and may take its whole time
_QUICKER = 5  # while looking for an input that takes too long, this part of the time is given

# After these the program is gone, and what comes behind in the same execution is not run.
_ENDING = frozenset(Status) - {Status.PASSED, Status.FAILED, Status.ERROR, Status.SYNTAX_ERROR, Status.TAMPERED}
_TOLD = (_ENDING | {Status.FAILED, Status.ERROR}) - {Status.OUTPUT_LIMIT}


@dataclass(frozen=True)
class Smallest:
    """The same failure at a smaller input.

    Attributes:
        test: What running the program on it showed. Without an `expected` it only says that the call fails. None
            where the input is small, where nothing says that a smaller one should work, or where none fails.
        executions: How many were used.
    """

    test: TestResult | None
    executions: int


async def smallest(
    executor: Executor, program: str, suite: Suite, test: TestResult, limits: Limits, *, executions: int = 40
) -> Smallest:
    """Find a smaller input at which a program fails as it does in a test.

    The same failure is the same status and, for an exception, the same type raised in the same line. Arguments keep
    what is likely meant of them, such as a length that another argument states (`inputs`).

    Args:
        suite: The suite that the failing test is of.
        test: The failing test's result.
        limits: Of one execution.
        executions: The most to use.

    Raises:
        SandboxUnavailable, SandboxCrashed: As of `Executor.run`.
    """
    if test.passed or not test.ran or test.status not in _TOLD:
        return Smallest(None, 0)
    if test.status is not Status.FAILED and test.exception is not None and not test.exception.line:
        return Smallest(None, 0)  # raised by the test
    asked = lines_question(suite, test) if isinstance(suite, StdioSuite) else question(program, suite, test)
    if asked is None or len(repr(asked.values)) <= LARGE:
        return Smallest(None, 0)
    search = _Search(executor, program, asked, test, limits, executions)
    await search.run()
    return await search.confirmed()


class _Search:
    """One search, with what it has found and used."""

    def __init__(
        self, executor: Executor, program: str, asked: Question, test: TestResult, limits: Limits, executions: int
    ) -> None:
        self._executor, self._program, self._asked, self._test = executor, program, asked, test
        self._limits, self._most = limits, executions
        self._used = 0
        self._found: list[Values] = []  # each smaller than the one before

    async def run(self) -> None:
        """Make the input smaller until nothing smaller fails; keeps an execution to confirm what is found."""
        best, tried = self._asked.values, set[str]()
        allowed = domain([values for values in self._asked.others if values != self._asked.values])
        ending = self._test.status in _ENDING
        limits = _quicker(self._limits) if self._test.status is Status.TIMEOUT else self._limits
        choices = self._asked.choices(best, allowed)
        while self._used < self._most - 1:
            batch = _batch(choices, tried, _ENDING_BATCH if ending else _BATCH)
            if not batch:
                return
            failing = await self._failing(batch, limits)
            if failing is not None:
                best = failing
                self._found.append(best)
                choices = self._asked.choices(best, allowed)

    async def confirmed(self) -> Smallest:
        """The smallest one found that fails by itself, too."""
        for values in reversed(self._found):
            if self._used >= self._most:
                break
            test = await self._run([values], self._limits)
            if test and self._is_same(test[0]):
                return Smallest(self._asked.shown(test[0], values), self._used)
        return Smallest(None, self._used)

    async def _failing(self, batch: list[Values], limits: Limits) -> Values | None:
        """The smallest of a batch that fails in the same way."""
        results = await self._run(batch, limits)
        same = [values for values, result in zip(batch, results, strict=False) if self._is_same(result)]
        return min(same, key=size, default=None)

    async def _run(self, batch: list[Values], limits: Limits) -> tuple[TestResult, ...]:
        self._used += 1
        execution = await self._executor.run(self._program, self._asked.suite(batch), limits)
        return execution.tests if len(execution.tests) == len(batch) else ()

    def _is_same(self, result: TestResult) -> bool:
        if not result.ran or result.status is not self._test.status:
            return False
        mine, its = self._test.exception, result.exception
        if mine is None or its is None:
            return mine is its
        # A stack that overflows may do so anywhere in the recursion.
        return mine.type == its.type and (mine.line == its.line or mine.type == "RecursionError")


def _quicker(limits: Limits) -> Limits:
    return replace(limits, cpu_s=limits.cpu_s / _QUICKER, wall_s=limits.wall_s / _QUICKER)


def _batch(choices: Iterator[Values], tried: set[str], most: int) -> list[Values]:
    """The next inputs to ask about, those that were not, smallest first."""
    found: list[Values] = []
    characters = 0
    for values in itertools.islice(choices, 20 * most):
        text = repr(values)
        if text in tried:
            continue
        tried.add(text)
        found.append(values)
        characters += len(text)
        if len(found) >= most or characters > _BATCH_CHARACTERS:
            break
    return sorted(found, key=size)
