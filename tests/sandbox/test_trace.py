"""Traces of real programs in a real box: what they hold, what they survive, and what nobody can make of them."""

import json
from collections.abc import AsyncIterator

import pytest

from sandbox.answers import read_answer
from sandbox.errors import SandboxCrashed
from sandbox.jobs import Job
from sandbox.protocol import Executor, Sandbox
from sandbox.types import (
    AssertSuite,
    CheckSuite,
    Execution,
    Limits,
    PytestSuite,
    Status,
    StdioCase,
    StdioSuite,
    Suite,
    Trace,
    TraceStep,
)

LIMITS = Limits(wall_s=30, cpu_s=10)


@pytest.fixture
async def job(sandbox: Sandbox) -> AsyncIterator[Executor]:
    async with sandbox.job() as opened:
        yield opened


async def traced(job: Executor, program: str, suite: Suite | str, limits: Limits = LIMITS) -> tuple[Execution, Trace]:
    """Run a program with a trace, which there must be."""
    given = AssertSuite((suite,)) if isinstance(suite, str) else suite
    execution = await job.run(program, given, limits, trace=True)
    assert execution.trace is not None
    return execution, execution.trace


def told(trace: Trace) -> list[tuple[str, int, dict[str, str], str]]:
    return [(step.event, step.line, dict(step.changed), step.value) for step in trace.steps]


LOOP = """\
def f(n):
    total = 0
    for i in range(n):
        total += i
    return total
"""


async def test_a_loop_is_told_line_by_line(job: Executor) -> None:
    execution, trace = await traced(job, LOOP, "assert f(2) == 2")
    assert execution.status is Status.FAILED
    assert trace.test == "assert f(2) == 2"
    assert trace.skipped == 0
    assert {step.function for step in trace.steps} == {"f"}
    assert told(trace) == [
        ("call", 1, {"n": "2"}, ""),
        ("line", 2, {}, ""),
        ("line", 3, {"total": "0"}, ""),
        ("line", 4, {"i": "0"}, ""),
        ("line", 3, {}, ""),
        ("line", 4, {"i": "1"}, ""),
        ("line", 3, {"total": "1"}, ""),
        ("line", 5, {}, ""),
        ("return", 5, {}, "1"),
    ]


async def test_nothing_is_traced_that_nobody_asked_for(job: Executor) -> None:
    execution = await job.run(LOOP, AssertSuite(("assert f(2) == 2",)), LIMITS)
    assert execution.trace is None


async def test_the_first_test_that_fails_is_told_of_whatever_comes_after_it(job: Executor) -> None:
    suite = AssertSuite(("assert f(2) == 1", "assert f(3) == 4", "assert f(4) == 5", "assert f(1) == 0"))
    _, trace = await traced(job, LOOP, suite)
    assert trace.test == "assert f(3) == 4"
    assert trace.steps[0].changed == (("n", "3"),)
    assert trace.steps[-1].value == "3"


async def test_where_all_pass_the_last_test_is_told_of(job: Executor) -> None:
    execution, trace = await traced(job, LOOP, AssertSuite(("assert f(2) == 1", "assert f(1) == 0")))
    assert execution.passed
    assert trace.test == "assert f(1) == 0"
    assert trace.steps[0].changed == (("n", "1"),)


async def test_what_a_check_does_between_its_asserts_belongs_to_the_next_one(job: Executor) -> None:
    source = "def check(candidate):\n    assert candidate(2) == 1\n    got = candidate(3)\n    assert got == 7\n"
    _, trace = await traced(job, LOOP, CheckSuite(source, "f"))
    assert trace.test == "assert got == 7"
    assert trace.steps[0].changed == (("n", "3"),)


async def test_a_pytest_suite_is_traced(job: Executor) -> None:
    source = "from solution import f\ndef test_one():\n    assert f(2) == 1\ndef test_two():\n    assert f(3) == 1\n"
    _, trace = await traced(job, LOOP, PytestSuite(source))
    assert trace.test.endswith("test_two")
    assert trace.steps[0].changed == (("n", "3"),)


