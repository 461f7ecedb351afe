"""Strategies on recorded draws: what is recorded is what happened, and what is played is drawn from that alone."""

import asyncio
import hashlib
import json
import random
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.datasets import HUMANEVAL
from benchmarks.datasets import load as load_problems
from benchmarks.manifest import asked
from benchmarks.run import Row, RunFolder, run
from benchmarks.simulation.__main__ import PLAYED, main
from benchmarks.simulation.bank import Bank, Draw, Program, Recorded, digest, load, matched, save
from benchmarks.simulation.curves import ahead, ceiling, curve
from benchmarks.simulation.play import AGAIN, ALIKE, ANY, EXACT, WORDS, play
from benchmarks.simulation.record import record
from sandbox.protocol import Sandbox
from sandbox.types import AssertSuite, Execution, Status, TestResult
from selfdebug.errors import InputError
from selfdebug.generator import Completion, GenerationRequest
from selfdebug.options import Budget, Feedback, Options, Phrasing, Strategy
from selfdebug.problem import Problem

from . import tiny

SURVEY = Options(model="openai:m", strategy=Strategy.SURVEY, budget=Budget(turns=60))
ADD = Problem("P/add", "Add.", "add", visible=AssertSuite(("assert add(1, 2) == 3",), entry_point="add"))


class Chancy:
    """A model that is wrong when it is greedy, but about problem 0; else right by chance, or by the example alone."""

    model = "openai:m"

    async def generate(self, request: GenerationRequest) -> Completion:
        text = "\n".join(message.content for message in request.messages)
        number = int(re.findall(r"\bf(\d+)\b", text)[0])
        texts = tuple(self._reply(number, request, sample, text) for sample in range(request.n))
        return Completion(texts, 100, 30 * request.n, 0.1, self.model, (), ("stop",) * request.n)

    async def close(self) -> None:
        """Nothing is held."""

    def _reply(self, number: int, request: GenerationRequest, sample: int, text: str) -> str:
        seen = f"{text} {request.prefix} {request.sampling.seed + sample}"
        chance = hashlib.sha256(seen.encode()).digest()[0] if request.sampling.temperature else 255
        right, lucky = f"x + {number}", str(number + 1)
        body = right if number == 0 or chance < 60 else lucky if chance < 90 else f"x - {chance % 5 + 1}"
        return f"```python\ndef f{number}(x: int) -> int:\n    return {body}\n```"


@pytest.fixture
async def surveyed(tmp_path: Path, sandbox: Sandbox) -> tuple[Path, list[Problem], list[Row]]:
    """A finished survey of four problems: its folder, and the data beside it."""
    data = tiny.write(tmp_path / "HumanEval.jsonl", 4)
    problems = load_problems(HUMANEVAL, data, "examples")
    folder = RunFolder(tmp_path / "run")
    with folder.claim({**asked(data, problems, SURVEY, "examples"), "model": {"name": "openai:m"}}):
        rows = await run(problems, SURVEY, generator=Chancy(), sandbox=sandbox, folder=folder)
        folder.finish(rows)
    return folder.path, problems, rows


async def test_a_bank_holds_what_the_run_drew(
    surveyed: tuple[Path, list[Problem], list[Row]], sandbox: Sandbox, tmp_path: Path
) -> None:
    path, problems, rows = surveyed
    bank = await record(path, problems, sandbox)
    save(bank, tmp_path / "bank")
    assert load(tmp_path / "bank") == bank
    assert bank.made["visible"] == "examples"
    assert [len(each.draws) for each in bank.problems] == [
        2,
        *(len(row.result.state.turns) for row in rows[1:] if row.result),
    ]
    for row, each in zip(rows, bank.problems, strict=True):
        assert row.result is not None
        for turn, draw in zip(row.result.state.turns, each.draws, strict=True):
            program = each.programs[draw.program]
            assert (program.text, draw.reply) == (turn.candidate.program, turn.candidate.reply)
            assert program.right is row.result.passes(turn.number)
            assert program.execution is not None
            assert program.execution.passed is turn.passed
            assert draw.greedy is (turn.candidate.move.temperature == 0)
            parent = turn.candidate.parent
            assert (draw.parent >= 0) is bool(parent)
            if parent:
                assert each.programs[draw.parent].text == row.result.state.turn(parent).candidate.program
        assert sum(draw.completion_tokens for draw in each.draws) == pytest.approx(30 * len(each.draws), abs=15)
    probed = [program for each in bank.problems for program in each.programs if program.probed]
    assert {bool(program.execution and program.execution.passed) for program in probed} == {True}


