"""What happens to a solve, and what it wants done: the one schema that drivers, files and viewers share.

Events go into the loop, actions come out of it. An event that answers an action carries the action's `step`, so that
one delivered twice, or too late, is recognised and changes nothing. Several actions may be open at once; they may be
answered in any order, and nothing new is asked until all are.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from sandbox.types import Execution, Limits, Suite, TestResult, Trace
from selfdebug.generator import Completion, GenerationRequest
from selfdebug.options import Feedback, Options, Phrasing
from selfdebug.problem import Problem


class Look(StrEnum):
    """A closer look at how a candidate fails a test."""

    SMALLEST = "smallest"  # at a smaller input
    TRACE = "trace"  # at what its variables hold


class Purpose(StrEnum):
    """What a completion is wanted for."""

    WRITE = "write"  # the first candidate
    EXPLAIN = "explain"  # an explanation of the candidate
    TRACE = "trace"  # the execution of a failing test, step by step, as the model imagines it
    BLOCKS = "blocks"  # a judgement of what really happened in a failing test, block by block
    JUDGE = "judge"  # an explanation that ends in the model's own verdict, where no test can give one
    REPAIR = "repair"  # the next candidate
    INPUTS = "inputs"  # calls in which candidates that pass may differ
    CHOOSE = "choose"  # which of two candidates does the right thing in a call

    @property
    def talks(self) -> bool:
        """Whether it wants something said of a candidate, and no candidate."""
        return self not in (Purpose.WRITE, Purpose.REPAIR)


@dataclass(frozen=True)
class Move:
    """How the next candidates shall be made; what a strategy decides.

    Attributes:
        parent: The turn whose candidate is repaired; 0: written afresh.
        feedback: What is told about that candidate.
        temperature: Of the draw.
        n: How many candidates are drawn at once.
        phrasing: The words in which one is asked for that is written afresh.
    """

    parent: int = 0
    feedback: tuple[Feedback, ...] = ()
    temperature: float = 0.0
    n: int = 1
    phrasing: Phrasing = Phrasing.PLAIN


@dataclass(frozen=True)
class Submitted:
    """A solve begins. `at_s`, here and below: seconds since the solve began, by the driver's clock."""

    problem: Problem
    options: Options
    at_s: float = 0.0
    kind: Literal["submitted"] = "submitted"


@dataclass(frozen=True)
class Completed:
    """The model answered the request of action `step`; the other fields are that action's own.

    Attributes:
        parent: The turn that the candidates repair; 0 where they are written afresh.
    """

    step: int
    purpose: Purpose
    request: GenerationRequest
    completion: Completion
    prompts: tuple[tuple[str, str], ...] = ()
    turn: int = 0
    parent: int = 0
    at_s: float = 0.0
    kind: Literal["completed"] = "completed"


@dataclass(frozen=True)
class Executed:
    """The sandbox ran the program of action `step`, that of a turn's candidate; the other fields are that action's."""

    step: int
    program: str
    execution: Execution
    turn: int = 0
    probe: bool = False
    at_s: float = 0.0
    kind: Literal["executed"] = "executed"


@dataclass(frozen=True)
class Observed:
    """The sandbox had the closer look of action `step` at a turn's candidate.

    Attributes:
        trace: What the program did; None where nothing of it was seen.
        smallest: The same failure on a smaller input; None where none was found.
        executions: How many it took.
    """

    step: int
    look: Look
    trace: Trace | None = None
    smallest: TestResult | None = None
    executions: int = 1
    turn: int = 0
    at_s: float = 0.0
    kind: Literal["observed"] = "observed"


@dataclass(frozen=True)
class TimedOut:
    """The seconds of the budget are used up.

    Attributes:
        prompt_tokens, completion_tokens, requests: What the requests that were cut off had cost, as far as is known.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    requests: int = 0
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


Answer = Completed | Executed | Observed
Event = Submitted | Answer | TimedOut | Cancelled | Graded


@dataclass(frozen=True)
class Generate:
    """Ask the model; answer with `Completed` of the same step.

    Attributes:
        prompts: Content hash of each prompt template that the request was made from, by name.
        turn: The number of the turn that is talked about, or of the first turn that this begins.
        move: How those shall be made; of what is said about a turn, what it is said for.
    """

    step: int
    purpose: Purpose
    request: GenerationRequest
    prompts: tuple[tuple[str, str], ...]
    turn: int
    move: Move
    kind: Literal["generate"] = "generate"


@dataclass(frozen=True)
class Execute:
    """Run a turn's program in the sandbox; answer with `Executed` of the same step.

    Attributes:
        suite: The visible tests.
        probe: The suite is calls instead that tell it from other candidates, and says nothing of what is right.
    """

    step: int
    program: str
    suite: Suite
    limits: Limits
    turn: int
    probe: bool = False
    kind: Literal["execute"] = "execute"


@dataclass(frozen=True)
class Observe:
    """Look closer at how a program fails a test; answer with `Observed` of the same step.

    Attributes:
        suite: The visible tests; of those that can be taken apart, the failing one alone.
        test: What the failing one showed.
        executions: The most that may be spent.
    """

    step: int
    look: Look
    program: str
    suite: Suite
    test: TestResult
    limits: Limits
    executions: int
    turn: int
    kind: Literal["observe"] = "observe"


@dataclass(frozen=True)
class Finish:
    """The loop has ended; nothing more will be asked."""

    kind: Literal["finish"] = "finish"


Asked = Generate | Execute | Observe
Action = Asked | Finish
