"""The bodies that the API takes, with their bounds. Unknown fields are errors, and no type is converted."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SkipValidation
from pydantic_core import PydanticCustomError

from sandbox.types import Limits
from selfdebug.formats.models import HumanEvalRow, MbppRow, OwnProblem
from selfdebug.generator import Sampling
from selfdebug.options import Budget, Feedback, parse_feedback

MAX_BATCH = 1000
MAX_PROGRAM_CHARS = 1_000_000
_MIB = 2**20


def _whole(value: Any) -> Any:
    """3.0 is an integer in JSON."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_object(value: Any) -> Any:
    if not isinstance(value, dict):
        raise PydanticCustomError("dict_type", "expected a problem as a JSON object")
    return value


def _is_feedback(text: str) -> str:
    parse_feedback(text)
    return text


Count = Annotated[int, BeforeValidator(_whole)]
_KINDS = f"({'|'.join(Feedback)})"

if TYPE_CHECKING:
    AnyFormat = dict[str, Any]
else:  # what OpenAPI shows; `accept` reads it as `solve` reads a file, whose messages are better
    AnyFormat = SkipValidation[OwnProblem | HumanEvalRow | MbppRow]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class BudgetRequest(_Strict):
    """The most that the job may spend. What is left out or null has no limit of its own."""

    model_config = ConfigDict(title="Budget")

    turns: Annotated[Count, Field(ge=1, le=100, description="Candidates, the first one included.")] = 10
    tokens: Annotated[
        Count | None, Field(ge=1, le=10_000_000, description="Prompt and completion tokens together.")
    ] = None
    seconds: Annotated[float | None, Field(ge=0.001, le=86_400, description="Wall time of the solve.")] = None
    executions: Annotated[Count | None, Field(ge=1, le=100, description="Candidates that are run.")] = None

    def value(self) -> Budget:
        """As the loop takes it."""
        return Budget(self.turns, self.tokens, self.seconds, self.executions)


class SamplingRequest(_Strict):
    """How tokens are drawn."""

    model_config = ConfigDict(title="Sampling")

    temperature: Annotated[float, Field(ge=0, le=2, description="0 is greedy.")] = 0.0
    top_p: Annotated[float, Field(ge=0.01, le=1, description="The share of probability that is drawn from.")] = 0.95
    seed: Annotated[Count, Field(ge=0, le=2**31 - 1, description="The same seed gives the same solve.")] = 0
    max_new_tokens: Annotated[Count, Field(ge=1, le=16_384, description="The most tokens of one program.")] = 512

    def value(self) -> Sampling:
        """As the generator takes it."""
        return Sampling(
            temperature=self.temperature, top_p=self.top_p, seed=self.seed, max_new_tokens=self.max_new_tokens
        )


class LimitsRequest(_Strict):
    """What one run of a candidate may use."""

    model_config = ConfigDict(title="Limits")

    wall_s: Annotated[float, Field(ge=0.1, le=300, description="Seconds by the clock.")] = Limits.wall_s
    cpu_s: Annotated[float, Field(ge=0.1, le=100, description="Seconds of processor time.")] = Limits.cpu_s
    memory_bytes: Annotated[Count, Field(ge=64 * _MIB, le=4096 * _MIB)] = Limits.memory_bytes
    processes: Annotated[Count, Field(ge=1, le=256)] = Limits.processes
    open_files: Annotated[Count, Field(ge=16, le=1024)] = Limits.open_files
    file_bytes: Annotated[Count, Field(ge=1024, le=64 * _MIB)] = Limits.file_bytes
    scratch_bytes: Annotated[Count, Field(ge=_MIB, le=256 * _MIB)] = Limits.scratch_bytes
    scratch_files: Annotated[Count, Field(ge=16, le=16_384)] = Limits.scratch_files
    output_bytes: Annotated[Count, Field(ge=1024, le=8 * _MIB)] = Limits.output_bytes

    def value(self) -> Limits:
        """As the sandbox takes it."""
        return Limits(**self.model_dump())


class OptionsRequest(_Strict):
    """Everything that decides a solve besides the problem."""

    model_config = ConfigDict(title="Options")

    model: Annotated[
        str | None, Field(max_length=300, description="One of `GET /v1/models`; without it, the default there.")
    ] = None
    feedback: Annotated[
        str,
        Field(
            max_length=100,
            json_schema_extra={"pattern": rf"^{_KINDS}(\+{_KINDS})*$"},
            description=f"What the model is told about a candidate that failed: {', '.join(Feedback)}, or several "
            "joined with +.",
            examples=["unit-test+explanation"],
        ),
        AfterValidator(_is_feedback),
    ] = "unit-test"
    strategy: Annotated[
        Literal["adaptive", "linear", "resample", "rounds", "tree"],
        Field(
            description="How the next candidates are made: adaptive writes others or repairs one, whichever is more "
            "likely to pay; linear repairs the last one; resample writes another, told nothing; rounds writes several "
            "at once and repairs each twice; tree searches over all of them."
        ),
    ] = "adaptive"
    samples: Annotated[
        Count,
        Field(
            ge=1,
            le=100,
            description="Candidates drawn at once: the first, of which the best is repaired, or each round's.",
        ),
    ] = 1
    few_shot: Annotated[bool, Field(description="Whether a worked example goes before each request.")] = False
    budget: Annotated[BudgetRequest, Field(default_factory=BudgetRequest)]
    sampling: Annotated[SamplingRequest, Field(default_factory=SamplingRequest)]
    limits: Annotated[LimitsRequest, Field(default_factory=LimitsRequest)]
    visible: Annotated[
        Literal["all", "examples"],
        Field(
            description="Which tests the model is shown: all that are not hidden, or the examples of the statement, "
            "while the rest only grade the answer."
        ),
    ] = "all"


class SubmitRequest(_Strict):
    """A job."""

    model_config = ConfigDict(title="Submission")

    problem: Annotated[
        AnyFormat,
        BeforeValidator(_is_object),
        Field(
            description="The problem, in any format that `selfdebug solve` reads: the project's own, a HumanEval row, "
            "or an MBPP row. Its Python is checked too: asserts parse, and the entry point can be told."
        ),
    ]
    options: Annotated[OptionsRequest, Field(default_factory=OptionsRequest)]
    webhook: Annotated[
        str | None,
        Field(
            max_length=2048,
            json_schema_extra={"format": "uri"},
            description="Where to POST when the job has ended: an http or https URL of a public address. Signed "
            "as Standard Webhooks wants it.",
        ),
    ] = None


class BatchRequest(_Strict):
    """Several jobs, accepted together or not at all."""

    model_config = ConfigDict(title="Batch")

    jobs: Annotated[list[SubmitRequest], Field(min_length=1, max_length=MAX_BATCH)]


class ExecutionRequest(_Strict):
    """A program to run against the tests of a problem, without a model."""

    model_config = ConfigDict(title="Execution request")

    problem: Annotated[
        AnyFormat,
        BeforeValidator(_is_object),
        Field(description="The problem, in any format that `selfdebug solve` reads; it must have tests."),
    ]
    program: Annotated[
        str, Field(max_length=MAX_PROGRAM_CHARS, description="Source of the program.", examples=["def add(a, b): ..."])
    ]
    limits: Annotated[LimitsRequest, Field(default_factory=LimitsRequest)]
