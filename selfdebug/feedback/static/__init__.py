"""What a linter sees in a program before it is run: pyflakes, and what it does not look for.

Reads the program only. What it calls serious makes the program fail where it is reached, so a false alarm would cost a
repair: where anything is uncertain, nothing is said.
"""

import ast
import difflib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from selfdebug import syntax
from selfdebug.feedback.static import signatures
from selfdebug.feedback.static.calls import bad_calls
from selfdebug.feedback.static.flow import returns_nothing, unreachable
from selfdebug.feedback.static.names import evaluated, origin

MAX_FINDINGS = 5
_MAX_CHARACTERS = 100_000


class Kind(StrEnum):
    """What was found, the most serious first."""

    MISSING = "missing"  # the entry point is not defined
    UNDEFINED = "undefined"  # a name that nothing binds
    SIGNATURE = "signature"  # the entry point can't be called as the problem says
    ARITY = "arity"  # a call with too many, too few or unknown arguments
    UNBOUND = "unbound"  # a local variable read before it is assigned
    NO_RESULT = "no result"  # the entry point never returns a value
    FORMAT = "format"  # a format string that does not fit its values
    UNREACHABLE = "unreachable"
    REDEFINED = "redefined"
    SUSPICIOUS = "suspicious"  # legal, and hardly ever meant
    UNUSED = "unused"


SERIOUS = frozenset((Kind.MISSING, Kind.UNDEFINED, Kind.SIGNATURE, Kind.ARITY, Kind.UNBOUND))
_ORDER = list(Kind)

_PYFLAKES = {
    "UndefinedLocal": (Kind.UNBOUND, "the local variable `{0}` is read before it is assigned in its function"),
    "StringDotFormatMissingArgument": (Kind.FORMAT, "`.format(…)` has no argument for {0}"),
    "StringDotFormatInvalidFormat": (Kind.FORMAT, "the format string is invalid: {0}"),
    "StringDotFormatMixingAutomatic": (Kind.FORMAT, "the format string mixes `{{}}` with numbered fields"),
    "PercentFormatInvalidFormat": (Kind.FORMAT, "the `%` format string is invalid: {0}"),
    "PercentFormatPositionalCountMismatch": (Kind.FORMAT, "the `%` format has {0} fields for {1} values"),
    "PercentFormatMissingArgument": (Kind.FORMAT, "the `%` format has no value for {0}"),
    "PercentFormatExpectedMapping": (Kind.FORMAT, "the `%` format wants a dict"),
    "PercentFormatExpectedSequence": (Kind.FORMAT, "the `%` format wants a tuple of values"),
    "RedefinedWhileUnused": (Kind.REDEFINED, "`{0}` is defined again, and what line {1} defines is never used"),
    "ImportShadowedByLoopVar": (Kind.REDEFINED, "the loop variable `{0}` hides the import of line {1}"),
    "IsLiteral": (Kind.SUSPICIOUS, "`is` compares identity; use `==` or `!=` with a literal"),
    "IfTuple": (Kind.SUSPICIOUS, "the condition is a tuple, which is always true"),
    "AssertTuple": (Kind.SUSPICIOUS, "the assertion is a tuple, which is always true"),
    "RaiseNotImplemented": (Kind.SUSPICIOUS, "`NotImplemented` can't be raised; `NotImplementedError` can"),
    "MultiValueRepeatedKeyLiteral": (Kind.SUSPICIOUS, "the dict has the key {0!r} twice, with different values"),
    "UnusedVariable": (Kind.UNUSED, "`{0}` is assigned but never used"),
}


@dataclass(frozen=True)
class Finding:
    """Something found in a program.

    Attributes:
        line: Where, 1-based.
        text: What is wrong, and if known what would be right.
    """

    line: int
    kind: Kind
    text: str

    @property
    def serious(self) -> bool:
        """Whether the program fails when it gets there."""
        return self.kind in SERIOUS


def findings(program: str, *, entry_point: str = "", context: str = "") -> tuple[Finding, ...]:
    """What is wrong with a program as far as reading it shows, the most serious first, at most `MAX_FINDINGS`.

    Nothing is found in a program that does not parse.

    Args:
        program: The program, which may be any text.
        entry_point: What it must define; empty for nothing.
        context: Source that declares the entry point with its parameters (HumanEval's prompt), which need not be whole.
    """
    tree = syntax.try_parse(program) if len(program) <= _MAX_CHARACTERS else None
    if tree is None:
        return ()
    try:
        found = {*_linted(tree), *_own(tree), *_of_entry_point(tree, entry_point, context)}
    except RecursionError:  # nested too deeply to be walked
        return ()
    ranked = sorted(found, key=lambda item: (_ORDER.index(item.kind), item.line, item.text))
    return tuple(ranked[:MAX_FINDINGS])


