"""The data sets by name: which problems, which protocol, and that their own solutions pass their own evaluation."""

import asyncio
import gzip
import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from benchmarks import datasets
from benchmarks.datasets import DATASETS, HUMANEVAL, MBPP, SPIDER, TRANSCODER, Dataset, load, locate
from benchmarks.grading import judge
from sandbox.protocol import Sandbox
from sandbox.types import AssertSuite, CheckSuite, Limits, QuerySuite, Status
from selfdebug.errors import InputError
from selfdebug.formats import Visible
from selfdebug.problem import Problem

PROTOCOLS: tuple[Visible, ...] = ("first", "examples", "all")


def problems(data: Path, dataset: Dataset, visible: Visible = "examples") -> list[Problem]:
    return load(dataset, locate(dataset, data / dataset.name), visible)


def asserts(problem: Problem) -> tuple[str, ...]:
    return problem.visible.asserts if isinstance(problem.visible, AssertSuite) else ()


def test_the_command_line_knows_them_all() -> None:
    from selfdebug.cli.bench import DatasetName

    assert [name.value for name in DatasetName] == list(DATASETS)


@pytest.mark.parametrize(
    ("dataset", "count", "ends"),
    [
        (HUMANEVAL, 164, ("HumanEval/0", "HumanEval/163")),
        (MBPP, 500, ("MBPP/11", "MBPP/510")),
        (TRANSCODER, 560, ("TransCoder/1", "TransCoder/562")),
        (SPIDER, 115, ("Spider/0", "Spider/114")),
    ],
    ids=list(DATASETS),
)
@pytest.mark.parametrize("visible", PROTOCOLS)
def test_the_problems(data: Path, dataset: Dataset, count: int, ends: tuple[str, str], visible: Visible) -> None:
    found = problems(data, dataset, visible)
    assert len(found) == len({problem.id for problem in found}) == count
    assert (found[0].id, found[-1].id) == ends
    assert all(problem.visible or problem.hidden for problem in found)
    assert all(problem.hidden for problem in found if visible != "all")


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=list(DATASETS))
def test_splits_share_no_problem_and_are_the_whole(data: Path, dataset: Dataset) -> None:
    names = ("prompt", "test", "validation", "train") if dataset is MBPP else ("development", "held-out")
    path = locate(dataset, data / dataset.name)
    parts = {name: {problem.id for problem in load(dataset, path, "examples", name)} for name in names}
    whole = set().union(*parts.values())
    assert sum(map(len, parts.values())) == len(whole)
    reported = {problem.id for problem in problems(data, dataset)}
    if dataset is MBPP:
        assert [len(part) for part in parts.values()] == [10, 500, 90, 374]
        assert parts["test"] == reported
    else:
        assert whole == reported
        assert min(map(len, parts.values())) > 0.4 * len(whole)
    with pytest.raises(InputError, match=f"no split 'dev'; expected one of {', '.join(names)}"):
        load(dataset, path, "examples", "dev")


def test_the_protocols(data: Path) -> None:
    for few, problem in zip(problems(data, HUMANEVAL, "first"), problems(data, HUMANEVAL, "examples"), strict=True):
        assert isinstance(problem.hidden[0], CheckSuite)
        assert (asserts(few), few.hidden) == (asserts(problem)[:1], problem.hidden)
    assert sum(problem.visible is None for problem in problems(data, HUMANEVAL)) == 4
    assert all(isinstance(each.visible, CheckSuite) and not each.hidden for each in problems(data, HUMANEVAL, "all"))
    for few, every in zip(problems(data, MBPP, "first"), problems(data, MBPP, "all"), strict=True):
        assert few.hidden == (every.visible,)
        assert asserts(few) == asserts(every)[:1]
        assert (len(asserts(every)), every.hidden) == (3, ())
    assert problems(data, MBPP, "first") == problems(data, MBPP, "examples")
    for few, every in zip(problems(data, TRANSCODER, "first"), problems(data, TRANSCODER, "all"), strict=True):
        assert asserts(few) == asserts(every)[:1]
        assert isinstance(few.hidden[0], CheckSuite)
        assert every.hidden in ((), few.hidden)
        assert len(asserts(every)) == 10 or every.hidden
    for problem in problems(data, SPIDER):
        assert (problem.visible, len(problem.hidden)) == (None, 1)
        assert isinstance(problem.probe, QuerySuite)
        assert not problem.probe.gold


