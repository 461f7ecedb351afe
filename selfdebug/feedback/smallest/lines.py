"""What a whole program reads, made smaller line by line.

Only its own exception or end can be judged so: what it should print is known for the whole input alone. Lines that
are counted by the first one are taken away together with their number, so that the input stays one of its sort.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sandbox.types import Status, StdioCase, StdioSuite, TestResult
from selfdebug.feedback.smallest.facts import Values
from selfdebug.feedback.smallest.inputs import Domain, subsets
from selfdebug.feedback.smallest.tests import Question

_ABSENT = frozenset(("EOFError", "StopIteration"))  # what a program says to an input that is too short


def lines_question(suite: StdioSuite, test: TestResult) -> Question | None:
    """What a program is asked by a case that it fails; None where a shorter input could not be judged."""
    case = _case(suite, test)
    if case is None or test.status is Status.FAILED or (test.exception and test.exception.type in _ABSENT):
        return None
    if not _pieces(case.stdin)[1]:
        return None

    def ask(many: Sequence[Values]) -> StdioSuite:
        return replace(suite, cases=tuple(StdioCase(values[0], "") for values in many))

    def shown(result: TestResult, values: Values) -> TestResult:
        return replace(result, name=f"the input {values[0].rstrip()!r}", expected=None, actual=None)

    return Question((case.stdin,), ask, choices=_shorter, shown=shown)


def _case(suite: StdioSuite, test: TestResult) -> StdioCase | None:
    match = re.fullmatch(r"case (\d+)", test.name)
    number = int(match[1]) if match else 0
    return suite.cases[number - 1] if 1 <= number <= len(suite.cases) else None


def _pieces(text: str) -> tuple[bool, list[str]]:
    """Whether the first line counts the rest, and the rest in the pieces that it counts; none where that is unclear."""
    first, *rest = text.splitlines(keepends=True) or [""]
    words = first.split()
    if len(words) == 1 and words[0].isdigit():
        count = int(words[0])
        if not count or not rest or len(rest) % count:
            return True, []
        each = len(rest) // count
        return True, ["".join(rest[n : n + each]) for n in range(0, len(rest), each)]
    counts = any(word.isdigit() for word in words)
    return False, [] if counts and len(words) > 1 and rest else [first, *rest]


def _shorter(values: Values, allowed: Domain) -> Iterator[Values]:
    counted, pieces = _pieces(values[0])
    for keep in subsets(len(pieces)):
        if keep and len(keep) < len(pieces):
            header = f"{len(keep)}\n" if counted else ""
            yield (header + "".join(pieces[n] for n in keep),)