def say(found: tuple[Finding, ...]) -> str:
    """The findings for a prompt, a line each; empty for none."""
    return "\n".join(f"- Line {item.line}: {item.text}." for item in found)


def _linted(tree: ast.Module) -> Iterator[Finding]:
    from pyflakes.checker import Checker  # only where it is needed: it takes a while to import

    with syntax.silently():
        messages = sorted(Checker(tree, filename="program").messages, key=lambda item: (item.lineno, item.col))
    places = evaluated(tree)
    undefined = []
    for message in messages:
        name = type(message).__name__
        if name == "UndefinedName" and (message.lineno, message.col) in places:
            undefined.append((str(message.message_args[0]), message.lineno))
        elif name in _PYFLAKES:
            kind, text = _PYFLAKES[name]
            yield Finding(message.lineno, kind, text.format(*message.message_args))
    for name, lines in groupby(sorted(undefined), key=lambda item: item[0]):
        yield _undefined(tree, name, [line for _, line in lines])


def _undefined(tree: ast.Module, name: str, lines: list[int]) -> Finding:
    more = sorted(set(lines) - {lines[0]})
    also = f" (also in line{'s' if len(more) > 1 else ''} {', '.join(map(str, more[:4]))})" if more else ""
    source = origin(name)
    bound = sorted(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    near = difflib.get_close_matches(name, {*bound, *syntax.module_names(tree)}, n=1, cutoff=0.8)
    cure = f"; `{source}` is missing" if source else f"; is `{near[0]}` meant?" if near else ""
    return Finding(lines[0], Kind.UNDEFINED, f"the name `{name}` is not defined{also}{cure}")


def _own(tree: ast.Module) -> Iterator[Finding]:
    for call in bad_calls(tree):
        yield Finding(call.line, Kind.ARITY, call.text)
    for behind, before in unreachable(tree):
        text = f"this is never reached, because line {before.end_lineno or before.lineno} does not go on to it"
        yield Finding(behind.lineno, Kind.UNREACHABLE, text)


def _of_entry_point(tree: ast.Module, entry_point: str, context: str) -> Iterator[Finding]:
    if not entry_point:
        return
    if entry_point not in syntax.module_names(tree):
        if not _binds_in_other_ways(tree, entry_point):
            yield Finding(1, Kind.MISSING, f"the program does not define `{entry_point}` at its top level")
        return
    function = syntax.find_function(tree, entry_point)
    if function is None or function.decorator_list:
        return
    if returns_nothing(function):
        text = f"`{entry_point}` has no `return` with a value, so its result is always None"
        yield Finding(function.lineno, Kind.NO_RESULT, text)
    given = _declared(context, entry_point)
    own = signatures.of_function(function)
    if given is None or own is None:
        return
    for count in signatures.counts(given):
        if reason := signatures.refusal(own, count):
            wanted, has = signatures.shown(entry_point, given), signatures.shown(entry_point, own)
            text = f"`{has}` can't be called as `{wanted}`, which is asked for: {reason}"
            yield Finding(function.lineno, Kind.SIGNATURE, text)
            return


def _declared(context: str, entry_point: str) -> inspect.Signature | None:
    """The entry point's parameters as the problem gives them."""
    whole = syntax.complete(context) if context.strip() else None
    declared = syntax.find_function(syntax.parse(whole), entry_point) if whole else None
    return signatures.of_function(declared) if declared is not None and not declared.decorator_list else None


def _binds_in_other_ways(tree: ast.Module, name: str) -> bool:
    """Whether a name may get its value as no statement of the module shows."""
    for node in ast.walk(tree):
        if isinstance(node, ast.alias) and node.name == "*":
            return True
        if isinstance(node, ast.Name) and node.id in ("globals", "exec", "eval", "setattr", "vars"):
            return True
        if isinstance(node, ast.Global) and name in node.names:
            return True
        if isinstance(node, ast.NamedExpr) and node.target.id == name:
            return True
    return False
