"""The cold start of `selfdebug run`: nothing is imported before its box starts that could be imported after."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from selfdebug.cli.ahead import begin

PROBLEM = {"id": "one", "statement": "One.", "entry_point": "f", "tests": {"asserts": ["assert f() == 1"]}}
BEFORE_THE_BOX = {"pydantic", "rich", "jinja2", "importlib.metadata", "selfdebug.formats", "sandbox.docker"}
NEVER = {
    "torch", "transformers", "huggingface_hub", "openai", "httpx", "numpy", "docker", "jinja2", "markdown_it", "pytest",
    "typer.rich_utils", "rich.progress", "rich.syntax", "rich.markdown", "selfdebug.driver", "selfdebug.models",
    "selfdebug.examples",
    "selfdebug.cli.solve", "selfdebug.cli.grade", "selfdebug.cli.bench", "selfdebug.cli.doctor", "selfdebug.cli.models",
    "benchmarks.run", "benchmarks.datasets", "sandbox.docker", "sandbox.doctor",
}  # fmt: skip


def imported(code: str, *arguments: str, cwd: Path) -> set[str]:
    """The modules that a fresh process has imported at its end."""
    script = f"import json, sys, atexit\natexit.register(lambda: print(json.dumps(list(sys.modules))))\n{code}"
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_what_starts_a_box_is_small(tmp_path: Path) -> None:
    code = "import selfdebug.cli.ahead, sandbox.bubblewrap"
    assert not imported(code, cwd=tmp_path) & BEFORE_THE_BOX


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_run_imports_nothing_of_other_commands(tmp_path: Path, more: list[str]) -> None:
    (tmp_path / "problem.json").write_text(json.dumps(PROBLEM))
    (tmp_path / "candidate.py").write_text("def f(): return 1\n")
    arguments = ("run", "problem.json", "candidate.py", *more)
    found = imported("from selfdebug.cli import main; main()", *arguments, cwd=tmp_path)
    assert "selfdebug.cli.run" in found
    assert not found & NEVER


@pytest.mark.parametrize(
    "arguments",
    [["p.json", "c.py", "--sandbox", "none"], ["p.json", "c.py", "--sandbox=docker"], ["--runtime", "runsc"], ["-h"]],
)
def test_no_box_starts_that_was_not_asked_for(arguments: list[str]) -> None:
    with begin(arguments) as begun:
        assert begun is None


def test_the_box_that_starts_ends_with_what_it_was_for() -> None:
    def children() -> str:
        return Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()

    before = children()
    with begin(["p.json", "c.py"]) as begun:
        assert begun is not None
        assert children() != before
    assert children() == before
