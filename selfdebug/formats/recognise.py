"""Which format a row is in, and its fields checked; a wrong one becomes a message that says how to mend it."""

import difflib
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from selfdebug.formats.models import (
    AssertTests,
    CheckTests,
    HumanEvalRow,
    MbppRow,
    OwnProblem,
    PytestTests,
    StdioPair,
    StdioTests,
)
from selfdebug.formats.read import Row, fail, kind, quoted
from selfdebug.formats.spider import SpiderRow

AnyProblem = OwnProblem | HumanEvalRow | MbppRow | SpiderRow

_NAMES: dict[type[BaseModel], str] = {
    OwnProblem: "the project's own format",
    HumanEvalRow: "HumanEval",
    MbppRow: "MBPP",
    SpiderRow: "Spider",
}
# Fields that only one of the formats has. `test` and `entry_point` are weaker signs, see `_formats`.
_SIGNS: dict[type[AnyProblem], frozenset[str]] = {
    OwnProblem: frozenset({"statement", "tests", "hidden_tests", "examples", "context", "language", "reference", "id"}),
    HumanEvalRow: frozenset(
        {"canonical_solution", "given_tests", "base_input", "plus_input", "declaration", "example_test"}
    ),
    MbppRow: frozenset({"test_list", "test_setup_code", "challenge_test_list", "test_imports", "source_file"}),
    SpiderRow: frozenset({"db_id", "query_toks", "query_toks_no_value", "question_toks"}),
}
# HumanEval-X tells the language by the task's name.
_LANGUAGES = {"CPP": "C++", "Java": "Java", "JavaScript": "JavaScript", "Go": "Go", "Rust": "Rust"}
_TAGS: dict[str, type[BaseModel]] = {
    "asserts": AssertTests,
    "check": CheckTests,
    "pytest": PytestTests,
    "stdio": StdioTests,
}
_EXPECTED = {
    "string_type": "a string",
    "list_type": "an array",
    "int_type": "an integer",
    "float_type": "a number",
    "model_type": "an object",
    "dict_type": "an object",
    "bool_type": "true or false",
}


def recognise(row: Row) -> AnyProblem:
    """The row as a model of its format.

    Raises:
        InputError: It is none of the formats, two of them, or wrong in one of them.
    """
    formats = _formats(row.fields)
    if len(formats) > 1:
        signs = "; ".join(f"{_NAMES[model]} has {', '.join(map(quoted, found))}" for model, found in formats.items())
        fail(row, "", f"is in two formats at once: {signs}. Keep the fields of one format")
    if not formats:
        found = ", ".join(map(quoted, list(row.fields)[:8]))
        fail(
            row,
            "",
            f"is in no known format; its fields are {found}. Expected 'statement' (the project's own format), "
            "'prompt' with 'test' and 'entry_point' (HumanEval), 'text' with 'test_list' (MBPP), or 'db_id' with "
            "'question' and 'query' (Spider)" + _suggestion(row.fields),
        )
    [model] = formats
    language = _LANGUAGES.get(str(row.fields.get("task_id", "")).split("/")[0])
    if model is HumanEvalRow and language:
        fail(row, "task_id", f"is a {language} problem; only Python problems can be worked on for now")
    try:
        return model.model_validate(row.fields)
    except ValidationError as error:
        details = min(error.errors(include_url=False), key=_rank)
        place, problem = _explain(details, model)
        fail(row, place, problem)


def _formats(fields: dict[str, Any]) -> dict[type[AnyProblem], list[str]]:
    """Each format that the fields point to, with the fields that do."""
    found: dict[type[AnyProblem], list[str]] = {}
    for model in _SIGNS:
        if signs := sorted(_SIGNS[model] & fields.keys()):
            found[model] = signs
    if "prompt" in fields and OwnProblem in found:
        found.setdefault(MbppRow if "test_list" in fields else HumanEvalRow, []).append("prompt")
    of_mbpp = MbppRow in found
    # mbppplus, which is sanitized MBPP, carries a `test` of its own; the entry point is what MBPP never has.
    plus = {"source_file", "test_imports"} & fields.keys()
    weak = [name for name in ("test", "entry_point") if name in fields]
    if OwnProblem in found and HumanEvalRow not in found:
        # The own format has an entry point too, and `test` with an object in it is a misspelt `tests`.
        weak = ["test"] if isinstance(fields.get("test"), str) else []
    if weak and not (of_mbpp and plus and weak == ["test"]):
        found.setdefault(HumanEvalRow, []).extend(weak)
    if not found and "prompt" in fields:
        found[HumanEvalRow] = ["prompt"]
    if {"text", "code"} & fields.keys() and not {HumanEvalRow, MbppRow} & found.keys():
        found[MbppRow] = sorted({"text", "code"} & fields.keys())
    return found


