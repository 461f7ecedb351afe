"""Benchmark runs: resumable, every problem has a row, one failure costs one row."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.run import RunFolder, asked, run
from sandbox.protocol import Sandbox
from sandbox.types import AssertSuite
from selfdebug.errors import GenerationError, InputError, ModelUnavailable
from selfdebug.events import Completed, Submitted
from selfdebug.generator import Completion, GenerationRequest
from selfdebug.options import Options
from selfdebug.problem import Problem
from selfdebug.trajectory import read

RECORDED = read(Path(__file__).parents[1] / "recordings" / "demo.jsonl")


class ByProblem:
    """Gives each problem's recorded completions, told apart by the problem's own words; the others fail."""

    model = "recorded"

    def __init__(self, failure: Exception) -> None:
        self.requests = 0
        self._failure = failure
        self._by_prompt = {
            tuple(m.content for m in event.request.messages): event.completion
            for event in RECORDED
            if isinstance(event, Completed)
        }

    async def generate(self, request: GenerationRequest) -> Completion:
        self.requests += 1
        found = self._by_prompt.get(tuple(message.content for message in request.messages))
        if found is None:
            raise self._failure
        return found

    async def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def submitted() -> Submitted:
    first = RECORDED[0]
    assert isinstance(first, Submitted)
    suite = first.problem.visible
    assert isinstance(suite, AssertSuite)
    hidden = AssertSuite(suite.asserts[-1:], entry_point=first.problem.entry_point)
    return replace(first, problem=replace(first.problem, id="Demo/0", hidden=(hidden,)))


async def test_a_run_keeps_rows_and_trajectories_and_is_not_done_twice(
    tmp_path: Path, sandbox: Sandbox, submitted: Submitted
) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.claim({"problems": 2})
    other = Problem("never ☃ recorded", "Something else.", "f", visible=AssertSuite(("assert f() == 1",)))
    generator = ByProblem(GenerationError("nobody knows"))
    problems = [submitted.problem, other]
    rows = await run(problems, submitted.options, generator=generator, sandbox=sandbox, folder=folder)
    assert [(row.problem.id, row.solved_first, row.solved, row.error) for row in rows] == [
        ("Demo/0", rows[0].solved_first, True, ""),
        ("never ☃ recorded", False, False, "nobody knows"),
    ]
    kept = [json.loads(line) for line in (tmp_path / "run" / "results.jsonl").read_text().splitlines()]
    assert [row["solved"] for row in kept] == [True, False]
    assert kept[0]["usage"]["requests"] == generator.requests - 1
    before = folder.trajectory(submitted.problem).read_bytes()
    again = ByProblem(GenerationError("nobody knows"))
    await run(problems, submitted.options, generator=again, sandbox=sandbox, folder=folder)
    assert again.requests == 1  # the one that had failed
    assert folder.trajectory(submitted.problem).read_bytes() == before


async def test_an_interrupted_run_goes_on(tmp_path: Path, sandbox: Sandbox, submitted: Submitted) -> None:
    folder = RunFolder(tmp_path)
    generator = ByProblem(GenerationError("nobody knows"))
    await run([submitted.problem], submitted.options, generator=generator, sandbox=sandbox, folder=folder)
    path = folder.trajectory(submitted.problem)
    whole = path.read_bytes()
    for kept in (0, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:kept])
        (row,) = await run([submitted.problem], submitted.options, generator=generator, sandbox=sandbox, folder=folder)
        assert row.solved
        assert [event.kind for event in read(path)] == [json.loads(line)["kind"] for line in whole.splitlines()]


async def test_a_missing_model_ends_the_run(sandbox: Sandbox, submitted: Submitted) -> None:
    other = replace(submitted.problem, id="other", statement="Say it otherwise.", context="")
    with pytest.raises(ModelUnavailable, match="gone"):
        await run([other, other], Options(), generator=ByProblem(ModelUnavailable("gone")), sandbox=sandbox)


def test_a_folder_belongs_to_one_run(tmp_path: Path, submitted: Submitted) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text("{}")
    what = asked(data, [submitted.problem], submitted.options, "examples")
    folder = RunFolder(tmp_path / "run")
    folder.claim(what)
    folder.claim(what)
    data.write_text("{ }")
    with pytest.raises(InputError, match="other settings"):
        folder.claim(asked(data, [submitted.problem], submitted.options, "examples"))


def test_no_two_problems_share_a_file(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    ids = ("a b", "a_b", "a/b", "a%2Fb", "a:b", "../a", "..", "\ud800")
    paths = {folder.trajectory(Problem(name, "")) for name in ids}
    assert len(paths) == len(ids)
    assert {path.resolve().parent for path in paths} == {tmp_path.resolve() / "trajectories"}
