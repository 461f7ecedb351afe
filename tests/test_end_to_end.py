"""The whole thing with its real parts: the default model, the sandbox, the command line, the data sets."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

# Right programs that the reference called wrong: it ran them without the helper that their problem's prompt defines.
REFERENCE_IS_WRONG = {("humaneval-gpt-3.5-turbo", "HumanEval/38"), ("humaneval-gpt-3.5-turbo", "HumanEval/50")}


def selfdebug(*arguments: str, cwd: Path, timeout: float) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from selfdebug.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False)


PROGRAMS = {
    "humaneval-gpt-3.5-turbo": 164,
    "humaneval-starcoder": 164,
    "mbpp-starcoder": 500,
    "transcoder-starcoder": 560,
}


@pytest.fixture(params=["bubblewrap", "docker"])
def sandbox_options(request: pytest.FixtureRequest) -> list[str]:
    """The command line's options for each backend."""
    if request.param == "docker":
        request.getfixturevalue("engine")
    return ["--sandbox", request.param]


@pytest.mark.sandbox
@pytest.mark.parametrize("name", PROGRAMS)
def test_real_programs_are_judged_as_a_plain_run_judged_them(
    name: str, sandbox_options: list[str], data: Path, tmp_path: Path
) -> None:
    programs = str(data / "llm-programs" / f"{name}.jsonl")
    arguments = ("grade", programs, "--problems", programs, "--out", "out.jsonl", "--json", *sandbox_options)
    done = selfdebug(*arguments, cwd=tmp_path, timeout=1200)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert len(rows) == PROGRAMS[name]
    differing = {(name, row["task_id"]) for row in rows if row["passed"] != (row["reference_verdict"] == "passed")}
    assert differing == {pair for pair in REFERENCE_IS_WRONG if pair[0] == name}


@pytest.mark.sandbox
@pytest.mark.parametrize("form", ["completion", "solution"])
def test_every_canonical_solution_of_humaneval_passes(
    form: str, sandbox_options: list[str], data: Path, tmp_path: Path
) -> None:
    problems = data / "humaneval" / "HumanEval.jsonl.gz"
    with gzip.open(problems, "rt") as file:
        rows = [json.loads(line) for line in file]
    samples = [
        {
            "task_id": row["task_id"],
            form: row["canonical_solution"] if form == "completion" else row["prompt"] + row["canonical_solution"],
        }
        for row in rows
    ]
    assert_all_pass(samples, problems, sandbox_options, tmp_path)


@pytest.mark.sandbox
def test_every_canonical_solution_of_mbpp_passes(sandbox_options: list[str], data: Path, tmp_path: Path) -> None:
    problems = data / "mbpp" / "mbpp.jsonl"
    rows = [json.loads(line) for line in problems.read_text().splitlines()]
    assert_all_pass(
        [{"task_id": f"MBPP/{row['task_id']}", "solution": row["code"]} for row in rows],
        problems,
        sandbox_options,
        tmp_path,
    )


def assert_all_pass(samples: list[dict[str, str]], problems: Path, options: list[str], folder: Path) -> None:
    (folder / "samples.jsonl").write_text("".join(json.dumps(sample) + "\n" for sample in samples))
    done = selfdebug("grade", "samples.jsonl", "--problems", str(problems), *options, cwd=folder, timeout=1200)
    assert done.returncode == 0, done.stderr
    assert f"{len(samples)} passed" in done.stdout
    assert "pass@1: 1.0000" in done.stdout


@pytest.mark.model
def test_a_benchmark_run_with_the_real_model(default_model: Path, data: Path, tmp_path: Path) -> None:
    arguments = (
        *("bench", "humaneval", "--data", str(data / "humaneval" / "HumanEval.jsonl.gz"), "--limit", "2"),
        *("--model", str(default_model), "--max-turns", "2", "--out", "run"),
    )
    done = selfdebug(*arguments, cwd=tmp_path, timeout=1200)
    assert done.returncode == 0, done.stderr
    assert "solved before any feedback: " in done.stdout
    assert "of 2 (" in done.stdout
    rows = [json.loads(line) for line in (tmp_path / "run" / "results.jsonl").read_text().splitlines()]
    assert [row["problem"] for row in rows] == ["HumanEval/0", "HumanEval/1"]
    assert all(row["usage"]["completion_tokens"] > 20 for row in rows)
    prompts = _prompts(tmp_path / "run" / "trajectories")
    assert prompts
    # From the hidden tests of the two problems; neither stands in a prompt of the data set.
    assert not any("5.9, 4.0, 5.0" in prompt or "(()(())((())))" in prompt for prompt in prompts)
    again = selfdebug(*arguments, cwd=tmp_path, timeout=300)
    assert again.stdout.splitlines()[:3] == done.stdout.splitlines()[:3]
    assert [json.loads(line) for line in (tmp_path / "run" / "results.jsonl").read_text().splitlines()] == rows
    other = selfdebug(*arguments[:-4], "--max-turns", "3", "--out", "run", cwd=tmp_path, timeout=300)
    assert other.returncode == 2
    assert "other settings" in other.stderr


def _prompts(folder: Path) -> list[str]:
    events = [json.loads(line) for path in folder.glob("*.jsonl") for line in path.read_text().splitlines()]
    return [m["content"] for e in events if e["kind"] == "completed" for m in e["request"]["messages"]]
