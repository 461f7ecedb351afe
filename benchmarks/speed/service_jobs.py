"""The jobs of the service benchmark: small problems, and a recording in which each is solved in its second turn.

A model that costs nothing stands behind all contestants: it gives recorded completions to the requests that they were
recorded for, so that what is measured is everything but the model.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.select import open_sandbox
from selfdebug.driver import solve
from selfdebug.events import Completed, Event, Submitted
from selfdebug.generator import Completion, GenerationRequest
from selfdebug.service.api.accept import new_jobs
from selfdebug.service.api.requests import SubmitRequest
from selfdebug.service.records import NewJob
from selfdebug.service.settings import Settings
from selfdebug.state import State
from selfdebug.trajectory import TrajectoryFile

TURNS = 2  # of every job
STEPS = 5  # of every job: two generations, two executions, and the hidden tests


@dataclass(frozen=True)
class _Task:
    """A problem, and what the model answers in its two turns."""

    name: str
    statement: str
    first: str
    second: str
    tests: tuple[str, ...]
    hidden: tuple[str, ...]


_TASKS = (
    _Task(
        "clamp",
        "Write a function clamp(x, low, high) that returns x, but at least low and at most high.",
        "def clamp(x, low, high):\n    return min(x, high)\n",
        "def clamp(x, low, high):\n    return max(low, min(x, high))\n",
        ("assert clamp(5, 0, 3) == 3", "assert clamp(-5, 0, 3) == 0", "assert clamp(2, 0, 3) == 2"),
        ("assert clamp(0, 0, 0) == 0", "assert clamp(-1.5, -1, 1) == -1"),
    ),
    _Task(
        "runs",
        "Write a function runs(text) that returns a list of pairs: each character of the text that differs from the "
        "one before it, and how often it follows on itself.",
        "def runs(text):\n    return [(each, text.count(each)) for each in dict.fromkeys(text)]\n",
        "from itertools import groupby\n\n\ndef runs(text):\n"
        "    return [(each, len(list(group))) for each, group in groupby(text)]\n",
        ("assert runs('aab') == [('a', 2), ('b', 1)]", "assert runs('aba') == [('a', 1), ('b', 1), ('a', 1)]"),
        ("assert runs('') == []", "assert runs('zzz') == [('z', 3)]"),
    ),
    _Task(
        "primes",
        "Write a function primes(n) that returns all primes below n in rising order.",
        "def primes(n):\n    return [p for p in range(2, n + 1) if all(p % d for d in range(2, p))]\n",
        "def primes(n):\n    found = []\n    for p in range(2, n):\n"
        "        if all(p % d for d in found):\n            found.append(p)\n    return found\n",
        ("assert primes(10) == [2, 3, 5, 7]", "assert primes(7) == [2, 3, 5]", "assert primes(2) == []"),
        ("assert len(primes(500)) == 95", "assert primes(-3) == []"),
    ),
    _Task(
        "median",
        "Write a function median(numbers) that returns the middle of the numbers in order; of an even count, the mean "
        "of the two in the middle.",
        "def median(numbers):\n    return sorted(numbers)[len(numbers) // 2]\n",
        "def median(numbers):\n    ordered, half = sorted(numbers), len(numbers) // 2\n"
        "    if len(ordered) % 2:\n        return ordered[half]\n"
        "    return (ordered[half - 1] + ordered[half]) / 2\n",
        ("assert median([3, 1, 2]) == 2", "assert median([1, 2, 3, 4]) == 2.5"),
        ("assert median([7]) == 7", "assert median([2, 2, 8, 8]) == 5"),
    ),
)


def bodies(count: int) -> list[dict[str, Any]]:
    """What is posted for so many jobs; every fourth is the same."""
    return [_body(_TASKS[number % len(_TASKS)]) for number in range(count)]


def jobs(count: int, model: str) -> list[NewJob]:
    """The same jobs as the service makes of what is posted."""
    requests = [SubmitRequest.model_validate(body) for body in bodies(count)]
    return list(new_jobs(requests, [()] * count, Settings(model=model)))


async def record(path: Path) -> str:
    """Write the recording; the name of the model that replays it.

    Raises:
        SandboxError: The real sandbox is needed for it, and can't be had.
    """
    model = f"replay:{path}"
    sandbox = open_sandbox(boxes=1)
    file = TrajectoryFile(path)
    file.write(Submitted(jobs(1, model)[0].problem, jobs(1, model)[0].options))

    def observe(event: Event, state: State) -> None:
        if isinstance(event, Completed):
            file.write(event)

    try:
        for task, job in zip(_TASKS, jobs(len(_TASKS), model), strict=True):
            result = await solve(job.problem, job.options, generator=_Author(task), sandbox=sandbox, observe=observe)
            assert result.solved, f"{task.name} is not solved"
            assert len(result.state.turns) == TURNS, f"{task.name} takes {len(result.state.turns)} turns"
    finally:
        file.close()
        await sandbox.close()
    return model


def _body(task: _Task) -> dict[str, Any]:
    problem = {
        "id": task.name,
        "statement": task.statement,
        "entry_point": task.name,
        "tests": {"asserts": list(task.tests)},
        "hidden_tests": {"asserts": list(task.hidden)},
    }
    return {"problem": problem, "options": {"strategy": "linear"}}


@dataclass
class _Author:
    """Answers as a model would that needs two turns for one task."""

    task: _Task
    model: str = "recorded"
    _given: int = 0

    async def generate(self, request: GenerationRequest) -> Completion:
        await asyncio.sleep(0)
        program = (self.task.first, self.task.second)[self._given]
        self._given += 1
        prompt = sum(len(message.content) for message in request.messages)
        text = f"```python\n{program}```\n"
        return Completion((text,), prompt // 4, len(text) // 4, 0.0, self.model, finish_reasons=("stop",))

    async def close(self) -> None:
        """Nothing is held."""


def encoded(posted: Sequence[dict[str, Any]]) -> list[bytes]:
    """As bodies of requests."""
    return [json.dumps(body).encode("ascii") for body in posted]
