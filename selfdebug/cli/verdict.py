"""Shows one execution in a terminal, or as plain text where there is none."""

import re

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sandbox.types import ExceptionInfo, Execution, TestResult

_FAILURES = 5
_TEXT_CHARS = 2000
_OUTPUT_LINES = 20
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def show(console: Console, name: str, execution: Execution) -> None:
    """Print what came of a program: a headline, the failing tests, what it printed."""
    parts: list[RenderableType] = [_headline(name, execution)]
    if console.is_terminal and len(execution.tests) > 1:
        parts.append(_marks(execution.tests))
    if execution.exception:
        parts += [Text(), *_raised(execution.exception)]
    failing = [test for test in execution.tests if not test.passed and test.ran]
    for test in failing[:_FAILURES]:
        parts += [Text(), *_failure(test)]
    if len(failing) > _FAILURES:
        parts += [Text(), Text(f"  … and {len(failing) - _FAILURES} more failing tests", style="dim")]
    skipped = sum(not test.ran for test in execution.tests)
    if skipped:
        parts += [Text(), Text(f"  ○ {skipped} not run", style="dim")]
    if not execution.passed:
        parts += _output("printed", execution.stdout) + _output("printed on standard error", execution.stderr)
    if execution.unverified:
        parts += [Text(), Text(f"  rests on the program's own word: {_plain(execution.unverified)}", style="yellow")]
    if console.is_terminal:
        console.print(Group(*parts))
        return
    with console.capture() as capture:
        console.print(Group(*parts), soft_wrap=True)
    for line in capture.get().splitlines():
        console.file.write(line.rstrip() + "\n")  # without the padding that a terminal would not show


def _headline(name: str, execution: Execution) -> Text:
    mark, colour = ("✓", "green") if execution.passed else ("✗", "red")
    line = Text.assemble((f"{mark} ", f"bold {colour}"), (_plain(name), "bold"), "  ")
    total = len(execution.tests)
    status = execution.status.value.replace("_", " ")
    count = f", {execution.tests_passed} of {total} {'test passes' if total == 1 else 'tests pass'}" if total else ""
    line.append(status + count, style=colour)
    memory = f" · {execution.memory_bytes / 2**20:.0f} MiB" if execution.memory_bytes else ""
    return line.append(f"  {execution.wall_s:.2f} s{memory} · {execution.isolation}", style="dim")


def _marks(tests: tuple[TestResult, ...]) -> Text:
    marks = Text("  ")
    for test in tests:
        if test.passed:
            marks.append("●", style="green")
        else:
            marks.append("✗" if test.ran else "○", style="red" if test.ran else "dim")
    return marks


def _failure(test: TestResult) -> list[RenderableType]:
    parts: list[RenderableType] = [Text.assemble(("  ✗ ", "red"), (_plain(test.name), "bold"))]
    facts = [("call", test.call, ""), ("expected", test.expected, "green"), ("actual", test.actual, "red")]
    known = [(label, value, style) for label, value, style in facts if value is not None]
    if known:
        table = Table.grid(padding=(0, 2))
        for label, value, style in known:
            table.add_row(Text(label, style="dim"), Text(_plain(value), style=style))
        parts.append(Padding(table, (0, 0, 0, 4), expand=False))
    if test.exception:
        parts += _raised(test.exception)
    elif test.message:
        parts.append(Text(f"    {_plain(test.message)}", style="red" if not known else "dim"))
    elif not known:
        parts.append(Text(f"    {test.status.value.replace('_', ' ')}", style="red"))
    return parts


def _raised(exception: ExceptionInfo) -> list[RenderableType]:
    where = f"  (line {exception.line})" if exception.line and not exception.traceback else ""
    said = _plain(f"{exception.type}: {exception.message}" if exception.message else exception.type)
    parts: list[RenderableType] = []
    if exception.traceback:
        parts.append(Padding(Text(_plain(exception.traceback.rstrip()), style="dim"), (0, 0, 0, 4), expand=False))
    parts.append(Padding(Text.assemble((said, "red"), (where, "dim")), (0, 0, 0, 4), expand=False))
    return parts


def _output(label: str, text: str) -> list[RenderableType]:
    lines = text.rstrip().splitlines()
    if not lines:
        return []
    more = [f"… {len(lines) - _OUTPUT_LINES} more lines"] if len(lines) > _OUTPUT_LINES else []
    shown = _plain("\n".join([*lines[:_OUTPUT_LINES], *more]))
    return [Text(), Text(f"  {label}:", style="dim"), Padding(Text(shown), (0, 0, 0, 4), expand=False)]


def _plain(text: str) -> str:
    """Cut a text, and write out what a terminal would obey: candidates decide what stands in it."""
    if len(text) > _TEXT_CHARS:
        text = f"{text[:_TEXT_CHARS]}… ({len(text) - _TEXT_CHARS} more characters)"
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)