def test_a_file_or_the_folder_with_it_may_be_named(data: Path, tmp_path: Path) -> None:
    for name in (HUMANEVAL, MBPP, TRANSCODER):
        assert load(name, locate(name, data / name.name / name.files[0]), "all") == problems(data, name, "all")
    assert locate(SPIDER, data / "spider" / "dev.json") == locate(SPIDER, data / "spider") == data / "spider"
    few = tmp_path / "few.json"
    few.write_text('[{"db_id": "course_teach", "question": "?", "query": "SELECT 1"}]')
    shutil.copytree(data / "spider" / "database", tmp_path / "database")
    assert [problem.id for problem in load(SPIDER, locate(SPIDER, few), "all")] == ["Spider/0"]
    unpacked = tmp_path / "HumanEval.jsonl"
    unpacked.write_bytes(gzip.decompress((data / "humaneval" / "HumanEval.jsonl.gz").read_bytes()))
    assert load(HUMANEVAL, locate(HUMANEVAL, tmp_path), "all") == problems(data, HUMANEVAL, "all")


@pytest.mark.parametrize(
    ("dataset", "other"),
    [(HUMANEVAL, MBPP), (MBPP, TRANSCODER), (TRANSCODER, SPIDER), (SPIDER, HUMANEVAL), (SPIDER, MBPP)],
)
def test_another_data_sets_file_is_an_error(data: Path, dataset: Dataset, other: Dataset, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"holds {other.title}/[0-9]+, expected {dataset.title}'s"):
        load(dataset, data / other.name / other.files[0], "all")
    with pytest.raises(InputError, match="no such file"):
        load(dataset, locate(dataset, tmp_path), "all")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setattr(datasets, "cache_home", lambda: tmp_path)
    return tmp_path


def test_the_official_file_is_fetched_once_and_checked(data: Path, cache: Path, tmp_path: Path) -> None:
    file = data / "mbpp" / "mbpp.jsonl"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    moved = Dataset("mbpp", "MBPP", ("mbpp.jsonl",), file.as_uri(), (digest,))
    path = locate(moved, None)
    assert path.is_relative_to(cache)
    assert path.read_bytes() == file.read_bytes()
    gone = Dataset("mbpp", "MBPP", ("mbpp.jsonl",), (tmp_path / "gone").as_uri(), (digest,))
    assert locate(gone, None) == path
    path.unlink()
    with pytest.raises(InputError, match=r"cannot be reached .* name it with --data"):
        locate(gone, None)
    wrong = Dataset("mbpp", "MBPP", ("mbpp.jsonl",), file.as_uri(), ("0" * 64,))
    with pytest.raises(InputError, match="name a file with --data"):
        locate(wrong, None)
    assert not path.exists()
    with pytest.raises(InputError, match=r"tables\.json and database with --data"):
        locate(SPIDER, None)


def test_the_files_at_hand_are_the_official_ones(data: Path) -> None:
    for dataset in (HUMANEVAL, MBPP, TRANSCODER):
        content = (data / dataset.name / dataset.files[0]).read_bytes()
        assert hashlib.sha256(content).hexdigest() in dataset.sha256


async def statuses(sandbox: Sandbox, programs: Iterable[tuple[Problem, str]]) -> dict[str, Status]:
    """How the official evaluation ends for each program."""
    found: dict[str, Status] = {}
    async with sandbox.job() as job:

        async def one(problem: Problem, program: str) -> None:
            graded = Problem(problem.id, "", hidden=problem.hidden or (problem.visible,))  # type: ignore[arg-type]
            found[problem.id] = (await judge(graded, program, executor=job, limits=Limits())).status

        await asyncio.gather(*(one(problem, program) for problem, program in programs))
    return found


@pytest.mark.sandbox
@pytest.mark.parametrize("dataset", [HUMANEVAL, MBPP, SPIDER], ids=lambda each: each.name)
async def test_its_own_solutions_pass(data: Path, sandbox: Sandbox, dataset: Dataset) -> None:
    found = await statuses(sandbox, [(each, each.reference) for each in problems(data, dataset)])
    assert {name for name, status in found.items() if status is not Status.PASSED} == set()


def wrapped(query: str, change: str) -> str:
    """The query's rows, changed."""
    inner = query.rstrip("; \n")
    return {"alike": f"SELECT * FROM ({inner})", "twice": f"SELECT * FROM ({inner}) UNION ALL SELECT * FROM ({inner})",
            "none": f"SELECT * FROM ({inner}) WHERE 0", "more": f"SELECT *, 1 FROM ({inner})"}[change]  # fmt: skip


@pytest.mark.sandbox
async def test_changed_gold_queries_of_spider_are_judged_by_their_rows(data: Path, sandbox: Sandbox) -> None:
    spider = problems(data, SPIDER)
    empty = {
        name for name, status in (await statuses(sandbox, changed(spider, "none"))).items() if status is Status.PASSED
    }
    for change, right in (("alike", {each.id for each in spider}), ("twice", empty), ("more", empty)):
        found = await statuses(sandbox, changed(spider, change))
        assert {name for name, status in found.items() if status is Status.PASSED} == right
    assert len(empty) < 5


def changed(spider: list[Problem], change: str) -> list[tuple[Problem, str]]:
    return [(problem, wrapped(problem.reference, change)) for problem in spider]
