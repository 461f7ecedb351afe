"""The state of one solve, as plain frozen data: all that the loop knows."""

from dataclasses import dataclass
from enum import StrEnum

from sandbox.types import Execution
from selfdebug.events import Purpose
from selfdebug.options import Options
from selfdebug.problem import Problem


@dataclass(frozen=True)
class Candidate:
    """One program text and how it came to be.

    Attributes:
        program: The program; empty where the reply held no code.
        reply: What the model wrote, whole.
        notes: What was changed between reply and program, in words.
        parent: The turn that it repairs; 0 for the first.
        repeats: The earlier turn with the same program, formatting and comments aside; 0 if it is new.
    """

    program: str
    reply: str
    notes: tuple[str, ...] = ()
    parent: int = 0
    repeats: int = 0


@dataclass(frozen=True)
class Turn:
    """One candidate, its execution, and what the model said about it.

    Attributes:
        number: From 1.
        execution: None where there was no program, or it was not run.
        explanation: The model's own explanation of the candidate; empty if it was not asked.
        judged: The model's verdict on the candidate, where no test could give one.
        tokens: Prompt and completion tokens spent on it, explanation included.
        seconds: Seconds spent on it: model and sandbox.
    """

    number: int
    candidate: Candidate
    execution: Execution | None = None
    explanation: str = ""
    judged: bool | None = None
    tokens: int = 0
    seconds: float = 0.0

    @property
    def tests_passed(self) -> int:
        return self.execution.tests_passed if self.execution else 0


@dataclass(frozen=True)
class Usage:
    """What the solve has spent so far."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    requests: int = 0
    executions: int = 0

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


class Reason(StrEnum):
    """Why the loop ended."""

    PASSED = "passed"  # every visible test passes
    JUDGED = "judged"  # there is no visible test, and the model says that the candidate is right
    TURNS = "turns"
    TOKENS = "tokens"
    SECONDS = "seconds"
    EXECUTIONS = "executions"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Outcome:
    """How the loop ended. `best`: the number of the turn whose candidate is the answer; 0 if there is none."""

    reason: Reason
    best: int

    @property
    def solved(self) -> bool:
        """Whether the loop's own evidence (visible tests, or else the model's word) is for the answer."""
        return self.reason in (Reason.PASSED, Reason.JUDGED)


@dataclass(frozen=True)
class State:
    """One solve. `step` is the action that is waited for; `purpose` is None while that action is an execution."""

    problem: Problem
    options: Options
    step: int = 0
    purpose: Purpose | None = None
    turns: tuple[Turn, ...] = ()
    usage: Usage = Usage()
    at_s: float = 0.0
    outcome: Outcome | None = None

    @property
    def newest(self) -> Turn:
        return self.turns[-1]

    @property
    def best(self) -> Turn | None:
        """The turn whose candidate is the answer, if the loop has ended and there is one."""
        return self.turns[self.outcome.best - 1] if self.outcome and self.outcome.best else None
