"""The state of one solve, as plain frozen data: all that the loop knows."""

from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.types import Execution, TestResult, Trace
from selfdebug.events import Action, Answer, Asked, Finish, Look, Move, Purpose
from selfdebug.options import Options
from selfdebug.problem import Problem


@dataclass(frozen=True)
class Candidate:
    """One program text and how it came to be.

    Attributes:
        program: The program; empty where the reply held no code.
        reply: What the model wrote, whole.
        notes: What was changed between reply and program, in words.
        move: How it was asked for.
        repeats: The earlier turn with the same program, formatting and comments aside; 0 if it is new.
    """

    program: str
    reply: str
    notes: tuple[str, ...] = ()
    move: Move = field(default_factory=Move)
    repeats: int = 0

    @property
    def parent(self) -> int:
        """The turn that it repairs; 0 where it was written afresh."""
        return self.move.parent


@dataclass(frozen=True)
class Talk:
    """What the model said of a candidate, and what it was asked for."""

    purpose: Purpose
    text: str


@dataclass(frozen=True)
class Turn:
    """One candidate, its execution, and what the model said about it.

    Attributes:
        number: From 1.
        execution: None where there was no program, or it was not run.
        probed: What it does in other calls; None where nobody needed to know.
        looked: The closer looks that were had at how it fails a test.
        trace: What it did in that test, where something of it was seen.
        smallest: The same failure on a smaller input, where one was found.
        talks: What the model said of it before it repaired it.
        judged: The model's verdict on the candidate, where no test could give one.
        preferred: Whether the model, shown this candidate's result first and a rival's second, took this one.
        tokens: Prompt and completion tokens spent on it, explanation included.
        seconds: Seconds spent on it: model and sandbox.
    """

    number: int
    candidate: Candidate
    execution: Execution | None = None
    probed: Execution | None = None
    looked: tuple[Look, ...] = ()
    trace: Trace | None = None
    smallest: TestResult | None = None
    talks: tuple[Talk, ...] = ()
    judged: bool | None = None
    preferred: bool | None = None
    tokens: int = 0
    seconds: float = 0.0

    @property
    def passed(self) -> bool | None:
        """Whether it passes what it was run with; None where it was not run."""
        return self.execution.passed if self.execution else None

    @property
    def tests_passed(self) -> int:
        return self.execution.tests_passed if self.execution else 0

    @property
    def explanation(self) -> str:
        """All that the model said of the candidate; empty if it was not asked."""
        return "\n\n".join(talk.text for talk in self.talks)

    @property
    def failing(self) -> TestResult | None:
        """The first test that was run and did not pass; None where there is none."""
        tests = self.execution.tests if self.execution else ()
        return next((test for test in tests if test.ran and not test.passed), None)


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
    """One solve.

    Attributes:
        step: The number of the newest action.
        moves: What the strategy wants done and is still to be asked of the model.
        open: The actions that were asked for together. Their answers are taken in when the last one has come, in the
            actions' order, so that the order in which they come changes nothing.
        answers: Those that have come.
        asked_s: When they were asked for, as the seconds of `at_s`.
    """

    problem: Problem
    options: Options
    step: int = 0
    moves: tuple[Move, ...] = ()
    open: tuple[Asked, ...] = ()
    answers: tuple[Answer, ...] = ()
    turns: tuple[Turn, ...] = ()
    usage: Usage = Usage()
    at_s: float = 0.0
    asked_s: float = 0.0
    outcome: Outcome | None = None

    @property
    def waiting(self) -> tuple[Action, ...]:
        """The open actions that have no answer yet; at the end `Finish`."""
        if self.outcome:
            return (Finish(),)
        answered = {answer.step for answer in self.answers}
        return tuple(action for action in self.open if action.step not in answered)

    def turn(self, number: int) -> Turn:
        """The turn of that number, from 1."""
        return self.turns[number - 1]

    @property
    def best(self) -> Turn | None:
        """The turn whose candidate is the answer, if the loop has ended and there is one."""
        return self.turn(self.outcome.best) if self.outcome and self.outcome.best else None
