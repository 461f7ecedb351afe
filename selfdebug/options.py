"""What the user may choose about a solve: the feedback, the budget, how tokens are drawn."""

from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.types import Limits
from selfdebug.generator import Sampling


class Feedback(StrEnum):
    """What the model is told about a candidate that failed. Combined with `+`.

    The first four are those of Chen et al., "Teaching Large Language Models to Self-Debug", 2023, section 3.
    """

    SIMPLE = "simple"  # only that it is wrong
    UNIT_TEST = "unit-test"  # the failing tests, with what came instead
    EXPLANATION = "explanation"  # the model explains its code line by line before it is told
    TRACE = "trace"  # the model walks through the execution of a failing test before it is told
    RUNTIME_TRACE = "runtime-trace"  # the model judges what really happened in a failing test, block by block
    SMALLEST = "smallest"  # a failing test's input is made smaller before it is shown
    GRAMMAR = "grammar"  # of a syntax error: what was being parsed, and what could have come there
    STATIC = "static"  # what a linter finds in the code
    AUTO = "auto"  # what has paid off most for what happened; see `selfdebug.feedback.auto`


class Strategy(StrEnum):
    """How the next candidate is made."""

    LINEAR = "linear"  # the newest one is repaired (Chen et al., 2023)
    RESAMPLE = "resample"  # written afresh, nothing told: what any feedback has to beat at the same cost
    ROUNDS = "rounds"  # several side by side, each repaired a few times, then others (S*, 2025)
    TREE = "tree"  # Thompson sampling over all candidates so far, and writing afresh (REx, 2024)
    ADAPTIVE = "adaptive"  # what has paid off most for its tokens
    SURVEY = "survey"  # tries everything, to record what each way is worth


class Phrasing(StrEnum):
    """In which words the model is asked for a candidate that is written afresh."""

    PLAIN = "plain"
    PLAN = "plan"  # the way to the solution first
    EXAMPLES = "examples"  # the examples first, worked by hand
    PARTS = "parts"  # cut into small functions
    BEGUN = "begun"  # its beginning is there, to be gone on with
    FAILED = "failed"  # told how those before it failed, in one line each


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
    strategy: Strategy = Strategy.ADAPTIVE
    samples: int = 1  # candidates drawn at once: the first ones, the best of which is repaired; or of each round
    few_shot: bool = False  # whether a worked example goes before each request
    limits: Limits = field(default_factory=Limits)
