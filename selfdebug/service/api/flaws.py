"""What FastAPI finds wrong with a request, in the project's words."""

from fastapi.exceptions import RequestValidationError

from selfdebug.formats.read import kind
from selfdebug.service.api.accept import MAX_FLAWS
from selfdebug.service.api.details import Flaw, pointer

_WORDS = (
    ("Input should be", "expected"),
    ("String should have", "expected"),
    ("List should have", "expected"),
    ("String should match pattern", "expected text that matches"),
)


def flaws(error: RequestValidationError) -> list[Flaw]:
    """Each thing that is wrong, with its place; the first twenty."""
    return [_flaw(each) for each in error.errors()[:MAX_FLAWS]]


def _flaw(error: dict[str, object]) -> Flaw:
    where, *path = error["loc"] if isinstance(error["loc"], tuple) else ("body",)
    detail = _detail(error)
    if where == "body":
        return Flaw(detail, pointer(path))
    name = str(path[0]) if path else ""
    return Flaw(detail, header=name.title()) if where == "header" else Flaw(detail, parameter=name)


def _detail(error: dict[str, object]) -> str:
    match error["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "unknown field; leave it out, or mend its name"
        case "string_unicode":
            return "holds half of a surrogate pair (\\ud800 to \\udfff), which is no character; mend the escape"
    said = str(error["msg"]).removeprefix("Value error, ").partition(" after validation")[0]
    for words, ours in _WORDS:
        said = said.replace(words, ours)
    return f"{said}; found {kind(error['input'])}"
