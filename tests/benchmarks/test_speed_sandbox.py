"""The sandbox benchmark, with real contestants on a few programs. Speeds themselves are not asserted."""

import json
import os
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest
from typer.testing import CliRunner

from benchmarks.speed.__main__ import IMAGE, app
from benchmarks.speed.contestants import PeerHarness, Task
from benchmarks.speed.peers.expectations import expected_outputs
from benchmarks.speed.peers.job import NotMeasured, PeerTest, peer_test
from benchmarks.speed.peers.registry import PEERS
from benchmarks.speed.sandbox import BASELINE, Plan, Report, Row, measure, table
from benchmarks.speed.workloads import Program, Workload, canonical, written

TEST = "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate(-3) == 9\n"
ROW = {"task_id": "Own/0", "prompt": "def square(x):\n    '''Square.'''\n", "entry_point": "square", "test": TEST}
RIGHT = "def square(x):\n    return x * x\n"
PROGRAMS = (
    Program("Own/0", RIGHT, "passed"),
    Program("Own/0", "def square(x):\n    return 4\n", "failed"),
    Program("Own/0", "def square(x):\n    return x *\n", "failed"),
    Program("Own/0", "def square(x):\n    raise KeyError(x)\n", "failed"),
    Program(
        "Own/0", "import time\nEND = time.monotonic() + 20\nwhile time.monotonic() < END: pass\n" + RIGHT, "timeout"
    ),
)
OWN = Workload("own", {"Own/0": ROW}, PROGRAMS)
NO_IMAGE = "selfdebug.invalid/no-such-image:0"


@pytest.fixture
def humaneval(data: Path) -> Path:
    return data / "humaneval" / "HumanEval.jsonl.gz"


def rows(report: Report) -> dict[str, Row]:
    return {row.name: row for row in report.rows}


@pytest.mark.sandbox
async def test_five_programs_with_our_sandbox_and_the_reference_harness(humaneval: Path) -> None:
    said: list[str] = []
    plan = Plan((canonical(humaneval).spread(5),), ("bubblewrap",), ("python -I -S", BASELINE), (1,), rounds=2)
    report = await measure(plan, said.append)
    names = [row.name for row in report.rows]
    assert names == [BASELINE, "python -I -S", "selfdebug, bubblewrap", "selfdebug grade, bubblewrap"]
    for row in report.rows:
        assert (row.not_measured, row.rounds, row.programs) == ("", 2, 5)
        assert (row.agree, row.differing) == (5, ())
        assert 0 < row.per_s_min <= row.per_s <= row.per_s_max
        assert row.ratio is not None
        assert row.ratio_min is not None
        assert row.ratio_max is not None
        assert 0 < row.ratio_min <= row.ratio <= row.ratio_max
    assert rows(report)[BASELINE].ratio == 1
    assert len(said) == 8
    assert table(report).count("5/5") == 4


async def test_wrong_verdicts_show_beside_the_speed() -> None:
    claimed = replace(OWN, programs=(PROGRAMS[0], replace(PROGRAMS[1], verdict="passed")))
    report = await measure(Plan((claimed,), (), ("python -I -S",), (1,), rounds=1, command=False), lambda _: None)
    (row,) = report.rows
    assert (row.agree, row.differing) == (1, ("Own/0",))
    assert row.ratio is None  # the baseline was not there
    assert "1/2" in table(report)


async def test_who_is_slow_judges_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PEERS, "python", replace(PEERS["python"], slow=True))
    many = replace(OWN, programs=PROGRAMS[:1] * 6)
    plan = Plan((many,), (), ("python", BASELINE), (1,), rounds=1, command=False, sample=2)
    report = await measure(plan, lambda _: None)
    assert [(row.name, row.programs, row.agree) for row in report.rows] == [(BASELINE, 6, 6), ("python", 2, 2)]
    assert "2/2" in table(report)


