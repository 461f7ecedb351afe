"""What the user may choose about a solve: the feedback, the budget, how tokens are drawn."""

from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.types import Limits
from selfdebug.generator import Sampling


class Feedback(StrEnum):
    """What the model is told about a candidate that failed (Chen et al., 2023, section 3). Combined with `+`."""

    SIMPLE = "simple"  # only that it is wrong
    UNIT_TEST = "unit-test"  # the failing tests, with what came instead
    EXPLANATION = "explanation"  # the model explains its code line by line before it is told


def parse_feedback(text: str) -> tuple[Feedback, ...]:
    """Read `unit-test+explanation`; the result is without doubles, in the order of `Feedback`.

    Raises:
        ValueError: A part is not a kind of feedback; the message lists those that are.
    """
    try:
        chosen = {Feedback(part.strip()) for part in text.split("+")}
    except ValueError:
        known = ", ".join(Feedback)
        raise ValueError(f"{text!r} is not a feedback; expected one of {known}, or several joined with +") from None
    return tuple(kind for kind in Feedback if kind in chosen)


@dataclass(frozen=True)
class Budget:
    """The most that one solve may spend. None: no limit of this kind.

    Attributes:
        turns: Candidates, the first one included.
        tokens: Prompt and completion tokens together; overspent by less than one request.
        seconds: Wall time of the solve.
        executions: Candidates that are run against the visible tests.
    """

    turns: int = 10
    tokens: int | None = None
    seconds: float | None = None
    executions: int | None = None


@dataclass(frozen=True)
class Options:
    """Everything that decides a solve besides the problem and the model's weights."""

    model: str = ""
    feedback: tuple[Feedback, ...] = (Feedback.UNIT_TEST,)
    budget: Budget = field(default_factory=Budget)
    sampling: Sampling = field(default_factory=Sampling)  # of every request; repeats raise its temperature
    explanation_tokens: int = 384  # the most tokens of one explanation
    limits: Limits = field(default_factory=Limits)
