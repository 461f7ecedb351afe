"""The formats as pydantic models. Unknown fields are errors, and no type is converted into another."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

_TEST_KINDS = ("asserts", "check", "pytest", "stdio")

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class AssertTests(_Strict):
    """Assert statements over the solution, each one test."""

    model_config = ConfigDict(title="Assert statements")

    asserts: Annotated[
        list[Text],
        Field(
            min_length=1,
            description="One assert statement each, calling the entry point.",
            examples=[["assert add(1, 2) == 3", "assert add(-1, 1) == 0"]],
        ),
    ]
    setup: Annotated[
        str,
        Field(
            description="Python source that runs once before the asserts: imports and values that they use.",
            examples=["import math"],
        ),
    ] = ""


class CheckTests(_Strict):
    """A HumanEval-style test."""

    model_config = ConfigDict(title="HumanEval check")

    check: Annotated[
        Text,
        Field(
            description="Python source that defines check(candidate), which is called with the entry point.",
            examples=["def check(candidate):\n    assert candidate(1, 2) == 3\n    assert candidate(-1, 1) == 0\n"],
        ),
    ]


class PytestTests(_Strict):
    """A pytest-style file."""

    model_config = ConfigDict(title="Pytest file")

    pytest: Annotated[
        Text,
        Field(
            description="Source of a test file with at least one test function. It imports the solution from `module`.",
            examples=["from solution import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"],
        ),
    ]
    module: Annotated[
        str, Field(description="The module name under which the tests import the solution.", examples=["solution"])
    ] = "solution"


class StdioPair(_Strict):
    """What the program reads and what it must print."""

    model_config = ConfigDict(title="Input and output")

    stdin: Annotated[str, Field(description="What the program reads from standard input.", examples=["1 2\n"])]
    stdout: Annotated[str, Field(description="What it must print to standard output.", examples=["3\n"])]


class StdioTests(_Strict):
    """Runs of a whole program that reads standard input."""

    model_config = ConfigDict(title="Standard input and output")

    stdio: Annotated[
        list[StdioPair],
        Field(min_length=1, description="One run each.", examples=[[{"stdin": "1 2\n", "stdout": "3\n"}]]),
    ]
    compare: Annotated[
        Literal["exact", "lines", "tokens", "float"],
        Field(
            description="How what is printed is compared. exact: every character. lines: line by line, but for white "
            "space at the end of a line and of the output. tokens: word by word, whatever the white space between "
            "them. float: as tokens, and decimal numbers need only be close."
        ),
    ] = "lines"
    tolerance: Annotated[
        float | None,
        Field(
            ge=0,
            allow_inf_nan=False,
            description="With compare float, how far a number may be off, absolutely or as a part of the expected "
            "number; 1e-6 if left out.",
            examples=[1e-9],
        ),
    ] = None


def _one_kind(value: Any) -> Any:
    """Say what is wrong with the choice of a kind before pydantic tries to make one."""
    if not isinstance(value, dict):
        return value
    present = [kind for kind in _TEST_KINDS if kind in value]
    if len(present) > 1:
        raise PydanticCustomError(
            "two_kinds", "holds tests of several kinds: {kinds}; keep one", {"kinds": ", ".join(present)}
        )
    if not present:
        raise PydanticCustomError("no_kind", "holds no tests; expected one of the fields asserts, check, pytest, stdio")
    return value


def _kind(value: Any) -> str | None:
    if isinstance(value, dict):
        return next((kind for kind in _TEST_KINDS if kind in value), None)
    return None


Tests = Annotated[
    Annotated[AssertTests, Tag("asserts")]
    | Annotated[CheckTests, Tag("check")]
    | Annotated[PytestTests, Tag("pytest")]
    | Annotated[StdioTests, Tag("stdio")],
    Discriminator(_kind),
    BeforeValidator(_one_kind),
]

_STATEMENT = "Write a function add(a, b) that returns the sum of two integers."
_EXAMPLE: JsonDict = {
    "id": "add",
    "statement": _STATEMENT,
    "entry_point": "add",
    "tests": {"asserts": ["assert add(1, 2) == 3", "assert add(-1, 1) == 0"]},
}
_STDIO_EXAMPLE: JsonDict = {
    "statement": "Read two integers from one line and print their sum.",
    "tests": {"stdio": [{"stdin": "1 2\n", "stdout": "3\n"}]},
}


class OwnProblem(_Strict):
    """A programming problem: what to write, and the tests that say whether it was written."""

    model_config = ConfigDict(title="Problem", json_schema_extra={"examples": [_EXAMPLE, _STDIO_EXAMPLE]})

    id: Annotated[
        Text | None, Field(description="The problem's name; without one, the file's name.", examples=["add"])
    ] = None
    statement: Annotated[Text, Field(description="What to do, in words. The model is shown it.", examples=[_STATEMENT])]
    entry_point: Annotated[
        str | None,
        Field(
            description="The function or class to define. May be left out where the tests or the context leave no "
            "doubt; left out for a program that reads standard input.",
            examples=["add"],
        ),
    ] = None
    context: Annotated[
        str,
        Field(
            description="Python source given with the problem: imports, helper functions, a signature with its "
            "docstring. The solution is to contain it.",
            examples=['def add(a: int, b: int) -> int:\n    """The sum of a and b."""\n'],
        ),
    ] = ""
    language: Annotated[Literal["python"], Field(description="The solution's language.")] = "python"
    tests: Annotated[
        Tests | None,
        Field(
            description="The tests to pass. With --visible all (the default of solve) the model is shown how they end. "
            "Without tests the problem is worked on by explanation alone."
        ),
    ] = None
    hidden_tests: Annotated[
        Tests | None,
        Field(description="Tests that only grade the final answer. Nothing of them is ever shown to the model."),
    ] = None
    examples: Annotated[
        list[Text | StdioPair] | None,
        Field(
            min_length=1,
            description="With --visible examples the model is shown these alone, and `tests` grade the final answer: "
            "assert statements, or input and output pairs where the tests are such. Without them the examples in the "
            "statement or the context are taken, or else the first assert or the first pair of the tests.",
            examples=[["assert add(1, 2) == 3"]],
        ),
    ] = None
    reference: Annotated[str, Field(description="A solution that is known to be right. Never shown to the model.")] = ""


class HumanEvalRow(_Strict):
    """A row of HumanEval, or of the data sets that took over its fields. Fields after `test` are not all used."""

    task_id: Text
    prompt: Text
    entry_point: Text | None = None
    test: Text
    canonical_solution: str = ""
    given_tests: list[Text] | None = None
    # HumanEval-X
    declaration: str | None = None
    example_test: str | None = None
    text: str | None = None
    # evalplus
    base_input: Any = None
    plus_input: Any = None
    base: Any = None
    plus: Any = None
    contract: str | None = None
    assertion: str | None = None
    atol: float | int | None = None
    # recorded programs
    solution: str | None = None
    reference_verdict: str | None = None

    @model_validator(mode="after")
    def _has_entry_point(self) -> "HumanEvalRow":
        if self.entry_point is None and self.declaration is None:
            raise PydanticCustomError("missing", "field required", {"field": "entry_point"})
        return self


class MbppRow(_Strict):
    """A row of MBPP (`text`) or of sanitized MBPP (`prompt`); mbppplus adds `test`, which is not used."""

    task_id: int | Text
    text: Text | None = None
    prompt: Text | None = None
    code: str = ""
    test_list: Annotated[list[Text], Field(min_length=1)]
    test_setup_code: str = ""
    test_imports: list[str] = []
    challenge_test_list: list[str] = []
    source_file: str | None = None
    test: str | None = None

    @model_validator(mode="after")
    def _has_text(self) -> "MbppRow":
        if (self.text is None) == (self.prompt is None):
            if self.text is None:
                raise PydanticCustomError("missing", "field required", {"field": "text"})
            raise PydanticCustomError("two_texts", "holds both text and prompt; keep one of them")
        return self
