"""Our reading of ELF files against the system's own loader."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.interpreter import this_interpreter
from sandbox.libraries import find_library, shared_libraries

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ELF files are looked into on Linux")


def extension_modules() -> list[str]:
    return [str(path) for path in Path(this_interpreter().folders[0], "lib-dynload").glob("*.so")]


@pytest.mark.skipif(shutil.which("ldd") is None, reason="there is no ldd to compare with")
def test_the_same_libraries_as_ldd() -> None:
    files = [this_interpreter().executable, *extension_modules()]
    said = subprocess.run(["ldd", *files], capture_output=True, text=True, timeout=60).stdout
    expected = set(re.findall(r"(/\S+) \(0x", said))
    assert expected
    assert {library.source for library in shared_libraries(files)} == expected


def test_only_what_is_no_elf_file_needs_nothing(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.so"
    damaged.write_bytes(b"\x7fELF" + b"\xff" * 200)
    empty = tmp_path / "empty"
    empty.touch()
    assert shared_libraries([str(damaged), str(empty), __file__, str(tmp_path / "none")]) == ()


def test_a_library_opened_at_run_time_is_found_by_name() -> None:
    libc = next(library for library in this_interpreter().libraries if "libc." in library.target)
    found = find_library(Path(libc.target).name, this_interpreter().executable)
    assert found is not None
    assert Path(found.source).samefile(libc.source)
    assert find_library("libthere-is-none.so", this_interpreter().executable) is None


def test_a_library_that_only_configuration_finds_lies_beside_the_c_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    libraries = this_interpreter().libraries
    libz = next((library for library in libraries if Path(library.target).name.startswith("libz.")), None)
    if libz is None:
        pytest.skip("this interpreter uses no libz")
    copy = tmp_path / Path(libz.target).name
    shutil.copy(libz.source, copy)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    (found,) = [library for library in shared_libraries(extension_modules()) if library.source == str(copy)]
    assert found.target == libz.target