async def test_recursion_has_depth(job: Executor) -> None:
    program = "def f(n):\n    return 1 if n < 2 else n * f(n - 1)\n"
    _, trace = await traced(job, program, "assert f(3) == 5")
    assert [step.depth for step in trace.steps if step.event == "call"] == [0, 1, 2]
    assert [(step.depth, step.value) for step in trace.steps if step.event == "return"] == [
        (2, "1"),
        (1, "2"),
        (0, "6"),
    ]


async def test_a_generator_goes_on_where_it_stopped(job: Executor) -> None:
    program = "def g():\n    yield 1\n    x = 5\n    yield x\ndef f():\n    return list(g())\n"
    _, trace = await traced(job, program, "assert f() == 5")
    inside = [step for step in trace.steps if step.function == "g"]
    assert [(step.event, step.value) for step in inside if step.event != "line"] == [
        ("call", ""),
        ("yield", "1"),
        ("call", ""),
        ("yield", "5"),
        ("call", ""),
        ("return", "None"),
    ]
    assert [step.changed for step in inside if step.changed] == [(("x", "5"),)]


async def test_exceptions_are_told_where_they_pass_and_where_they_are_caught(job: Executor) -> None:
    program = (
        "def h(n):\n    return [1][n]\n"
        "def f(n):\n    try:\n        return h(n)\n    except IndexError as e:\n        raise ValueError('x') from e\n"
    )
    execution, trace = await traced(job, program, "assert f(3) == 5")
    assert execution.status is Status.ERROR
    raised = [(step.function, step.line, step.value) for step in trace.steps if step.event == "raise"]
    lost = "IndexError('list index out of range')"
    assert raised == [("h", 2, lost), ("f", 5, lost), ("f", 7, "ValueError('x')")]


async def test_the_end_of_a_loop_is_no_exception_of_the_program(job: Executor) -> None:
    program = (
        "class Once:\n    def __init__(self): self.left = 1\n    def __iter__(self): return self\n"
        "    def __next__(self):\n        if not self.left: raise StopIteration\n        self.left -= 1\n"
        "def f():\n    for _ in Once(): pass\n    return 3\n"
    )
    _, trace = await traced(job, program, "assert f() == 5")
    assert [step.function for step in trace.steps if step.event == "raise"] == ["__next__"]


async def test_a_value_changed_in_place_has_changed(job: Executor) -> None:
    program = "def f(a):\n    b = a\n    b.append(1)\n    b[0] = 7\n    return b\n"
    _, trace = await traced(job, program, "assert f([0]) == 5")
    assert [step.changed for step in trace.steps if step.changed] == [
        (("a", "[0]"),),
        (("b", "[0]"),),
        (("a", "[0, 1]"), ("b", "[0, 1]")),
        (("a", "[7, 1]"), ("b", "[7, 1]")),
    ]


async def test_objects_are_shown_by_what_they_hold(job: Executor) -> None:
    program = (
        "class Node:\n    def __init__(self, v, n=None):\n        self.v, self.n = v, n\n"
        "class Slots:\n    __slots__ = ('a',)\n"
        "def f():\n    node = Node(1, Node(2))\n    node.v = 9\n"
        "    slots = Slots()\n    slots.a = {1: (2,)}\n    return node\n"
    )
    _, trace = await traced(job, program, "assert f() == 5")
    ours = [pair for step in trace.steps if step.function == "f" for pair in step.changed]
    assert ("node", "Node(v=1, n=Node(v=2, n=None))") in ours
    assert ("node", "Node(v=9, n=Node(v=2, n=None))") in ours
    assert ("slots", "Slots(a={1: (2,)})") in ours


async def test_closures_and_globals_that_a_function_uses_are_its_variables(job: Executor) -> None:
    program = (
        "import math\nmemo = {}\n"
        "def f(n):\n    count = 0\n"
        "    def inner():\n        nonlocal count\n        count += 1\n        memo[n] = count\n"
        "    inner()\n    return math.floor(count)\n"
    )
    _, trace = await traced(job, program, "assert f(4) == 5")
    inside = [pair for step in trace.steps if step.function == "inner" for pair in step.changed]
    assert ("count", "1") in inside
    assert ("memo", "{4: 1}") in inside
    assert not [pair for step in trace.steps for pair in step.changed if pair[0] == "math"]


