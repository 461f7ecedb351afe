"""Nothing hidden reaches a prompt: shown for every problem of every data set, with every kind of feedback.

In two ways. The loop is run twice on the same answers and observations, once on a problem as it is and once with other
hidden tests, and asks for the same, letter by letter. And all that it asks is searched for every hidden call, expected
value and query that is not in what may be seen: the problem's text, its visible tests, the model's own replies, and
what their programs did in the visible tests.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from pathlib import Path

import pytest

import selfdebug.prompts
from benchmarks.datasets import DATASETS, load, locate
from sandbox.protocol import Executor, Sandbox
from sandbox.types import AssertSuite, CheckSuite, ExceptionInfo, Execution, QuerySuite, Status, Suite, TestResult
from selfdebug.driver import completed, observed
from selfdebug.events import Action, Completed, Event, Execute, Executed, Generate, Look, Observe, Observed, Submitted
from selfdebug.formats import Visible
from selfdebug.generator import Completion, GenerationRequest
from selfdebug.loop import begin, step
from selfdebug.options import Budget, Feedback, Options, Strategy
from selfdebug.problem import Problem
from selfdebug.syntax import try_parse

KINDS = [*((kind,) for kind in Feedback), tuple(kind for kind in Feedback if kind is not Feedback.AUTO)]
NAMES = ["+".join(kinds) for kinds in KINDS]
_SHORT = 4  # letters of an expected value that also stand in any text; those the first way covers


@dataclass(frozen=True)
class Asked:
    """What a solve asked of the model, and what it was told."""

    requests: tuple[GenerationRequest, ...]
    seen: str


def replies(problem: Problem) -> Iterator[str]:
    """Answers that are wrong in several ways, and a verdict where one is asked for."""
    name = problem.entry_point
    if problem.language == "sql":
        yield "```sql\nSELECT 'wrong value', 17 AS answer\n```"
        yield "```sql\nSELECT no_such_column FROM no_such_table\n```"
        yield "```sql\nSELEC 1\n```"
        yield "I can't."
        return
    yield f"```python\ndef {name}(*args):\n    return 'wrong value'\n```"
    yield f"```python\ndef {name}(*args):\n    print('seen', 1)\n    raise ValueError('as wrong as can be')\n```"
    yield f"```python\ndef {name}(*args)\n    return nothing\n```"
    yield "I can't."
    yield f"```python\nimport sys\ndef {name}(*args):\n    print(undefined_name)\n```"


def pretended(suite: Suite, program: str) -> Execution:
    """What a program could have done, made of the suite that it was run against and of nothing else."""
    if "*args)\n    return nothing" in program or "SELEC " in program:
        broken = ExceptionInfo("SyntaxError", "invalid syntax", line=1)
        return Execution(Status.SYNTAX_ERROR, exception=broken)
    error = ExceptionInfo("ValueError", "as wrong as can be", '  File "solution.py", line 2', 2)
    sources = suite.asserts if isinstance(suite, AssertSuite) else ("query",)
    if isinstance(suite, CheckSuite):
        sources = tuple(line.strip() for line in suite.source.splitlines() if "assert" in line)
    raises = "raise" in program or "no_such_column" in program
    tests = []
    for source in sources:
        call, _, expected = source.removeprefix("assert ").partition(" == ")
        test = TestResult(
            source, Status.FAILED, call=call, expected=expected, actual="'wrong value'", stdout="seen 1\n"
        )
        if isinstance(suite, QuerySuite) and not raises:
            test = TestResult(source, Status.PASSED, actual="answer\nwrong value\n(1 row)")
        tests.append(replace(test, status=Status.ERROR, exception=error, actual=None) if raises else test)
    status = next((test.status for test in tests if not test.passed), Status.PASSED)
    return Execution(status, tuple(tests))


def pretend(action: Action) -> Event:
    """Answer an action of the sandbox without one."""
    if isinstance(action, Observe):
        smaller = replace(action.test, call="smaller()") if action.look is Look.SMALLEST else None
        return Observed(action.step, action.look, smallest=smaller)
    assert isinstance(action, Execute)
    return Executed(action.step, action.program, pretended(action.suite, action.program))


async def carry_out(action: Action, executor: Executor) -> Event:
    """Answer an action of the sandbox."""
    if isinstance(action, Observe):
        return await observed(action, executor)
    assert isinstance(action, Execute)
    return Executed(action.step, action.program, await executor.run(action.program, action.suite, action.limits))


class Mute:
    """A model that reads nothing, and remembers what it was asked."""

    def __init__(self, problem: Problem) -> None:
        self._replies = list(replies(problem))
        self._given = 0
        self.requests: list[GenerationRequest] = []

    def answer(self, action: Generate) -> Completed:
        self.requests.append(action.request)
        given = ["It does something.\nVERDICT: wrong"]
        if action.request.sampling.stop_after_code:
            given = [self._replies[(self._given + n) % len(self._replies)] for n in range(action.request.n)]
            self._given += len(given)
        return completed(action, Completion(tuple(given), 1, 1, 0.0))


def solved(problem: Problem, options: Options) -> Asked:
    """Run the pure loop to its end."""
    talk, seen = Mute(problem), [visible_text(problem)]
    state, _ = begin(Submitted(problem, options))
    while state.outcome is None:
        action = state.waiting[0]
        event = talk.answer(action) if isinstance(action, Generate) else pretend(action)
        seen.append(texts(event.completion if isinstance(event, Completed) else event))
        state, _ = step(state, event)
    return Asked(tuple(talk.requests), "\n".join(seen))


def visible_text(problem: Problem) -> str:
    return "\n".join([problem.statement, problem.context, texts(problem.visible)])


def texts(value: object) -> str:
    """All text in a record."""
    if isinstance(value, str):
        return value
    if is_dataclass(value):
        return "\n".join(texts(getattr(value, field.name)) for field in fields(value))
    return "\n".join(map(texts, value)) if isinstance(value, tuple) else ""


def options(kinds: tuple[Feedback, ...], **more: object) -> Options:
    more = {"strategy": Strategy.LINEAR} | more
    return Options(feedback=kinds, budget=Budget(turns=6), **more)  # type: ignore[arg-type]


def poisoned(problem: Problem) -> Problem:
    """The same problem with other hidden tests and another reference."""
    return replace(
        problem, hidden=(AssertSuite(("assert other() == 'other'",), entry_point="other"),), reference="other"
    )


def squeezed(text: str) -> str:
    """Without what differs between two ways to write the same: white space, quotation marks, escapes."""
    return re.sub(r"[\s\\'\"]+", "", text)


def secrets(problem: Problem, rows: str = "") -> set[str]:
    """Every hidden call, expected value and query, without white space."""
    found = set()
    for suite in problem.hidden:
        if isinstance(suite, QuerySuite):
            found |= {suite.gold, *(line for line in rows.splitlines()[1:-1] if len(squeezed(line)) > _SHORT)}
            continue
        sources = suite.asserts if isinstance(suite, AssertSuite) else (suite.source,)  # type: ignore[union-attr]
        for source in sources:
            found |= set(_secrets_of(source, problem.entry_point))
    return {each for each in map(squeezed, found) if len(each) > _SHORT}


def _secrets_of(source: str, name: str) -> Iterator[str]:
    """The calls, their arguments and the expected values of a test, as they are written and in canonical form."""
    tree = try_parse(source)
    if tree is None:
        for line in source.splitlines():
            yield from re.split(r"assert|==", line.replace("candidate(", f"{name}(", 1))[1:]
        return
    for node in ast.walk(tree):
        parts = node.comparators if isinstance(node, ast.Compare) else []
        if isinstance(node, ast.Call) and node.args:
            yield ast.unparse(node).replace("candidate(", f"{name}(", 1)
            yield ",".join(map(ast.unparse, node.args))
            parts = [node]
        for part in parts:
            yield ast.unparse(part)
            yield (ast.get_source_segment(source, part) or "").replace("candidate(", f"{name}(", 1)


@cache
def _prompt_files() -> str:
    """The words of the prompts themselves, the same for every problem."""
    folder = Path(selfdebug.prompts.__file__).parent
    return squeezed(
        "\n".join(path.read_text() for path in sorted(folder.rglob("*")) if path.suffix in (".j2", ".json"))
    )


def leaks(problem: Problem, asked: Asked, rows: str = "") -> set[str]:
    """The secrets that stand in a request and not in what may be seen."""
    told = [(request.prefix, *(message.content for message in request.messages)) for request in asked.requests]
    prompts = squeezed("\n".join(part for parts in told for part in parts))
    seen = squeezed(asked.seen) + _prompt_files()
    return {secret for secret in secrets(problem, rows) if secret in prompts and secret not in seen}


# The examples of MBPP and TransCoder are their first tests; Spider has none.
HIDING = [(name, "first") for name in DATASETS] + [("humaneval", "examples")]


@pytest.fixture(scope="module", params=HIDING, ids="-".join)
def problems(request: pytest.FixtureRequest, data: Path) -> list[Problem]:
    """All problems of each data set, in each protocol that hides something."""
    return load_named(data, *request.param)


def load_named(data: Path, name: str, visible: Visible) -> list[Problem]:
    dataset = DATASETS[name]
    return load(dataset, locate(dataset, data / name), visible)


@pytest.mark.parametrize("kinds", KINDS, ids=NAMES)
def test_no_prompt_depends_on_what_is_hidden_or_holds_it(problems: list[Problem], kinds: tuple[Feedback, ...]) -> None:
    for number, problem in enumerate(problems):
        asked = solved(problem, options(kinds))
        assert len(asked.requests) >= 5
        if number % 5 == 0 or len(kinds) > 1:
            assert solved(poisoned(problem), options(kinds)).requests == asked.requests
        assert not leaks(problem, asked), problem.id


def test_nor_with_other_ways_to_go_on(problems: list[Problem]) -> None:
    ways = [{"strategy": strategy} for strategy in Strategy] + [{"samples": 3}, {"few_shot": True}]
    for problem in problems[::7]:
        for way in ways:
            chosen = options((Feedback.UNIT_TEST, Feedback.EXPLANATION), **way)
            asked = solved(problem, chosen)
            assert solved(poisoned(problem), chosen).requests == asked.requests
            assert not leaks(problem, asked), problem.id


@pytest.mark.parametrize("name", DATASETS)
def test_the_search_finds_what_is_there(data: Path, name: str) -> None:
    problems, blind = load_named(data, name, "first"), []
    for problem in problems:
        everything = texts(problem.hidden).replace("candidate(", f"{problem.entry_point}(")
        told = solved(replace(problem, statement=everything), options((Feedback.SIMPLE,)))
        if not leaks(problem, Asked(told.requests, visible_text(problem))):
            blind.append(problem.id)
    # Where the only hidden tests are the visible ones there is nothing to find.
    assert len(blind) <= len(problems) // 50, blind


@pytest.mark.sandbox
@pytest.mark.parametrize("kinds", KINDS, ids=NAMES)
@pytest.mark.parametrize("name", DATASETS)
async def test_nor_with_the_real_sandbox(data: Path, sandbox: Sandbox, name: str, kinds: tuple[Feedback, ...]) -> None:
    for problem in load_named(data, name, "first")[:60:20]:
        talk, seen = Mute(problem), [visible_text(problem)]
        async with sandbox.job() as job:
            rows = await gold_rows(problem, job)
            state, _ = begin(Submitted(problem, options(kinds)))
            while state.outcome is None:
                action = state.waiting[0]
                event = talk.answer(action) if isinstance(action, Generate) else await carry_out(action, job)
                seen.append(texts(event.completion if isinstance(event, Completed) else event))
                state, _ = step(state, event)
        assert not leaks(problem, Asked(tuple(talk.requests), "\n".join(seen)), rows), problem.id


async def gold_rows(problem: Problem, executor: Executor) -> str:
    """What the gold query of a problem returns; empty for a problem without one."""
    if not isinstance(problem.probe, QuerySuite):
        return ""
    return (await executor.run(problem.reference, problem.probe)).tests[0].actual or ""
