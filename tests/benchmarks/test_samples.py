"""Samples in, results out: every way in which a file can be wrong has its place named."""

import gzip
import json
from pathlib import Path

import pytest

from benchmarks.samples import ResultsFile, read_samples
from selfdebug.errors import InputError
from selfdebug.problem import Problem

PROBLEMS = {
    "HumanEval/0": Problem("HumanEval/0", "say one", "one", context="def one():\n"),
    "MBPP/11": Problem("MBPP/11", "say two", "two"),
}


def lines(path: Path, *rows: object) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def test_a_completion_goes_behind_the_prompt_and_a_solution_stands_alone(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "samples.jsonl",
        {"task_id": "HumanEval/0", "completion": "    return 1\n", "model": "m"},
        "",
        {"task_id": "HumanEval/0", "solution": "one = lambda: 1"},
        {"task_id": "MBPP/11", "completion": "two = lambda: 2"},
        {"task_id": 11, "completion": "two = lambda: '\ud800'"},
        {"task_id": "Mbpp/11", "completion": "not this", "solution": "two = lambda: 3"},
    )
    samples = list(read_samples(path, PROBLEMS))
    assert [sample.program for sample in samples] == [
        "def one():\n    return 1\n",
        "one = lambda: 1",
        "two = lambda: 2",
        "two = lambda: '\ud800'",
        "two = lambda: 3",
    ]
    assert samples[0].row == {"task_id": "HumanEval/0", "completion": "    return 1\n", "model": "m"}
    assert samples[3].problem is PROBLEMS["MBPP/11"]


def test_gzip_is_read_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    path.write_bytes(gzip.compress(b'{"task_id": "MBPP/11", "solution": "x"}\n'))
    assert [sample.program for sample in read_samples(path, PROBLEMS)] == ["x"]


GOOD = '{"task_id": "MBPP/11", "solution": "x"}'


@pytest.mark.parametrize(
    ("line", "place", "problem"),
    [
        ('{"task_id": "MBPP/11", "solution": "x"', "line 2, column", "is not JSON"),
        ('["MBPP/11"]', "line 2", "found an array of 1"),
        ('{"solution": "x"}', "line 2", "no field 'task_id'"),
        ('{"task_id": null, "solution": "x"}', "line 2, task_id", "found null"),
        ('{"task_id": true, "solution": "x"}', "line 2, task_id", "found true"),
        ('{"task_id": "MBPP/12", "solution": "x"}', "line 2, task_id", "did you mean 'MBPP/11'"),
        ('{"task_id": 12, "solution": "x"}', "line 2, task_id", "none of the 2 problems"),
        ('{"task_id": "MBPP/11"}', "line 2", "neither 'completion' nor 'solution'"),
        ('{"task_id": "MBPP/11", "solution": 3}', "line 2, solution", "found the number 3"),
        ('{"task_id": "MBPP/11", "completion": null}', "line 2, completion", "found null"),
        ("[" * 100_000, "line 2", "can't be read as JSON"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, line: str, place: str, problem: str) -> None:
    path = lines(tmp_path / "samples.jsonl", GOOD, line)
    with pytest.raises(InputError) as caught:
        list(read_samples(path, PROBLEMS))
    assert caught.value.source == str(path)
    assert caught.value.place.startswith(place)
    assert problem in caught.value.problem


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        list(read_samples(tmp_path / "none.jsonl", PROBLEMS))
    with pytest.raises(InputError, match="directory"):
        list(read_samples(tmp_path, PROBLEMS))
    path = tmp_path / "latin.jsonl"
    path.write_bytes(GOOD.encode() + b'\n{"task_id": "\xe9"}\n')
    with pytest.raises(InputError, match="line 2: is not UTF-8"):
        list(read_samples(path, PROBLEMS))
    path.write_bytes(gzip.compress(GOOD.encode() * 1000)[:-12])
    with pytest.raises(InputError, match="damaged gzip"):
        list(read_samples(path, PROBLEMS))


def test_results_appear_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text("older\n")
    with pytest.raises(TypeError, match="not JSON serializable"), ResultsFile(path) as file:
        file.write({"a": object()})
    assert path.read_text() == "older\n"
    with ResultsFile(path) as file:
        file.write({"a": "\ud800é"})
        assert path.read_text() == "older\n"
    assert json.loads(path.read_text()) == {"a": "\ud800é"}
    assert [item.name for item in tmp_path.iterdir()] == ["results.jsonl"]


def test_results_are_compressed_where_their_name_says_so(tmp_path: Path) -> None:
    with ResultsFile(tmp_path / "results.jsonl.gz") as file:
        file.write({"a": 1})
    assert gzip.decompress((tmp_path / "results.jsonl.gz").read_bytes()) == b'{"a": 1}\n'


def test_results_that_cannot_be_written_are_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be written"), ResultsFile(tmp_path / "no" / "results.jsonl"):
        pass