async def test_rounds_of_a_loop_on_one_line_are_steps(job: Executor) -> None:
    program = "def f(n):\n    while n < 4: n += 1\n    return n\n"
    _, trace = await traced(job, program, "assert f(0) == 5")
    assert [text for step in trace.steps for name, text in step.changed if name == "n"] == ["0", "1", "2", "3", "4"]


async def test_a_whole_program_is_told_of_from_its_first_line(job: Executor) -> None:
    program = "import sys\nn = int(input())\nclass P:\n    z = 1\nfor i in range(n):\n    print(i)\nsys.exit(3)\n"
    suite = StdioSuite((StdioCase("0", ""), StdioCase("1", "0\n")))
    execution, trace = await traced(job, program, suite)
    assert execution.status is Status.CRASHED
    assert trace.test == "case 1"
    assert trace.steps[0].function == "<module>"
    assert ("n", "0") in [pair for step in trace.steps for pair in step.changed]
    assert trace.steps[-1].value == "SystemExit(3)"


async def test_the_case_that_a_program_fails_is_told_of(job: Executor) -> None:
    suite = StdioSuite((StdioCase("1", "1"), StdioCase("2", "3"), StdioCase("3", "4")))
    _, trace = await traced(job, "n = int(input())\nprint(n)\n", suite)
    assert trace.test == "case 2"
    assert ("n", "2") in [pair for step in trace.steps for pair in step.changed]


async def test_loading_is_told_of_only_where_it_fails(job: Executor) -> None:
    execution, trace = await traced(job, "x = 4\ny = x / 0\n" + LOOP, "assert f(2) == 1")
    assert execution.exception is not None
    assert trace.test == ""
    assert trace.steps[-1].event == "raise"
    assert trace.steps[-1].line == 2
    assert trace.steps[-1].value == "ZeroDivisionError('division by zero')"


async def test_what_does_not_compile_has_no_trace(job: Executor) -> None:
    execution = await job.run("def f(:\n", AssertSuite(("assert f(2) == 1",)), LIMITS, trace=True)
    assert execution.status is Status.SYNTAX_ERROR
    assert execution.trace is None


async def test_an_endless_loop_leaves_its_first_and_its_last_steps(job: Executor) -> None:
    program = "def f(n):\n    while True:\n        n += 1\n"
    execution, trace = await traced(job, program, "assert f(3) == 5", Limits(wall_s=30, cpu_s=1))
    assert execution.status is Status.TIMEOUT
    assert trace.steps[0].changed == (("n", "3"),)
    counted = [int(text) for step in trace.steps for name, text in step.changed if name == "n"]
    assert counted == sorted(counted)
    assert counted[-1] > 10_000
    assert sum(step.skipped for step in trace.steps) > 10_000


async def test_a_program_that_is_killed_for_its_memory_leaves_its_steps(job: Executor) -> None:
    program = "def f():\n    x = []\n    while True:\n        x.append(' ' * 2**20)\n"
    execution, trace = await traced(job, program, "assert f() == 5", Limits(cpu_s=10, memory_bytes=2**27))
    assert execution.status is Status.MEMORY_LIMIT
    assert [step for step in trace.steps if step.line == 4]


@pytest.mark.parametrize("ending", ["os._exit(3)", "os.kill(os.getpid(), 9)", "os.abort()"])
async def test_a_program_that_ends_at_once_leaves_its_steps(job: Executor, ending: str) -> None:
    execution, trace = await traced(job, f"import os\ndef f(n):\n    x = 1\n    {ending}\n", "assert f(2) == 5")
    assert execution.status is Status.CRASHED
    assert trace.steps[-1] == TraceStep(4, 0, "f", (("x", "1"),))


async def test_endless_recursion_leaves_its_first_calls_and_its_end(job: Executor) -> None:
    execution, trace = await traced(job, "def f(n):\n    return f(n + 1)\n", "assert f(0) == 5")
    assert execution.tests[0].exception is not None
    assert execution.tests[0].exception.type == "RecursionError"
    assert trace.steps[0].changed == (("n", "0"),)
    assert max(step.depth for step in trace.steps) > 500
    assert trace.steps[-1].event == "raise"
    assert trace.steps[-1].value.startswith("RecursionError(")


