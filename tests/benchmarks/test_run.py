"""Benchmark runs: resumable, every problem has a row, one failure costs one row."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.manifest import asked
from benchmarks.run import Row, RunFolder, run
from sandbox.protocol import Sandbox
from sandbox.types import AssertSuite
from selfdebug.driver import Result
from selfdebug.errors import GenerationError, InputError, ModelUnavailable
from selfdebug.events import Completed, Submitted
from selfdebug.generator import Completion, GenerationRequest, Sampling
from selfdebug.options import Options
from selfdebug.problem import Problem
from selfdebug.trajectory import read

from .runs import LUCKY, RIGHT, WRONG, write_run

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
    other = Problem("never ☃ recorded", "Something else.", "f", visible=AssertSuite(("assert f() == 1",)))
    generator = ByProblem(GenerationError("nobody knows"))
    problems = [submitted.problem, other]
    with folder.claim({"problems": 2}):
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
    (tmp_path / "trajectories").mkdir()
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


def test_a_run_from_before_there_was_an_option_is_taken_up_by_its_default(tmp_path: Path, submitted: Submitted) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text("{}")
    folder = RunFolder(tmp_path / "run")

    def take_up(options: Options) -> None:
        with folder.claim(asked(data, [submitted.problem], options, "examples")):
            pass

    take_up(Options())
    manifest = json.loads((folder.path / "run.json").read_text())
    del manifest["asked"]["options"]["sampling"]["seed"], manifest["asked"]["options"]["few_shot"]
    (folder.path / "run.json").write_text(json.dumps(manifest))
    take_up(Options())
    with pytest.raises(InputError, match=r"\(options\.few_shot\)"):
        take_up(Options(few_shot=True))
    with pytest.raises(InputError, match=r"\(options\.sampling\.seed\)"):
        take_up(Options(sampling=Sampling(seed=1)))


def test_a_folder_belongs_to_one_run(tmp_path: Path, submitted: Submitted) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text("{}")
    folder = RunFolder(tmp_path / "run")

    def take_up(options: Options = submitted.options, **made: object) -> None:
        with folder.claim(asked(data, [submitted.problem], options, "examples"), made):
            pass

    take_up(machine="one", python="3")
    take_up(machine="two", python="3")
    other = replace(submitted.options, budget=replace(submitted.options.budget, turns=99))
    with pytest.raises(InputError, match=r"other settings \(options\.budget\.turns\)"):
        take_up(other)
    data.write_text("{ }")
    with pytest.raises(InputError, match=r"other settings \(data_sha256\)"):
        take_up()
    kept = json.loads((folder.path / "run.json").read_text())
    assert (kept["made"], kept["resumed"]) == ({"machine": "one", "python": "3"}, [{"machine": "two"}])
    (folder.path / "run.json").write_text("{torn")
    with pytest.raises(InputError, match="is not a run's manifest"):
        take_up()


def test_two_processes_never_work_on_one_run(tmp_path: Path) -> None:
    with (
        RunFolder(tmp_path).claim({}),
        pytest.raises(InputError, match="another process is working"),
        RunFolder(tmp_path).claim({}),
    ):
        pass
    with RunFolder(tmp_path).claim({}):
        pass


async def test_a_damaged_trajectory_costs_its_row_alone(tmp_path: Path, sandbox: Sandbox, submitted: Submitted) -> None:
    folder = RunFolder(tmp_path)
    twin = replace(submitted.problem, id="twin")
    with folder.claim({}):
        folder.trajectory(twin).write_text("\0\0\n")
        generator = ByProblem(GenerationError("nobody knows"))
        rows = await run(
            [twin, submitted.problem], submitted.options, generator=generator, sandbox=sandbox, folder=folder
        )
    assert [row.solved for row in rows] == [False, True]
    assert "line 1" in rows[0].error
    kept = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert [(row["problem"], row["solved"], bool(row["error"])) for row in kept] == [
        ("twin", False, True),
        ("Demo/0", True, False),
    ]


def test_no_two_problems_share_a_file(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    ids = ("a b", "a_b", "a/b", "a%2Fb", "a:b", "../a", "..", "\ud800")
    paths = {folder.trajectory(Problem(name, "")) for name in ids}
    assert len(paths) == len(ids)
    assert {path.resolve().parent for path in paths} == {tmp_path.resolve() / "trajectories"}


def test_a_problem_is_solvable_where_a_candidate_passes_every_test(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", {"a": [WRONG, RIGHT], "b": [WRONG, LUCKY]})
    results = [Result.of(read(path)) for path in sorted((folder / "trajectories").iterdir())]
    rows = [Row(result.state.problem, result) for result in results]
    assert [(row.solvable, row.solved) for row in rows] == [(True, True), (False, False)]
    assert not replace(rows[0], error="the sandbox failed").solvable
    assert not Row(rows[0].problem, None, "the model failed").solvable
    state = results[0].state
    assert state.outcome is not None
    missed = Row(state.problem, replace(results[0], state=replace(state, outcome=replace(state.outcome, best=1))))
    assert missed.solvable
    assert not missed.solved
