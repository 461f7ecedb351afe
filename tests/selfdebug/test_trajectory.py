"""Trajectory files: what was written is read, torn ends are cut, damage is named."""

from pathlib import Path

import pytest

from sandbox.types import StdioCase, StdioSuite
from selfdebug.errors import InputError
from selfdebug.events import Event, Submitted, TimedOut
from selfdebug.options import Options
from selfdebug.problem import Problem
from selfdebug.trajectory import TrajectoryFile, fold, read, to_json

EVENTS: tuple[Event, ...] = (Submitted(Problem("p", "say \ud800 ☃"), Options(model="m")), TimedOut(at_s=1.5))


def written(path: Path) -> Path:
    with TrajectoryFile(path) as file:
        for event in EVENTS:
            file.write(event)
    return path


def test_what_was_written_is_read(tmp_path: Path) -> None:
    assert read(written(tmp_path / "new" / "t.jsonl")) == EVENTS


def test_how_output_is_compared_is_kept_and_older_files_still_read(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    suite = StdioSuite((StdioCase("1", "0.5"),), "float", 0.25)
    event = Submitted(Problem("p", "s", visible=suite, hidden=(suite,)), Options(model="m"))
    with TrajectoryFile(path) as file:
        file.write(event)
    assert read(path) == (event,)
    path.write_bytes(path.read_bytes().replace(b', "compare": "float", "tolerance": 0.25', b""))
    (old,) = read(path)
    assert isinstance(old, Submitted)
    assert old.problem.visible == StdioSuite((StdioCase("1", "0.5"),))


def test_a_torn_last_line_is_left_out_and_written_over(tmp_path: Path) -> None:
    path = written(tmp_path / "t.jsonl")
    path.write_bytes(path.read_bytes()[:-7])
    assert read(path) == EVENTS[:1]
    with TrajectoryFile(path) as file:
        file.write(EVENTS[1])
    assert read(path) == EVENTS


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"nonsense\n", "line 1"),
        (b'{"kind": "unheard of"}\n', "line 1"),
        (b'{"kind": "timed_out", "at_s": 1}\n', "line 1"),
        (b"\xff\xfe\n", "line 1"),
        (to_json(EVENTS[0]).encode() + b"\n{}\n", "line 2"),
    ],
)
def test_a_damaged_file_is_named_with_its_line(tmp_path: Path, content: bytes, place: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert caught.value.place == place


def test_a_file_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "none.jsonl")


def test_folding_needs_a_beginning() -> None:
    with pytest.raises(ValueError, match="submitted"):
        fold([TimedOut()])
