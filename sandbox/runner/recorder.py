"""Decides the tests' comparisons on this side, and remembers of a failing one what was called, expected and found."""

import ast
import functools
import operator
import reprlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .rewrite import Site
from .session import Call, Session

CUT = 1000
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "is": operator.is_,
    "is not": operator.is_not,
    "in": lambda one, many: one in many,
    "not in": lambda one, many: one not in many,
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class Failure:
    """What a failing assert compared."""

    call: str
    expected: str
    actual: str
    first: int
    last: int


def cut(text: str, length: int = CUT) -> str:
    """Shorten visibly."""
    return text if len(text) <= length else f"{text[:length]}… [{len(text) - length} more characters]"


def show(value: Any) -> str:
    """`repr` of anything, even of what has none."""
    try:
        return cut(repr(value))
    except ValueError:  # an int of more digits than Python converts
        return cut(hex(value)) if isinstance(value, int) else cut(reprlib.repr(value))
    except Exception as error:  # the candidate's own __repr__, at the edge of showing it
        return f"<{type(value).__name__} object, whose repr() raised {type(error).__name__}>"


class Recorder:
    """What `rewrite` makes asserts call."""

    def __init__(self, session: Session, signs: list[str], sites: Callable[[], list[Site]], entry_point: str) -> None:
        self._session = session
        self._signs = signs
        self._sites = functools.cache(sites)  # of this run: every failing assert asks for them
        self._entry_point = entry_point
        self._open: list[_Open] = []
        self.failure: Failure | None = None

    def begin(self, index: int) -> "_Open":
        """Start evaluating an assert."""
        return _Open(self, self._session, self._signs[index], index)

    def fail(self, index: int, sides: "_Open", left: Any, right: Any = None) -> bool:
        """Remember a failing comparison. Always False."""
        site = self._sites()[index]
        calls = sides.left_calls
        sign, source = site.sign, site.left
        swapped = not calls and bool(sides.right_calls) and site.right is not None and sign not in ("is", "is not")
        if swapped and site.right is not None:
            calls, source = sides.right_calls, site.right
        call = self._call(source, calls, right if swapped else left)
        if sign in ("true", "false"):
            expected, actual = f"a {sign} value", show(left)
        elif sign == "chain":
            expected, actual = cut(ast.unparse(site.left)), show(left)
        elif swapped and sign in ("in", "not in"):
            expected, actual = f"a value {'not ' if sign == 'not in' else ''}containing {show(left)}", show(right)
        else:
            wanted, found = (left, right) if swapped else (right, left)
            sign = _MIRRORED.get(sign, sign) if swapped else sign
            expected = show(wanted) if sign == "==" else f"{sign} {show(wanted)}"
            actual = show(found)
        self.failure = Failure(cut(call), expected, actual, site.first, site.last)
        return False

    def _call(self, source: ast.expr, calls: list[Call], value: Any) -> str:
        """The call that was made, with its arguments; else the source."""
        if isinstance(source, ast.Call) and len(calls) >= 1 and _is_name_of(source.func, calls[-1].name, self):
            return self.describe(calls[-1])
        if not calls and isinstance(source, (ast.Name, ast.Subscript)) and self._session.calls:
            return self.describe(self._session.calls[-1])
        if len(calls) == 1:
            inner = [
                n for n in ast.walk(source) if isinstance(n, ast.Call) and _is_name_of(n.func, calls[0].name, self)
            ]
            if len(inner) == 1:
                return ast.unparse(source).replace(ast.unparse(inner[0]), self.describe(calls[0]))
        return ast.unparse(source)

    def describe(self, call: Call) -> str:
        """A call as source text, with the arguments that it was given."""
        positional, keywords = self._session.arguments(call)
        parts = [*map(show, positional), *(f"{name}={show(value)}" for name, value in keywords.items())]
        return f"{call.name}({', '.join(parts)})"

    @property
    def entry_point(self) -> str:
        return self._entry_point


def _is_name_of(node: ast.expr, name: str, recorder: Recorder) -> bool:
    """Whether an expression names a function of the candidate; its entry point may go by another name."""
    found = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return found == name or (name == recorder.entry_point and found == "candidate")


class _Open:
    """One assert that is being evaluated."""

    def __init__(self, recorder: Recorder, session: Session, sign: str, index: int) -> None:
        self._recorder, self._session, self._sign, self._index = recorder, session, sign, index
        self._mark = session.made
        self._unasked = session.unasked
        self.left_calls: list[Call] = []
        self.right_calls: list[Call] = []

    def _since(self) -> list[Call]:
        count = min(self._session.made - self._mark, len(self._session.calls))
        self._mark = self._session.made
        return list(self._session.calls)[-count:] if count else []

    def left(self, value: Any) -> "_Open":
        """The left side has been evaluated."""
        self._left = value
        self.left_calls = self._since()
        return self

    def right(self, value: Any) -> bool:
        """Both sides have been: compare."""
        self.right_calls = self._since()
        if type(value) is bool or type(self._left) is bool:
            self._doubt()
        if _COMPARE[self._sign](self._left, value):
            return True
        return self._recorder.fail(self._index, self, self._left, value)

    def _doubt(self) -> None:
        """Note it if the truth of this rests on an object whose class the tests do not ask for."""
        if self._session.unasked != self._unasked:
            self._session.doubt("an attribute of an object of the candidate's own class decided an assert")

    def true(self, value: Any) -> bool:
        """The value must be true."""
        self.left_calls = self._since()
        if self._sign == "true":
            self._doubt()
        return True if value else self._recorder.fail(self._index, self, value)

    def false(self, value: Any) -> bool:
        """The value must be false."""
        self.left_calls = self._since()
        self._doubt()
        return True if not value else self._recorder.fail(self._index, self, value)
