"""The corpus: one program a file, whose header says what it tries and what must come out.

A header is the block of `# Key: value` lines at the top of a file. It is cut off before the program runs, so that no
program can read its own tests. Keys that may be repeated hold one line each time:

    Tries     what the program tries, in one or two lines
    Suite     asserts (the default), check, pytest or stdio
    Test      an assert suite's test
    Setup     a line of an assert suite's setup
    Context   a line of the problem's prompt
    Entry     the entry point
    Source    a line of a check's or a pytest file's source
    Input     a stdio case's input, as a JSON string
    Output    what that case must print, as a JSON string
    Compare   how a stdio suite compares
    Expect    the outcomes that are right, statuses of `sandbox.types`; `unverified` is a pass that says so itself
    Gvisor    outcomes that are right too on gVisor, whose clocks and file systems tell less
    Actual    what the first test's `actual` must be
    Limits    fields of `sandbox.types.Limits`, in place of `LIMITS`
    Runs      how often the program runs in the same job

In a program and in its tests `@NAME@` stands for what only the driver knows: see `Host.tokens`.
"""

import json
import re
import typing
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal

from sandbox.types import AssertSuite, CheckSuite, Execution, Limits, PytestSuite, Status, StdioCase, StdioSuite, Suite

PROGRAMS = Path(__file__).with_name("programs")
LIMITS = Limits(
    wall_s=20.0,
    cpu_s=2.0,
    memory_bytes=256 * 2**20,
    processes=32,
    open_files=64,
    file_bytes=8 * 2**20,
    scratch_bytes=16 * 2**20,
    scratch_files=512,
    output_bytes=2**18,
)
UNVERIFIED = "unverified"
HONEST = "honest"

_LINE = re.compile(r"# (\w+):(?: (.*))?")
_TOKEN = re.compile(r"@[A-Z_]+@")
_ONCE = {"Suite", "Entry", "Compare", "Expect", "Gvisor", "Actual", "Limits", "Runs"}
_MANY = {"Tries", "Test", "Setup", "Context", "Source", "Input", "Output"}
_ALWAYS = {"Tries", "Suite", "Expect", "Gvisor", "Actual", "Limits", "Runs"}
_ALLOWED = {
    "asserts": {"Test", "Setup", "Context", "Entry"},
    "check": {"Source", "Context", "Entry"},
    "pytest": {"Source", "Entry"},
    "stdio": {"Input", "Output", "Compare"},
}
_NEEDED = {"asserts": {"Test"}, "check": {"Source", "Entry"}, "pytest": {"Source"}, "stdio": {"Input", "Output"}}
_OUTCOMES = {str(status) for status in Status} | {UNVERIFIED}
_CUT = 400
# What no file should hold as it is: too long, or no valid text.
_TEXTS = {"@NESTED@": "(" * 1000 + ")" * 1000, "@GIANT@": "1, " * 300_000, "@SURROGATE@": "\ud800", "@NULL@": "\0"}


class HeaderError(ValueError):
    """A program whose header does not say what it must."""


@dataclass(frozen=True)
class Program:
    """One program of the corpus.

    Attributes:
        kind: Its class, the folder that it lies in.
        expect: The outcomes that are right.
        on_gvisor: More that are right there.
        actual: What the first test's `actual` must be; None where that is not said.
        runs: How often it runs, in the same job.
    """

    kind: str
    name: str
    source: str
    tries: str
    suite: Suite
    expect: frozenset[str]
    on_gvisor: frozenset[str]
    limits: Limits
    actual: str | None = None
    runs: int = 1

    @property
    def honest(self) -> bool:
        return self.kind == HONEST

    def text(self, tokens: dict[str, str]) -> str:
        """The program as it is run.

        Raises:
            HeaderError: It names a token that there is not.
        """
        known = _TEXTS | tokens

        def value(match: re.Match[str]) -> str:
            if match[0] not in known:
                raise HeaderError(f"{self.kind}/{self.name}: there is no token {match[0]}")
            return known[match[0]]

        return _TOKEN.sub(value, self.source)

    def faults(self, execution: Execution) -> list[str]:
        """What is wrong about an execution of it; nothing where all came out as it must."""
        found = []
        outcome = UNVERIFIED if execution.passed and execution.unverified else str(execution.status)
        expect = self.expect | self.on_gvisor if execution.isolation == "docker+runsc" else self.expect
        if outcome not in expect:
            found.append(f"the outcome is {outcome}, expected {' or '.join(sorted(expect))}")
        fooled = [test.name for test in execution.tests if test.passed]
        if not self.honest and fooled and not (UNVERIFIED in self.expect and execution.unverified):
            found.append(f"an attack passed the tests {fooled}")
        if not execution.tests and Status.PASSED in self.expect:
            found.append("no test has run")
        if isinstance(self.suite, AssertSuite) and len(execution.tests) != len(self.suite.asserts):
            found.append(f"{len(execution.tests)} tests have a result, of {len(self.suite.asserts)}")
        if self.actual is not None and execution.tests[0].actual != self.actual:
            found.append(f"the first test found {execution.tests[0].actual}, expected {self.actual}")
        return [*found, _summary(execution)] if found else []


