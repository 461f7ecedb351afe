"""Who may import whom, read from the source: the rooms stay apart, the core stays free of drivers."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("selfdebug", "sandbox", "benchmarks", "worker")
ALLOWED = {
    "sandbox": {"sandbox"},
    "selfdebug": {"selfdebug", "sandbox"},
    "worker": {"worker", "selfdebug", "sandbox"},
    "benchmarks": {"benchmarks", "selfdebug", "sandbox"},
}
CORE = ["problem", "options", "events", "state", "loop", "conversation", "generator", "errors", "prompts/__init__"]
FORBIDDEN_IN_CORE = {
    "asyncio",
    "subprocess",
    "socket",
    "http",
    "urllib",
    "celery",
    "redis",
    "fastapi",
    "openai",
    "torch",
}


def imports(path: Path, *, lazy: bool) -> Iterator[str]:
    """The modules that a file imports; with `lazy` false only those that it imports when it is imported itself."""
    tree = ast.parse(path.read_text())
    inside = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or _is_type_checking(node)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in inside and not lazy:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    files = list((ROOT / room).rglob("*.py"))
    assert files
    for path in files:
        # The command line may reach the benchmarks, when such a command is run and not before.
        cli = path.is_relative_to(ROOT / "selfdebug" / "cli")
        for name in imports(path, lazy=not cli):
            top = name.split(".")[0]
            assert top not in ROOMS or top in ALLOWED[room], f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("module", CORE)
def test_the_core_waits_for_nothing_and_runs_nothing(module: str) -> None:
    for name in imports(ROOT / "selfdebug" / f"{module}.py", lazy=True):
        assert name.split(".")[0] not in FORBIDDEN_IN_CORE
        assert not name.startswith("sandbox") or name == "sandbox.types"


def test_the_library_pulls_in_no_extra() -> None:
    heavy = "{'torch', 'transformers', 'openai', 'numpy', 'rich', 'typer', 'celery', 'fastapi'}"
    code = f"import sys, selfdebug; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
