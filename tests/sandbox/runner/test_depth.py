"""Calls that nest until a stack is full: wherever that happens, the program has failed, and has not cheated."""

from typing import Any

import pytest

from sandbox.types import CheckSuite, Status

ENDLESS = CheckSuite(
    "def check(candidate):\n    def back(depth):\n        return candidate(back, depth + 1)\n"
    "    assert candidate(back, 0) == 2\n",
    "f",
)
ONCE = CheckSuite("def check(candidate):\n    assert candidate(lambda x: x + 1) == 2\n", "f")


@pytest.mark.sandbox
def test_the_frame_in_which_the_stack_is_full_makes_no_difference(runner: Any) -> None:
    for frames in range(16):
        chain = "".join(f"def g{i}(back, depth):\n    return g{i + 1}(back, depth)\n" for i in range(frames))
        last = f"def g{frames}(back, depth):\n    return back(depth)\n"
        program = f"{chain}{last}def f(back, depth):\n    return back(depth) if depth else g0(back, depth)\n"
        assert runner.run(program, ENDLESS).status is Status.ERROR, frames


@pytest.mark.sandbox
def test_a_call_of_the_tests_from_the_last_frames_of_a_stack(runner: Any) -> None:
    found = set()
    for depth in range(930, 1000, 2):
        program = f"def f(back, n={depth}):\n    if n:\n        return f(back, n - 1)\n    return back(1)\n"
        found.add(runner.run(program, ONCE).status)
    assert found == {Status.PASSED, Status.ERROR}


@pytest.mark.sandbox
def test_a_program_keeps_the_recursion_limit_that_it_has_set(runner: Any) -> None:
    program = "import sys\nsys.setrecursionlimit(5000)\ndef f(back):\n    back(1)\n    return sys.getrecursionlimit()\n"
    suite = CheckSuite(
        "def check(candidate):\n    assert candidate(lambda x: x) == 5000\n    assert candidate(int) == 5000\n", "f"
    )
    assert runner.run(program, suite).passed
    assert runner.run(program.replace("5000", "2**31 - 1"), ONCE).status is Status.FAILED
