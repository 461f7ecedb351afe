"""The prompts: one Jinja file a role, rendered strictly, each known by a hash of its content."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_FOLDER = Path(__file__).parent


def shorten(text: str, most: int) -> str:
    """Cut a text to about `most` characters, the middle left out and said so."""
    if len(text) <= most:
        return text
    head = most * 2 // 3
    tail = most - head
    return f"{text[:head]} …({len(text) - most} characters left out)… {text[-tail:]}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    environment.filters["shorten"] = shorten
    return environment


@cache
def template_hash(name: str) -> str:
    """The first 12 hex digits of the SHA-256 of a template's source."""
    return hashlib.sha256((_FOLDER / f"{name}.j2").read_bytes()).hexdigest()[:12]


def render(name: str, values: Mapping[str, object]) -> str:
    """Render the template `name` (without its ending). A value that is missing is an error, never an empty text."""
    return _environment().get_template(f"{name}.j2").render(values).strip()