async def test_every_strategy_is_played_from_the_command_line(
    surveyed: tuple[Path, list[Problem], list[Row]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, problems, _ = surveyed
    data, bank = ["--data", str(path.parent / "HumanEval.jsonl")], str(tmp_path / "bank")
    command = ["curves", "humaneval", bank, *data, "--times", "5", "--tokens", "1500", "--points", "4"]
    assert await _main("record", "humaneval", str(path), "--out", bank, *data) == 0
    assert await _main(*command) == 0
    said = capsys.readouterr().out
    assert f"4 problems with visible tests; for {ceiling(matched(load(Path(bank)), problems, bank))} " in said
    table = [line.split("|")[1:-1] for line in said.splitlines() if line.startswith("|")]
    assert {cells[0].strip() for cells in table} >= {f"`{strategy}`" for strategy in PLAYED}
    shares = [[float(cell.split("%")[0]) for cell in cells[1:]] for cells in table[-4:]]
    assert all(now <= later for one, two in pairwise(shares) for now, later in zip(one, two, strict=True))
    assert shares[-1][0] >= 25  # the first problem is solved at once
    assert await _main(*command) == 0
    assert capsys.readouterr().out.endswith(said.splitlines()[-1] + "\n")


async def test_what_a_bank_cannot_do_is_said_in_one_line(
    surveyed: tuple[Path, list[Problem], list[Row]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, problems, _ = surveyed
    data, bank = path.parent / "HumanEval.jsonl", tmp_path / "bank"
    assert await _main("record", "humaneval", str(path), "--out", str(bank), "--data", str(data)) == 0
    rows = [json.loads(line) for line in data.read_text().splitlines()]
    other = tmp_path / "other.jsonl"
    other.write_text(
        "".join(json.dumps(row | {"prompt": row["prompt"].replace("Add", "Subtract")}) + "\n" for row in rows)
    )
    for arguments, word in (
        (("curves", "humaneval", str(bank), "--data", str(other)), "HumanEval/0: was recorded for another text"),
        (("curves", "humaneval", str(data), "--data", str(data)), "is no bank of draws"),
        (("curves", "humaneval", str(tmp_path / "none"), "--data", str(data)), "cannot be read: No such file"),
        (("curves", "humaneval", str(bank), "--data", str(data), "--feedback", "runtime-trace"), "does not hold"),
        (("curves", "humaneval", str(bank), "--data", str(data), "--feedback", "loud"), "is not a feedback"),
        (("curves", "humaneval", str(bank), "--data", str(data), "--feedback", "simple"), "this one holds unit-test"),
        (("record", "humaneval", str(tmp_path), "--out", str(bank), "--data", str(data)), "run.json"),
    ):
        capsys.readouterr()
        assert await _main(*arguments) == 2
        [line] = capsys.readouterr().err.splitlines()[-1:]
        assert line.startswith("Error: ")
        assert word in line
    with pytest.raises(InputError, match="holds no draw"):
        matched(load(bank), [replace(problems[0], id="HumanEval/9")], "bank")


async def _main(*arguments: str) -> int:
    return await asyncio.to_thread(main, arguments)


def drawn(number: int, *, passes: bool = False, right: bool = False, actual: str = "0") -> Program:
    """A program that differs from all others, and what the one visible test showed of it."""
    status = Status.PASSED if passes else Status.FAILED
    return Program(
        f"def add(a, b):\n    return {number}\n",
        Execution(status, (TestResult("", status, actual=actual),)),
        right=right,
    )


def reply(program: Program) -> str:
    return f"```python\n{program.text}```"


def fresh(programs: list[Program], **changes: object) -> list[Draw]:
    """A draw of each, written afresh."""
    draws = [
        Draw(reply(program), place, prompt_tokens=100, completion_tokens=50) for place, program in enumerate(programs)
    ]
    return [replace(draw, **changes) for draw in draws]  # type: ignore[arg-type]


def repair(programs: list[Program], place: int, parent: int, *, greedy: bool = False) -> Draw:
    told = (Feedback.UNIT_TEST,)
    return Draw(reply(programs[place]), place, parent, told, greedy=greedy, prompt_tokens=300, completion_tokens=50)


def test_independent_draws_are_as_good_as_those_recorded() -> None:
    programs = [drawn(0), *(drawn(n, passes=True, right=True) for n in range(1, 4)), *(drawn(n) for n in range(4, 11))]
    first, *others = fresh(programs)
    recorded = Recorded(ADD.id, digest(ADD), tuple(programs), (replace(first, greedy=True), *others))
    assert ceiling([(ADD, recorded)]) == 1
    for turns, share in ((1, 0.0), (2, 0.3), (3, 0.3 + 0.7 * 3 / 9), (11, 1.0)):
        options = Options(strategy=Strategy.RESAMPLE, budget=Budget(turns=turns))
        found = curve([(ADD, recorded)], options, 2000)
        assert found.share()[0] == pytest.approx(share, abs=0.045)
        assert all(1 <= played.tokens / 150 <= turns for played in found.problems[0])
        assert found.drawn == {EXACT: 1.0, AGAIN: 0.0}
        assert ahead(found, found)[0] == 0
    many = play(ADD, recorded, Options(strategy=Strategy.RESAMPLE, budget=Budget(turns=40)), random.Random(0))
    assert many.right


def test_a_repair_is_that_program_s_or_else_the_nearest_there_is() -> None:
    programs = [drawn(0, actual="7"), drawn(1, actual="7"), drawn(2), drawn(3), drawn(4, passes=True, right=True)]
    options = Options(strategy=Strategy.LINEAR, budget=Budget(turns=2))
    first = replace(fresh(programs)[0], greedy=True)
    mends, spoils = repair(programs, 4, 0), repair(programs, 3, 0)
    ways = (
        ((mends, repair(programs, 3, 1), repair(programs, 3, 2)), True, EXACT),
        ((mends, replace(spoils, greedy=True)), False, EXACT),  # the first repair is a greedy one
        ((repair(programs, 4, 1), repair(programs, 3, 2)), True, ALIKE),
        ((repair(programs, 4, 2),), True, ANY),
    )
    for draws, right, kind in ways:
        recorded = Recorded(ADD.id, digest(ADD), tuple(programs), (first, *draws))
        played = play(ADD, recorded, options, random.Random(0))
        assert (played.right, played.drawn[kind]) == (right, 2 if kind is EXACT else 1)
        assert played.tokens == 150 + 350


def test_a_reply_that_is_longer_than_what_is_left_counts_as_cut() -> None:
    programs = [drawn(0), drawn(1, passes=True, right=True)]
    first, second = fresh(programs)
    recorded = Recorded(ADD.id, digest(ADD), tuple(programs), (replace(first, greedy=True), second))
    options = Options(strategy=Strategy.RESAMPLE, budget=Budget(turns=2, tokens=190))
    played = play(ADD, recorded, options, random.Random(0))
    assert not played.right
    assert played.tokens == 150 + 100 + 40


def test_others_stand_in_for_words_that_nobody_recorded_and_it_is_told() -> None:
    recorded = Recorded(ADD.id, digest(ADD), (drawn(0),), tuple(fresh([drawn(0)], phrasing=Phrasing.PLAIN)))
    options = Options(strategy=Strategy.ADAPTIVE, budget=Budget(turns=9))
    played = play(ADD, recorded, options, random.Random(0))  # in turn one, four and four: begun, begun, plain
    assert (played.drawn[WORDS], played.drawn[EXACT]) == (5, 4)
    assert Bank().problems == ()