def _summary(execution: Execution) -> str:
    """What an execution showed, in short."""
    lines = [f"{execution.status} {execution.exception} {execution.unverified}"]
    for test in execution.tests:
        text = f"{test.name}: {test.status}, {test.actual}, {test.message}"
        lines.append(
            text[:_CUT] + (f", {test.exception.type}: {test.exception.message[:_CUT]}" if test.exception else "")
        )
    return "; ".join(lines)[: 10 * _CUT]


def load(folder: Path = PROGRAMS) -> list[Program]:
    """All programs, in order.

    Raises:
        HeaderError: One of them has a header that does not say what it must.
    """
    return [parse(path.parent.name, path.stem, path.read_text("utf-8")) for path in sorted(folder.glob("*/*.py"))]


def parse(kind: str, name: str, text: str) -> Program:
    """One program from the text of its file.

    Raises:
        HeaderError: Its header does not say what it must.
    """
    try:
        header, source = _split(text)
        suite = _suite(header)
        limits = _limits(header)
        expect = frozenset(_one(header, "Expect").split())
        runs = int(_one(header, "Runs", "1"))
        on_gvisor = frozenset(_one(header, "Gvisor", "").split())
        if not expect or not expect | on_gvisor <= _OUTCOMES - ({Status.PASSED} & on_gvisor):
            raise HeaderError(f"unknown outcomes {sorted((expect | on_gvisor) - _OUTCOMES)}")
        if (Status.PASSED in expect) != (kind == HONEST):
            raise HeaderError("an honest program must be able to pass, and no other may")
        if not 1 <= len(header.get("Tries", [])) <= 2:
            raise HeaderError("it must say in one or two lines what it tries")
    except ValueError as error:
        raise HeaderError(f"{kind}/{name}: {error}") from error
    actual = header["Actual"][0] if "Actual" in header else None
    return Program(kind, name, source, " ".join(header["Tries"]), suite, expect, on_gvisor, limits, actual, runs)


def _split(text: str) -> tuple[dict[str, list[str]], str]:
    """The keys with their values, and the program below them."""
    header: dict[str, list[str]] = {}
    lines = text.split("\n")
    count = 0
    while count < len(lines) and (match := _LINE.fullmatch(lines[count])):
        key, value = match[1], match[2] or ""
        if key not in _ONCE | _MANY:
            raise HeaderError(f"unknown key {key}")
        if key in _ONCE and key in header:
            raise HeaderError(f"{key} is given twice")
        header.setdefault(key, []).append(value)
        count += 1
    source = "\n".join(lines[count:])
    if not source.strip():
        raise HeaderError("there is no program")
    return header, source


def _one(header: dict[str, list[str]], key: str, default: str | None = None) -> str:
    if key not in header and default is None:
        raise HeaderError(f"{key} is missing")
    return header[key][0] if key in header else str(default)


def _suite(header: dict[str, list[str]]) -> Suite:
    kind = _one(header, "Suite", "asserts")
    if kind not in _ALLOWED:
        raise HeaderError(f"unknown suite {kind}")
    odd, missing = header.keys() - _ALLOWED[kind] - _ALWAYS, _NEEDED[kind] - header.keys()
    if odd or missing:
        raise HeaderError(f"a suite of {kind} takes no {sorted(odd)}, and needs {sorted(missing)}")
    source, context = ("\n".join(header.get(key, [])) for key in ("Source", "Context"))
    entry_point = _one(header, "Entry", "")
    if kind == "check":
        return CheckSuite(source, entry_point, context)
    if kind == "pytest":
        return PytestSuite(source, entry_point)
    if kind == "stdio":
        return _stdio_suite(header)
    return AssertSuite(tuple(header["Test"]), "\n".join(header.get("Setup", [])), entry_point, context)


def _stdio_suite(header: dict[str, list[str]]) -> StdioSuite:
    texts = [[json.loads(value) for value in header[key]] for key in ("Input", "Output")]
    compare = _one(header, "Compare", "lines")
    ways = Literal["exact", "lines", "tokens", "float"]
    if compare not in typing.get_args(ways):
        raise HeaderError(f"unknown comparison {compare}")
    cases = tuple(StdioCase(stdin, stdout) for stdin, stdout in zip(*texts, strict=True))
    return StdioSuite(cases, typing.cast(ways, compare))


def _limits(header: dict[str, list[str]]) -> Limits:
    types = {field.name: field.type for field in fields(Limits)}
    given: dict[str, int | float] = {}
    for word in _one(header, "Limits", "").split():
        name, _, value = word.partition("=")
        if name not in types:
            raise HeaderError(f"unknown limit {name}")
        given[name] = float(value) if types[name] is float else int(value)
    return replace(LIMITS, **given)