def _rank(details: ErrorDetails) -> int:
    """An unknown field explains a missing one, and so comes first."""
    order = ["extra_forbidden", "two_kinds", "no_kind", "missing"]
    return order.index(details["type"]) if details["type"] in order else len(order)


def _explain(details: ErrorDetails, model: type[AnyProblem]) -> tuple[str, str]:
    """Place and message of one pydantic error."""
    place, owner = _locate(details["loc"], model)
    value = details["input"]
    match details["type"]:
        case "extra_forbidden":
            name = str(details["loc"][-1])
            known = list(owner.model_fields)
            near = difflib.get_close_matches(name, known, 1, 0.6)
            hint = f"did you mean {quoted(near[0])}?" if near else "known are " + ", ".join(known)
            return place, f"unknown field; {hint} (format: {_NAMES[model]})"
        case "missing":
            field = details.get("ctx", {}).get("field")
            place = field if field else place
            return place, f"is missing; {_NAMES[model]} needs it: expected {_wanted(owner, place)}"
        case "too_short":
            return place, f"expected at least one, found {kind(value)}; give one, or leave the field out"
        case "string_too_short" | "string_pattern_mismatch":
            return place, f"expected text, found {kind(value) if value == '' else 'nothing but white space'}"
        case "string_unicode":
            return place, "holds half of a surrogate pair (\\ud800 to \\udfff), which is no character; mend the escape"
        case "literal_error":
            return place, f"expected {details.get('ctx', {}).get('expected')}, found {kind(value)}"
        case "greater_than_equal" | "finite_number":
            return place, f"expected a number of 0 or more, found {kind(value)}"
        case "float_type" if type(value) is int:
            return place, f"expected a smaller number, found {kind(value)}"
        case "no_kind":
            return place, details["msg"] + _near(value, list(_TAGS))
        case "two_kinds" | "two_texts":
            return place, details["msg"]
        case "union_tag_not_found":
            return place, f"expected an object with one of the fields {', '.join(_TAGS)}, found {kind(value)}"
        case known_type if known_type in _EXPECTED:
            return place, f"expected {_EXPECTED[known_type]}, found {kind(value)}"
    return place, f"{details['msg'].lower()}; found {kind(value)}"


def _locate(loc: Sequence[int | str], model: type[BaseModel]) -> tuple[str, type[BaseModel]]:
    """The JSON path of an error, and the model that holds the field at its end.

    pydantic's location also names the members of unions that it tried; these are no part of the path.
    """
    place = ""
    owner = model
    parts = list(loc)
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if isinstance(part, int):
            place += f"[{part}]"
        elif index == 1 and parts[0] in ("tests", "hidden_tests") and model is OwnProblem and part in _TAGS:
            owner = _TAGS[part]
        elif part in ("StdioPair", "str", "int") or part.startswith(("constrained-", "function-")):
            owner = StdioPair if part == "StdioPair" else owner
        else:
            place += ("." if place else "") + (part if part.isprintable() and len(part) <= 60 else quoted(part))
            if part == "stdio" and not last:
                owner = StdioPair
    return place, owner


def _wanted(owner: type[BaseModel], place: str) -> str:
    """What a missing field is for, from its description."""
    field = owner.model_fields.get(place.split(".")[-1])
    description = field.description if field else None
    if description:
        return description[0].lower() + description[1:].rstrip(".")
    kinds = {"test_list": "an array of assert statements", "test": "source that defines check(candidate)"}
    return kinds.get(place, "a string")


def _suggestion(fields: dict[str, Any]) -> str:
    return _near(fields, sorted({"prompt", "text", *(name for signs in _SIGNS.values() for name in signs)} - {"id"}))


def _near(fields: dict[str, Any], known: list[str]) -> str:
    for name in fields:
        near = difflib.get_close_matches(name, known, 1, 0.75)
        if near:
            return f". Did you mean {quoted(near[0])} for {quoted(name)}?"
    return ""
