"""What happens to a solve, and what it wants done: the one schema that drivers, files and viewers share.

Events go into the loop, actions come out of it. An event that answers an action carries the action's `step`, so that
one delivered twice, or too late, is recognised and changes nothing.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from sandbox.types import Execution, Limits, Suite
from selfdebug.generator import Completion, GenerationRequest
from selfdebug.options import Options
from selfdebug.problem import Problem


class Purpose(StrEnum):
    """What a completion is wanted for."""

    WRITE = "write"  # the first candidate
    EXPLAIN = "explain"  # an explanation of the newest candidate
    JUDGE = "judge"  # an explanation that ends in the model's own verdict, where no test can give one
    REPAIR = "repair"  # the next candidate


@dataclass(frozen=True)
class Submitted:
    """A solve begins. `at_s`, here and below: seconds since the solve began, by the driver's clock."""

    problem: Problem
    options: Options
    at_s: float = 0.0
    kind: Literal["submitted"] = "submitted"


@dataclass(frozen=True)
class Completed:
    """The model answered the request of action `step`.

    Attributes:
        prompts: Content hash of each prompt template that the request was made from, by name.
    """

    step: int
    purpose: Purpose
    request: GenerationRequest
    completion: Completion
    prompts: tuple[tuple[str, str], ...] = ()
    at_s: float = 0.0
    kind: Literal["completed"] = "completed"


@dataclass(frozen=True)
class Executed:
    """The sandbox ran the program of action `step` against the visible tests."""

    step: int
    program: str
    execution: Execution
    at_s: float = 0.0
    kind: Literal["executed"] = "executed"


@dataclass(frozen=True)
class TimedOut:
    """The seconds of the budget are used up."""

    at_s: float = 0.0
    kind: Literal["timed_out"] = "timed_out"


@dataclass(frozen=True)
class Cancelled:
    """Somebody asked to stop."""

    at_s: float = 0.0
    kind: Literal["cancelled"] = "cancelled"


@dataclass(frozen=True)
class Graded:
    """The hidden tests' word on one turn's candidate, taken after the loop has ended. The loop never sees it."""

    turn: int
    executions: tuple[Execution, ...]
    at_s: float = 0.0
    kind: Literal["graded"] = "graded"

    @property
    def passed(self) -> bool:
        return all(execution.passed for execution in self.executions)


Event = Submitted | Completed | Executed | TimedOut | Cancelled | Graded


@dataclass(frozen=True)
class Generate:
    """Ask the model; answer with `Completed` of the same step."""

    step: int
    purpose: Purpose
    request: GenerationRequest
    prompts: tuple[tuple[str, str], ...]
    kind: Literal["generate"] = "generate"


@dataclass(frozen=True)
class Execute:
    """Run a program in the sandbox; answer with `Executed` of the same step."""

    step: int
    program: str
    suite: Suite
    limits: Limits
    kind: Literal["execute"] = "execute"


@dataclass(frozen=True)
class Finish:
    """The loop has ended; nothing more will be asked."""

    kind: Literal["finish"] = "finish"


Action = Generate | Execute | Finish
