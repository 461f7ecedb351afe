"""`selfdebug run`, from outside."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SelfDebug = Callable[..., subprocess.CompletedProcess[str]]
PROBLEM = {
    "id": "sum",
    "statement": "Add two numbers.",
    "entry_point": "add",
    "tests": {"asserts": ["assert add(1, 2) == 3", "assert add(-1, 1) == 0"]},
    "hidden_tests": {"asserts": ["assert add(10, 10) == 20"]},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "problem.json").write_text(json.dumps(PROBLEM))
    (tmp_path / "right.py").write_text("def add(a, b):\n    return a + b\n")
    (tmp_path / "wrong.py").write_text("def add(a, b):\n    if a == 10:\n        return 21\n    return a + b\n")
    (tmp_path / "broken.py").write_text("def add(a, b)\n    return a + b\n")
    return tmp_path


def test_a_right_program_ends_with_0(selfdebug: SelfDebug, folder: Path) -> None:
    done = selfdebug("run", "problem.json", "right.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert "sum  passed, 3 of 3 tests pass" in done.stdout


def test_hidden_tests_count_and_the_failure_is_shown(selfdebug: SelfDebug, folder: Path) -> None:
    done = selfdebug("run", "problem.json", "wrong.py")
    assert (done.returncode, done.stderr) == (1, "")
    assert "failed, 2 of 3 tests pass" in done.stdout
    shown = [line.split() for line in done.stdout.splitlines()]
    assert ["call", "add(10,", "10)"] in shown
    assert ["expected", "20"] in shown
    assert ["actual", "21"] in shown
    assert "\x1b" not in done.stdout


def test_a_program_that_does_not_compile_shows_where(selfdebug: SelfDebug, folder: Path) -> None:
    done = selfdebug("run", "problem.json", "broken.py")
    assert done.returncode == 1
    assert "SyntaxError" in done.stdout


def test_json_is_one_object(selfdebug: SelfDebug, folder: Path) -> None:
    done = selfdebug("run", "problem.json", "wrong.py", "--json")
    assert done.returncode == 1
    facts = json.loads(done.stdout)
    assert (facts["problem"], facts["passed"], facts["tests_passed"]) == ("sum", False, 2)
    assert [test["status"] for test in facts["tests"]] == ["passed", "passed", "failed"]
    assert facts["isolation"] == "bubblewrap"


def test_the_candidate_may_come_from_standard_input(selfdebug: SelfDebug, folder: Path) -> None:
    done = selfdebug("run", "problem.json", "-", stdin="add = lambda a, b: a + b\n")
    assert done.returncode == 0, done.stdout


def test_limits_are_taken(selfdebug: SelfDebug, folder: Path) -> None:
    done = selfdebug("run", "problem.json", "-", "--timeout", "0.5", "--json", stdin="while True: pass")
    assert json.loads(done.stdout)["status"] == "timeout"


def test_what_a_candidate_prints_does_not_command_the_terminal(selfdebug: SelfDebug, folder: Path) -> None:
    program = "def add(a, b):\n    print('\\x1b[2J\\u202e')\n    raise ValueError('\\x1b]0;title\\x07')\n"
    done = selfdebug("run", "problem.json", "-", stdin=program)
    assert done.returncode == 1
    assert "\\x1b]0;title\\x07" in done.stdout
    assert not set("\x1b\x07\u202e") & set(done.stdout)


def test_no_sandbox_must_be_asked_for_and_warns(selfdebug: SelfDebug, folder: Path) -> None:
    done = selfdebug("run", "problem.json", "right.py", "--sandbox", "none", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["isolation"] == "none"
    assert done.stderr.count("\n") == 1
    assert "without any protection" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("problem.json", "none.py"), "none.py: no such file"),
        (("problem.json", "."), ".: can't be read: Is a directory"),
        (("problem.json", "latin.py"), "latin.py: byte 1: is not UTF-8"),
        (("none.json", "right.py"), "none.json: no such file"),
        (("-", "-"), "can't be both"),
        (("problem.json", "right.py", "--sandbox", "glass"), "--sandbox: expected one of bubblewrap, docker, none"),
    ],
)
def test_bad_input_is_one_message(selfdebug: SelfDebug, folder: Path, arguments: tuple[str, ...], said: str) -> None:
    (folder / "latin.py").write_bytes(b"#\xe9")
    done = selfdebug("run", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
