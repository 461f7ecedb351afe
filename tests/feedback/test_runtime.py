"""What is told of a run, block by block: how real runs read, and that no trace makes it too long or makes it fail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.protocol import Sandbox
from sandbox.types import AssertSuite, Limits, StdioCase, StdioSuite, Suite, Trace, TraceStep
from selfdebug.feedback.runtime import walk
from selfdebug.feedback.visits import fold

LIMITS = Limits(wall_s=30, cpu_s=10)


async def run(sandbox: Sandbox, program: str, suite: Suite | str, limits: Limits = LIMITS) -> Trace:
    given = AssertSuite((suite,)) if isinstance(suite, str) else suite
    trace = (await sandbox.run(program, given, limits, trace=True)).trace
    assert trace is not None
    return trace


LOOP = """\
def total(xs):
    result = 0
    for x in xs:
        if x > 0:
            result = x
    return result
"""

LOOP_TOLD = """\
call total(xs=[4, -1, 3])
[BLOCK-1] line 2
    result = 0
  after: result = 0
[BLOCK-2] line 3
    for x in xs:
  before: xs = [4, -1, 3]
  after: x = 4
[BLOCK-3] line 4
    if x > 0:
  before: x = 4
  after: the condition is true
[BLOCK-4] line 5
    result = x
  before: result = 0, x = 4
  after: result = 4
[BLOCK-2] again: x = -1
[BLOCK-3] again, with x = -1: the condition is false
[BLOCK-2] again: x = 3
[BLOCK-3] again, with x = 3: the condition is true
[BLOCK-4] again, with result = 4, x = 3: result = 3
[BLOCK-2] again: the loop ends
[BLOCK-5] line 6
    return result
  before: result = 3
  after: returned 3"""


async def test_a_loop_reads_round_by_round(sandbox: Sandbox) -> None:
    assert walk(LOOP, await run(sandbox, LOOP, "assert total([4, -1, 3]) == 7")) == LOOP_TOLD


CALLS = """\
def parse(text):
    try:
        return int(text)
    except ValueError as error:
        raise KeyError(text) from error


def f(texts):
    return [parse(text)
            for text in texts]
"""

CALLS_TOLD = """\
call f(texts=['1', 'a'])
[BLOCK-1] lines 9-10 of f
    return [parse(text)
            for text in texts]
  before: texts = ['1', 'a']
call parse(text='1')
[BLOCK-2] line 3 of parse
    return int(text)
  before: text = '1'
  after: returned 1
call parse(text='a')
[BLOCK-2] again, with text = 'a': raised ValueError("invalid literal for int() with base 10: 'a'")
[BLOCK-3] lines 4-5 of parse
    except ValueError as error:
        raise KeyError(text) from error
  before: text = 'a'
  after: error = ValueError("invalid literal for int() with base 10: 'a'"); raised KeyError('a')
[BLOCK-1] after that call, in f(texts=['1', 'a']): raised KeyError('a')"""


async def test_calls_and_exceptions_read_in_the_order_in_which_they_happened(sandbox: Sandbox) -> None:
    trace = await run(sandbox, CALLS, "assert f(['1', 'a']) == [1]")
    # Newer interpreters run a comprehension in place, and show its variables for a moment.
    lines = [line for line in walk(CALLS, trace).splitlines() if line != "  after: text = '1'"]
    assert [
        line for line in lines if not line.endswith("in f(texts=['1', 'a']): text = 'a'")
    ] == CALLS_TOLD.splitlines()


WHOLE = """\
count = int(input())
found = {}
for _ in range(count):
    key, value = input().split()
    found[key] = value
print(found)
"""

WHOLE_TOLD = """\
[BLOCK-1] lines 1-2
    count = int(input())
    found = {}
  after: count = 1, found = {}
[BLOCK-2] line 3
    for _ in range(count):
  before: count = 1
  after: _ = 0
[BLOCK-3] lines 4-5
    key, value = input().split()
    found[key] = value
  before: found = {}
  after: key = 'a', value = '7', found = {'a': '7'}