async def test_who_cannot_run_here_is_reported() -> None:
    plan = Plan((OWN.spread(1),), ("no-such-backend",), ("llm-sandbox",), (1,), rounds=2, image=NO_IMAGE)
    report = await measure(plan, lambda _: None)
    assert len(report.rows) == 3
    assert all(row.not_measured and not row.rounds for row in report.rows)
    assert "no-such-backend" in rows(report)["selfdebug, no-such-backend"].not_measured
    said = rows(report)["llm-sandbox"].not_measured
    assert "is not installed: pip install" in said or NO_IMAGE in said
    assert table(report).count("not measured: ") == 3


def lacks(missing: str) -> NoReturn:
    pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)


@pytest.mark.parametrize("name", PEERS)
async def test_peers_judge(name: str, tmp_path: Path) -> None:
    if name == "evalplus" and find_spec("evalplus") is None:
        lacks("evalplus is not installed")
    task = Task(OWN, OWN.write(tmp_path), tmp_path, workers=2, timeout_s=1.0)
    try:
        judged = await PeerHarness(name, IMAGE).judge(task)
    except NotMeasured as error:
        if name != "llm-sandbox":  # without an engine it can't
            raise
        lacks(str(error))
    assert judged.passed == (True, False, False, False, False)
    assert judged.seconds > 0


async def test_a_peer_that_fails_says_why(tmp_path: Path) -> None:
    task = Task(OWN, OWN.write(tmp_path), tmp_path, workers=0, timeout_s=1.0)
    with pytest.raises(NotMeasured, match="status 1: ValueError: max_workers must be greater than 0"):
        await PeerHarness("python", "").judge(task)


def test_canonical_solutions_come_five_times(humaneval: Path) -> None:
    workload = canonical(humaneval)
    assert len(workload.programs) == 820
    assert len({program.text for program in workload.programs}) == 164
    some = [f"HumanEval/{number}" for number in (0, 32, 65, 98, 131)]
    assert [program.problem for program in workload.spread(5).programs] == some
    assert workload.spread(900) == workload


def test_written_programs_keep_their_verdicts(data: Path) -> None:
    workload = written(data / "llm-programs")
    assert len(workload.programs) == 1388
    verdicts = [program.verdict for program in workload.programs]
    assert (verdicts.count("passed"), verdicts.count("timeout")) == (786, 5)
    assert len(workload.without_timeouts().programs) == 1383
    assert len({program.problem for program in workload.programs}) == 1388


def test_as_many_verdicts_as_programs_are_needed() -> None:
    assert OWN.agreeing((True, False, True, False, False)) == [True, True, False, True, True]
    with pytest.raises(ValueError, match="shorter"):
        OWN.agreeing((True,))


def test_a_test_is_called_once() -> None:
    assert peer_test(TEST + "check(square)\n", "square") == PeerTest(TEST.rstrip(), "square")
    assert peer_test(TEST, "square") == PeerTest(TEST.rstrip(), "square")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("assert candidate(1, [2]) == (3,)", [([1, [2]], (3,))]),
        ("'''Doc.'''\n    assert True, 'so'\n    assert f(1) == N, 'why'", [([1], 7)]),
        ("assert candidate(1)", None),
        ("assert candidate(1) == f(2)", None),
        ("assert candidate(x=1) == 2", None),
        ("assert abs(candidate(1) - 2) < 1e-6", None),
        ("for n in range(3):\n        assert candidate(n) == n", None),
        ("y = 1\n    assert candidate(1) == y", None),
        ("assert other(1) == 2", None),
        ("assert candidate(1) ==", None),
    ],
)
def test_tests_as_expected_outputs(body: str, expected: object) -> None:
    assert expected_outputs(PeerTest(f"N = 7\ndef check(candidate):\n    {body}\n", "f")) == expected


def test_the_command_prints_one_object(humaneval: Path) -> None:
    options = ["--limit", "2", "--rounds", "1", "--workers", "2", "--backends", "", "--peers", "python -I -S"]
    result = CliRunner().invoke(app, ["sandbox", "--humaneval", str(humaneval), *options, "--json"])
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)["rows"]
    assert (row["name"], row["workers"], row["agree"]) == ("python -I -S", 2, 2)


@pytest.mark.parametrize(
    "options",
    [[], ["--humaneval", "no-such-file"], ["--programs", "."], ["--humaneval", "x", "--peers", "nobody"]],
)
def test_bad_options_are_one_message(options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["sandbox", *options])
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
