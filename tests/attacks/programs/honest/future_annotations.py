# Tries: begin with a docstring and a future import, and annotate with names that do not exist
# Test: assert f(1) == 2
# Expect: passed
"""The first line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nowhere import Nothing


def f(x: Nothing) -> dict[str, Missing | None]:
    local: Undefined = x + 1
    return local