[BLOCK-2] again: the loop ends
[BLOCK-4] line 6
    print(found)
  before: found = {'a': '7'}
  after: nothing changed"""


async def test_a_whole_program_reads_from_its_top(sandbox: Sandbox) -> None:
    suite = StdioSuite((StdioCase("1\na 7\n", "a 7\n"),))
    assert walk(WHOLE, await run(sandbox, WHOLE, suite)) == WHOLE_TOLD


async def test_rounds_that_are_like_many_others_are_left_out_and_the_odd_one_is_not(sandbox: Sandbox) -> None:
    program = (
        "def f(n):\n    total = 0\n    for i in range(n):\n        total += 1\n        if i == 25:\n"
        "            total = None or 0\n    return total\n"
    )
    text = walk(program, await run(sandbox, program, "assert f(45) == 45"))
    assert "total = None or 0\n" in text
    assert "i = 44" in text
    assert "returned 19" in text
    assert "blocks left out …" in text
    assert "i = 15" not in text


async def test_of_endless_recursion_the_first_calls_and_the_end_are_told(sandbox: Sandbox) -> None:
    program = "def f(n):\n    return f(n + 1)\n"
    text = walk(program, await run(sandbox, program, "assert f(0) == 1"))
    assert text.startswith("call f(n=0)\n[BLOCK-1] line 2\n    return f(n + 1)\n  before: n = 0\ncall f(n=1)\n")
    assert "steps left out …" in text
    assert "raised RecursionError('maximum recursion depth exceeded" in text
    assert len(text) < 2000


async def test_of_an_endless_loop_the_latest_rounds_are_told(sandbox: Sandbox) -> None:
    program = "def f(n):\n    while n != 5:\n        n += 2\n    return n\n"
    text = walk(program, await run(sandbox, program, "assert f(0) == 5", Limits(wall_s=30, cpu_s=1)))
    assert text.startswith("call f(n=0)\n[BLOCK-1] line 2\n    while n != 5:\n  before: n = 0\n")
    last = text.rsplit("with n = ", 1)[1]
    assert int(last.split(":")[0]) > 10_000


async def test_a_loop_tells_its_variable_also_where_it_holds_the_same_again(sandbox: Sandbox) -> None:
    program = "def f(xs):\n    for x in xs:\n        y = x\n    return y\n"
    text = walk(program, await run(sandbox, program, "assert f([7, 7]) == 1"))
    assert text.count("x = 7") == 3  # twice as what the loop gave, once as what its body began with


async def test_a_change_is_told_where_there_is_no_room_for_all_that_holds_it(sandbox: Sandbox) -> None:
    program = "def f():\n    table = [0] * 1000\n    for i in range(500, 503):\n        table[i] = i\n    return 1\n"
    text = walk(program, await run(sandbox, program, "assert f() == 5"))
    assert [f"with [{i}] = {i}\n" in text for i in range(500, 503)] == [True] * 3


async def test_a_function_without_a_body_is_told_of(sandbox: Sandbox) -> None:
    program = 'def f(n):\n    """Add one."""\n'
    text = walk(program, await run(sandbox, program, "assert f(0) == 1"))
    assert text.startswith("call f(n=0)\n[BLOCK-1] line ")
    assert text.endswith("after: returned None")


async def test_short_of_room_the_end_is_kept(sandbox: Sandbox) -> None:
    trace = await run(sandbox, LOOP, "assert total([4, -1, 3]) == 7")
    text = walk(LOOP, trace, most=200)
    assert len(text) <= 200
    assert "returned 3" in text
    assert "left out" in text


PROGRAMS = (
    LOOP,
    CALLS,
    WHOLE,
    "def f(n):\n    with open(n) as g, h: x = [i for i in n]\n    while True: n += 1\nclass C:\n    y = 1\n"
    "    async def m(self):\n        async for a in b:\n            await a\n"
    "        match n:\n            case 1: pass\n",
    "",
    "def f(:",
)
NAMES = st.sampled_from(["f", "total", "parse", "<module>", "m", "C", "<listcomp>", "<lambda>", "nobody", ""])
TEXTS = st.one_of(st.sampled_from(["1", "None", "", "'a'", "-3"]), st.text(max_size=300))
STEPS = st.builds(
    TraceStep,
    line=st.integers(0, 20),
    depth=st.integers(0, 4),
    function=NAMES,
    changed=st.lists(st.tuples(st.sampled_from(["x", "xs", "n", "text", "_", "result"]), TEXTS), max_size=4).map(tuple),
    event=st.sampled_from(["call", "line", "return", "yield", "raise"]),
    value=TEXTS,
    skipped=st.sampled_from([0, 0, 0, 1, 5000]),
)


@given(st.sampled_from(PROGRAMS), st.lists(STEPS, max_size=60), st.integers(0, 3), st.integers(0, 3000))
def test_whatever_a_trace_says_the_text_is_bounded_and_always_the_same(
    program: str, steps: list[TraceStep], skipped: int, most: int
) -> None:
    trace = Trace(tuple(steps), skipped=skipped)
    text = walk(program, trace, most=most)
    assert len(text) <= most
    assert text == walk(program, trace, most=most)


@given(st.sampled_from(PROGRAMS), st.lists(STEPS, max_size=60))
def test_each_visit_is_of_a_block_that_the_trace_names(program: str, steps: list[TraceStep]) -> None:
    visits = fold(program, steps)
    assert sum(visit.gap for visit in visits) <= sum(step.skipped for step in steps)
    for visit in visits:
        assert any(step.function == visit.block.function for step in steps)
        assert set(visit.before) <= set(visit.block.names)


@pytest.mark.parametrize("program", ["", "def f(:", "x = 1\n"])
def test_where_nothing_was_seen_to_run_nothing_is_told(program: str) -> None:
    assert walk(program, Trace()) == ""
    assert walk(program, Trace((TraceStep(7, function="f"),))) == ""
