"""The data that cross the sandbox's boundary: what to run, within which limits, and what was observed.

Everything here is frozen, plain and JSON-serialisable (pydantic's `TypeAdapter` reads and writes it), because
the same records are stored in trajectories.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Status(StrEnum):
    """How a test, or a whole execution, ended. One status per cause."""

    PASSED = "passed"
    FAILED = "failed"  # the test's assertion did not hold
    ERROR = "error"  # the candidate (or the test, through it) raised something else
    SYNTAX_ERROR = "syntax_error"  # the candidate does not compile
    TIMEOUT = "timeout"
    MEMORY_LIMIT = "memory_limit"
    PROCESS_LIMIT = "process_limit"  # too many processes or threads
    OPEN_FILES_LIMIT = "open_files_limit"  # too many descriptors at once
    FILE_SIZE_LIMIT = "file_size_limit"  # one file too large
    SCRATCH_LIMIT = "scratch_limit"  # all files together too large, or too many of them
    OUTPUT_LIMIT = "output_limit"
    CRASHED = "crashed"  # the candidate's process ended before it answered: a signal, an early exit
    TAMPERED = "tampered"  # the candidate broke, or tried to break, the protocol


@dataclass(frozen=True)
class AssertSuite:
    """Independent assert statements over the candidate's module.

    Attributes:
        asserts: One test each, in order, for example `"assert add(1, 2) == 3"`. Empty: the candidate is only loaded.
        setup: Trusted code run once before them (imports, helper values).
        entry_point: The function or class that the candidate must define; empty when there is no single one.
        context: Trusted source of the problem's prompt, whose helpers the tests may use (HumanEval/32, 38, 50).
    """

    asserts: tuple[str, ...]
    setup: str = ""
    entry_point: str = ""
    context: str = ""
    kind: Literal["asserts"] = "asserts"


@dataclass(frozen=True)
class CheckSuite:
    """A HumanEval test: source that defines `check(candidate)`, called with the entry point.

    Each assert that stands directly in `check`'s body is one test; a compound statement that holds asserts is one.
    """

    source: str
    entry_point: str
    context: str = ""
    kind: Literal["check"] = "check"


@dataclass(frozen=True)
class PytestSuite:
    """A pytest-style file. It reaches the candidate by importing `module`, or by bare name."""

    source: str
    entry_point: str = ""
    module: str = "solution"
    kind: Literal["pytest"] = "pytest"


@dataclass(frozen=True)
class StdioCase:
    """What a whole program reads and must print."""

    stdin: str
    stdout: str


@dataclass(frozen=True)
class StdioSuite:
    """A program is run as `__main__` once for each case, and its output is compared outside of the box.

    Attributes:
        compare: `exact`: every character. `lines`: line by line, white space at the end of a line and empty lines at
            the end of the output ignored. `tokens`: any white space is as good as any other. `float`: as `tokens`,
            and two tokens that are both decimal numbers need only be close.
        tolerance: For `float`: the largest absolute or relative difference (relative to the expected number).
    """

    cases: tuple[StdioCase, ...]
    compare: Literal["exact", "lines", "tokens", "float"] = "lines"
    tolerance: float = 1e-6
    kind: Literal["stdio"] = "stdio"


@dataclass(frozen=True)
class QuerySuite:
    """A SQL query is run, read-only, on a copy of a SQLite database; its rows are compared outside of the box.

    Attributes:
        database: The database's file as `sandbox.databases.pack` gives it: so that a suite is all that a worker on
            another machine needs.
        gold: The query whose rows are expected, run in a process of its own. Empty: the candidate's query is only
            run, and what it returns is the result's `actual`.
        ordered: Whether the rows' order counts; that of the columns never does, and double rows always do.
    """

    database: str
    gold: str = ""
    ordered: bool = False
    kind: Literal["query"] = "query"


Suite = AssertSuite | CheckSuite | PytestSuite | StdioSuite | QuerySuite


@dataclass(frozen=True)
class Limits:
    """What one candidate process may use. A stdio suite starts one process a case, the others one a suite.

    The processor time decides, so that a busy machine fails nobody; the wall time protects from what only waits.
    """

    wall_s: float = 30.0
    cpu_s: float = 10.0
    memory_bytes: int = 512 * 2**20
    processes: int = 64
    open_files: int = 128
    file_bytes: int = 16 * 2**20  # the largest single file
    scratch_bytes: int = 64 * 2**20  # the whole scratch file system
    scratch_files: int = 4096  # files and folders in it
    output_bytes: int = 2**20  # standard output and error together, for the whole process


@dataclass(frozen=True)
class ExceptionInfo:
    """An exception of the candidate as text.

    Attributes:
        type: The bare type name, for example `"IndexError"`.
        message: Its `str()`, cut.
        traceback: Only the candidate's own frames, innermost last, each with its source line; cut. Empty if none.
        line: The line of the candidate where it was raised, 1-based; 0 where unknown.
    """

    type: str
    message: str
    traceback: str = ""
    line: int = 0


@dataclass(frozen=True)
class TestResult:
    """What one test showed.

    Attributes:
        name: The test in one line: the assert's source, a pytest node name, `case 3`.
        call: For a failing comparison the call as made, `f([1, 2], 3)`; None where there is no single one.
        expected: What the test wanted, as source text, `== [1]` written as `[1]`, other operators kept (`< 1e-06`).
        actual: `repr` of what came, cut visibly.
        message: The assertion's message, or why the test was not run.
        stdout: What the candidate printed during this test, cut visibly.
        ran: False where an earlier end of the candidate (time-out, crash) kept it from running.
        wall_s: Seconds.
    """

    __test__ = False

    name: str
    status: Status
    call: str | None = None
    expected: str | None = None
    actual: str | None = None
    exception: ExceptionInfo | None = None
    message: str = ""
    stdout: str = ""
    ran: bool = True
    wall_s: float = 0.0

    @property
    def passed(self) -> bool:
        return self.status is Status.PASSED


@dataclass(frozen=True)
class TraceStep:
    """One thing that a traced candidate did.

    Attributes:
        line: 1-based, in the candidate; of a call the line of the definition.
        depth: Of the call, from 0; only calls of the candidate's own functions count.
        function: Its bare name; `<module>` for the module's own lines.
        changed: The variables that are new or other than at this call's step before, and so are what that step's line
            did: each with its value as source text, shortened visibly, which tells the type. Empty: the name is gone.
        event: `call`: a function, class body or module begins, or a generator goes on. `line`: a line is about to run.
            `return`, `yield`: with `value`. `raise`: an exception passes through, as `value` tells.
        value: What came back, or the exception; shortened visibly.
        skipped: How many steps right before this one were not kept.
    """

    line: int
    depth: int = 0
    function: str = ""
    changed: tuple[tuple[str, str], ...] = ()
    event: Literal["call", "line", "return", "yield", "raise"] = "line"
    value: str = ""
    skipped: int = 0


@dataclass(frozen=True)
class Trace:
    """What a candidate did in one test, by its own word: information, and never part of a verdict.

    Attributes:
        steps: The first ones and the last ones, in order. Lines that run very often are only sampled.
        test: The name of the test: the first one that did not pass, else the last one; empty where loading the
            candidate is what failed.
        skipped: How many steps after the last one were not kept.
    """

    steps: tuple[TraceStep, ...] = ()
    test: str = ""
    skipped: int = 0


@dataclass(frozen=True)
class Execution:
    """What the sandbox observed for one candidate.

    Attributes:
        status: `passed` if every planned test ran and passed; else the status of the first one that did not, or of
            the load where no test could run.
        tests: One result per planned test, in order. Empty where planning them already needed a candidate that loads.
        exception: Why the candidate did not load (syntax error, exception at import, missing entry point).
        stdout, stderr: What the candidate printed in all, cut visibly to the output limit.
        wall_s, cpu_s: Seconds of the candidate's process(es).
        memory_bytes: Peak resident memory of the candidate; 0 where it could not be measured.
        isolation: What protected the host: `bubblewrap`, `none`, …
        unverified: Why the verdict rests in part on the candidate's own word; empty when it does not.
        trace: What the candidate did, if that was asked for and something of it was seen.
    """

    status: Status
    tests: tuple[TestResult, ...] = ()
    exception: ExceptionInfo | None = None
    stdout: str = ""
    stderr: str = ""
    wall_s: float = 0.0
    cpu_s: float = 0.0
    memory_bytes: int = 0
    isolation: str = ""
    unverified: str = ""
    trace: Trace | None = None

    @property
    def passed(self) -> bool:
        return self.status is Status.PASSED

    @property
    def tests_passed(self) -> int:
        return sum(test.passed for test in self.tests)
