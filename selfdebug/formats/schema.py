"""The project's own problem format as a published JSON Schema."""

from typing import Any

from selfdebug.formats.models import OwnProblem


def problem_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the project's own problem files."""
    schema = OwnProblem.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