DEEPEST = """\
def f(n):
    return n and f(n - 1)
def deepest():
    n = 900
    while True:
        try:
            f(n)
        except RecursionError:
            return n
        n += 1
"""


async def test_a_traced_program_gets_as_deep_as_any(job: Executor) -> None:
    suite = AssertSuite(("assert deepest() == 0",))
    await job.run(DEEPEST, suite, LIMITS)  # a box's first process is forked from one frame deeper than the others
    plain = await job.run(DEEPEST, suite, LIMITS)
    execution, _ = await traced(job, DEEPEST, suite)
    assert plain.tests[0].actual is not None
    assert execution.tests[0].actual == plain.tests[0].actual


HOSTILE = """\
class Meta(type):
    def __hash__(cls): raise SystemExit
    def __eq__(cls, other): raise SystemExit
    __name__ = property(lambda cls: 1 / 0)
class Bad(metaclass=Meta):
    def __init__(self): self.held = 3
    def __repr__(self):
        while True: pass
    __str__ = __hash__ = __getattribute__ = __repr__
class Text(str):
    def __repr__(self): raise SystemExit
    __len__ = __iter__ = __getitem__ = __repr__
class Many(list):
    def __iter__(self):
        while True: yield 1
    def __len__(self): return -5
class Error(Exception):
    def __str__(self):
        while True: pass
    __repr__ = __str__
def f():
    a, b, c, d = Bad(), Text("seen"), Many([1, 2]), Error(Text("why"))
    e = [a]
    e.append(e)
    return 4
"""


async def test_no_code_of_the_program_is_run_to_show_its_values(job: Executor) -> None:
    execution, trace = await traced(job, HOSTILE, "assert f() == 5")
    assert execution.status is Status.FAILED
    held = dict(pair for step in trace.steps if step.function == "f" for pair in step.changed)
    assert held["a"] == "Bad(held=3)"
    assert held["b"] == "Text('seen')"
    assert held["c"] == "Many([1, 2])"
    assert held["d"] == "Error(Text('why'))"
    assert held["e"] == "[Bad(held=3), …]"


async def test_what_is_told_is_small_whatever_the_values_are(job: Executor) -> None:
    program = (
        "def f():\n    s = 'x' * 10**6\n    n = 10**5000\n    d = {i: [i] * 1000 for i in range(1000)}\n"
        "    deep = []\n    for _ in range(5000): deep = [deep]\n    t = '\\0' * 10**5\n"
        + "".join(f"    v{i} = 'y' * 10**4\n" for i in range(100))
        + "    return d\n"
    )
    execution, trace = await traced(job, program, "assert f() == 5")
    assert execution.status is Status.FAILED
    texts = [text for step in trace.steps for pair in step.changed for text in pair]
    assert max(map(len, texts)) < 1000
    assert sum(map(len, texts)) < 2**16
    held = dict(pair for step in trace.steps for pair in step.changed)
    assert held["s"].endswith("(1000000 characters)")
    assert held["n"].startswith("<int of ")


async def test_a_change_is_seen_where_it_is_not_shown(job: Executor) -> None:
    program = (
        "def f():\n    a = [0] * 1000\n    b = [[0] * 50 for _ in range(50)]\n    c = {i: 0 for i in range(100)}\n"
        "    a[500] = 7\n    b[30][30] = 7\n    c[70] = 7\n    return 1\n"
    )
    _, trace = await traced(job, program, "assert f() == 5")
    changes = [pair for step in trace.steps if step.function == "f" and step.line > 5 for pair in step.changed]
    assert [name for name, _ in changes] == ["a", "b", "c"]
    assert changes[0][1].endswith(" with [500] = 7")
    assert " with [30] = [0, 0" in changes[1][1]
    assert changes[2][1].endswith(" with [70] = 7")


async def test_lone_surrogates_are_told_of_in_writing(job: Executor) -> None:
    execution, trace = await traced(job, "def f():\n    s = '\\ud800'\n    return s\n", "assert f() == 5")
    assert execution.status is Status.FAILED
    assert ("s", "'\\ud800'") in [pair for step in trace.steps for pair in step.changed]
    json.dumps([step.value for step in trace.steps], ensure_ascii=False).encode()


