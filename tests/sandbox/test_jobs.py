"""What goes out to a box: nothing is lost on the way."""

import base64
import json

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from sandbox.jobs import Job
from sandbox.stdio import encoded
from sandbox.types import AssertSuite, Limits, StdioCase, StdioSuite, Suite

ANY_TEXT = st.text(st.characters())  # lone surrogates too


@given(ANY_TEXT, ANY_TEXT)
def test_a_job_is_one_line_that_holds_everything(program: str, stdin: str) -> None:
    suite = StdioSuite((StdioCase(stdin, "x"),))
    line = Job(program, suite, Limits(wall_s=2)).line(site=["/s"])
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    said = json.loads(line)
    assert said["program"] == program
    assert said["site"] == ["/s"]
    assert said["suite"] == {"kind": "stdio", "stdin": [base64.b64encode(encoded(stdin)).decode()]}
    assert TypeAdapter(Limits).validate_python(said["limits"]) == Limits(wall_s=2)


def test_the_deadline_leaves_each_program_its_time() -> None:
    many: Suite = StdioSuite(tuple(StdioCase("", "") for _ in range(7)))
    assert Job("", many, Limits(wall_s=3)).deadline_s > 21
    assert Job("", AssertSuite(()), Limits(wall_s=3)).deadline_s > 3
