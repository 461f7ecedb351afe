"""A folder of modules is kept compiled as Python itself would do it."""

import os
import py_compile
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.compiled import compile_once


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tool.py").write_text("ANSWER = 42\n")
    compile_once.cache_clear()
    return tmp_path


def compiled(folder: Path) -> Path:
    return folder / "__pycache__" / f"tool.{sys.implementation.cache_tag}.pyc"


def is_compiled_anew(folder: Path) -> bool:
    """Whether an interpreter that may not write has to compile the module to import it."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-v", "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); import tool"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "import 'tool'" in done.stderr
    return f"code object from {folder / 'tool.py'}" in done.stderr


def test_an_interpreter_takes_what_was_compiled(folder: Path) -> None:
    assert is_compiled_anew(folder)
    compile_once(folder)
    assert not is_compiled_anew(folder)


def test_a_changed_module_is_compiled_again_and_no_other(folder: Path) -> None:
    compile_once(folder)
    before = compiled(folder).read_bytes()
    compile_once.cache_clear()
    os.utime(compiled(folder), ns=(1, 1))
    compile_once(folder)
    assert compiled(folder).stat().st_mtime_ns == 1
    (folder / "tool.py").write_text("ANSWER = 'of another length'\n")
    compile_once.cache_clear()
    compile_once(folder)
    assert compiled(folder).read_bytes() != before
    assert not is_compiled_anew(folder)


def test_what_an_installer_compiled_by_content_is_left(folder: Path) -> None:
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(folder / "tool.py"), str(compiled(folder)), doraise=True, invalidation_mode=mode)
    before = compiled(folder).read_bytes()
    compile_once(folder)
    assert compiled(folder).read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b"\0" * 64])
def test_a_damaged_file_is_replaced(folder: Path, damage: bytes) -> None:
    compiled(folder).parent.mkdir()
    compiled(folder).write_bytes(damage)
    compile_once(folder)
    assert not is_compiled_anew(folder)


def test_a_folder_that_cannot_be_written_and_a_module_that_does_not_compile_are_left(folder: Path) -> None:
    (folder / "broken.py").write_text("def f(:\n")
    (folder / "__pycache__").write_text("in the way")
    compile_once(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["__pycache__", "broken.py", "tool.py"]