async def test_a_program_that_ends_its_tracing_ends_no_more_than_that(job: Executor) -> None:
    program = (
        "import sys\ndef f(n):\n    x = 1\n    sys.settrace(None)\n"
        "    if hasattr(sys, 'monitoring'):\n"
        "        for i in range(6):\n            sys.monitoring.free_tool_id(i)\n"
        "    y = n\n    return y\n"
    )
    execution, trace = await traced(job, program, AssertSuite(("assert f(1) == 1", "assert f(2) == 3")))
    assert [test.status for test in execution.tests] == [Status.PASSED, Status.FAILED]
    assert ("n", "2") in trace.steps[0].changed


FORGERS = {
    "noise": "view[:] = bytes(range(256)) * (len(view) // 256)",
    "nothing": "view[:] = bytes(len(view))",
    "all ones": "view[:] = b'\\xff' * len(view)",
    "forged": (
        'line = b\'[1, "line", 1, 0, "f", [["x", "\' + b\'y\' * 9000 + b\'"]], ""]\\n\'\n'
        "    import struct\n"
        "    view[64:64 + len(line)] = line\n"
        "    view[:24] = struct.pack('<QIIII', 2**60, len(line), 2**31, 2**31, 7)"
    ),
    "deep": ("import struct\n    view[:24] = struct.pack('<QIIII', 1, 9000, 0, 0, 0)\n    view[64:9064] = b'[' * 9000"),
}


@pytest.mark.parametrize("forgery", FORGERS.values(), ids=FORGERS)
async def test_a_forged_trace_changes_no_verdict(job: Executor, forgery: str) -> None:
    program = (
        f"import gc, mmap, os\ndef f():\n"
        f"    view = next(each for each in gc.get_objects() if type(each).__name__ == 'Writer')._map\n    {forgery}\n"
        "    os._exit(0)\n"
    )
    execution = await job.run(program, AssertSuite(("assert f() == 5",)), LIMITS, trace=True)
    assert execution.status is Status.CRASHED
    for step in execution.trace.steps if execution.trace else ():
        assert len(step.changed) <= 64
        assert all(len(text) <= 1000 for pair in step.changed for text in pair)
    assert (await job.run(LOOP, AssertSuite(("assert f(2) == 1",)), LIMITS)).passed


async def test_a_forked_child_does_not_tell(job: Executor) -> None:
    program = (
        "import os\ndef f():\n    pid = os.fork()\n    if pid == 0:\n        child = 1\n        os._exit(0)\n"
        "    os.waitpid(pid, 0)\n    return 3\n"
    )
    _, trace = await traced(job, program, "assert f() == 5")
    assert not [step for step in trace.steps if dict(step.changed).get("child")]
    assert trace.steps[-1].value == "3"


async def test_threads_and_library_code_are_left_out(job: Executor) -> None:
    program = (
        "import textwrap, threading\ndef work():\n    z = 1\n"
        "def f():\n    thread = threading.Thread(target=work)\n    thread.start()\n    thread.join()\n"
        "    return textwrap.shorten('a b c', 3, placeholder='')\n"
    )
    execution, trace = await traced(job, program, "assert f() == 5")
    assert execution.status is Status.FAILED
    assert {step.function for step in trace.steps} == {"f"}


@pytest.mark.parametrize(
    "steps",
    [
        [{"line": 1}] * 501,
        [{"line": 1, "value": "x" * 2**19}],
    ],
)
def test_more_steps_than_an_honest_box_sends_are_refused(steps: list[dict[str, object]]) -> None:
    line = json.dumps({"status": "passed", "trace": {"steps": steps}}).encode()
    with pytest.raises(SandboxCrashed, match="too long"):
        read_answer(line, Job("", AssertSuite(()), LIMITS, trace=True), "none")


def test_a_trace_that_nobody_asked_for_is_refused() -> None:
    line = json.dumps({"status": "passed", "trace": {"steps": [{"line": 1}]}}).encode()
    with pytest.raises(SandboxCrashed, match="nobody asked for"):
        read_answer(line, Job("", AssertSuite(()), LIMITS), "none")
    assert read_answer(line, Job("", AssertSuite(()), LIMITS, trace=True), "none").trace == Trace((TraceStep(1),))
