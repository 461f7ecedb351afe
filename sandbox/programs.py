"""From how whole programs ended and what they printed, as the runner reports it, to an execution. Host side, pure."""

from dataclasses import dataclass, replace

from pydantic import Base64Bytes

from sandbox.stdio import difference, encoded
from sandbox.types import ExceptionInfo, Execution, Status, StdioCase, StdioSuite, TestResult, Trace

_CUT, _STDOUT_CUT = 1000, 10_000  # characters shown of one value, and of one run's output


@dataclass(frozen=True)
class Run:
    """One run, as the runner reports it.

    Attributes:
        status: None where the program ended by itself with exit status 0 and within its limits, so that its output
            decides. The runner knows no expected output, and can report neither a pass nor a failure.
        message: Why, where the status has no exception.
        stdout: All of it, up to the limit.
    """

    status: Status | None
    message: str
    exception: ExceptionInfo | None
    stdout: Base64Bytes
    stderr: str
    wall_s: float
    cpu_s: float
    memory_bytes: int
    trace: Trace | None = None


def judge(suite: StdioSuite, runs: list[Run], output_bytes: int) -> Execution:
    """The execution that the runs show.

    Args:
        runs: One a case, in order; a program that does not compile is only run once.
        output_bytes: The limit to which the output of all runs together is cut.

    Raises:
        ValueError: No honest runner reports this.
    """
    broken = bool(runs) and runs[-1].status is Status.SYNTAX_ERROR
    if len(runs) > len(suite.cases) or (len(runs) < len(suite.cases) and not broken):
        raise ValueError(f"{len(runs)} runs for {len(suite.cases)} cases")
    pairs = enumerate(zip(suite.cases, runs, strict=False), 1)
    tests = [_result(f"case {number}", suite, case, run) for number, (case, run) in pairs]
    tests += [replace(tests[-1], name=f"case {n}", ran=False) for n in range(len(tests) + 1, len(suite.cases) + 1)]
    return Execution(
        status=next((test.status for test in tests if not test.passed), Status.PASSED),
        tests=tuple(tests),
        exception=runs[-1].exception if broken else None,
        stdout=_joined([_stdout(run) for run in runs], output_bytes),
        stderr=_joined([run.stderr for run in runs], output_bytes),
        wall_s=sum(run.wall_s for run in runs),
        cpu_s=sum(run.cpu_s for run in runs),
        memory_bytes=max((run.memory_bytes for run in runs), default=0),
        trace=_trace(tests, runs),
    )


def _trace(tests: list[TestResult], runs: list[Run]) -> Trace | None:
    """What the program did in the first case that it failed, else in the last one."""
    shown = next((index for index, test in enumerate(tests) if not test.passed), len(tests) - 1)
    trace = runs[shown].trace if 0 <= shown < len(runs) else None
    return trace and replace(trace, test=tests[shown].name)


def _result(name: str, suite: StdioSuite, case: StdioCase, run: Run) -> TestResult:
    if run.status in (Status.PASSED, Status.FAILED):
        raise ValueError(f"a run that calls itself {run.status}")
    shown = TestResult(name, Status.PASSED, stdout=_cut(_stdout(run), _STDOUT_CUT), wall_s=run.wall_s)
    if run.status is not None:
        return replace(shown, status=run.status, exception=run.exception, message=run.message)
    message = difference(case.stdout, run.stdout, suite.compare, suite.tolerance)
    if not message:
        return shown
    expected, actual = (_cut(_text(data), _CUT) for data in (encoded(case.stdout), run.stdout))
    return replace(shown, status=Status.FAILED, expected=expected, actual=actual, message=message)


def _stdout(run: Run) -> str:
    """The output as text, with a mark where it was cut."""
    text = _text(run.stdout)
    if run.status is Status.OUTPUT_LIMIT and len(text) >= len(run.stderr):  # else the other one bears the mark
        return f"{text}\n… [cut: {run.message}]"
    return text


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}… [{len(text) - length} more characters]"


def _joined(texts: list[str], length: int) -> str:
    """The texts of all runs, cut visibly."""
    if len(texts) < 2:
        return "".join(texts)
    text = "".join(texts)
    return text if len(text) <= length else f"{text[:length]}\n… [cut: the runs printed {len(text)} characters in all]"
