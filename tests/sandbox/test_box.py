"""One box process, with small programs in place of the runner."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from sandbox.box import Launch, ProcessBox
from sandbox.errors import SandboxCrashed

ECHO = "import sys\nfor line in sys.stdin: print('got', line, end='', flush=True)"

MakeBox = Callable[..., ProcessBox]
Eventually = Callable[[Callable[[], bool]], Awaitable[None]]


@pytest.fixture
async def make_box() -> AsyncIterator[MakeBox]:
    boxes: list[ProcessBox] = []

    def make(program: str, *, scratch: bool = False) -> ProcessBox:
        launch = Launch((sys.executable, "-I", "-S", "-c", program), scratch=scratch)
        boxes.append(ProcessBox(launch))
        return boxes[-1]

    yield make
    for box in boxes:
        await box.end()


def exists(path: bytes) -> bool:
    return os.path.exists(path)


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children() -> set[int]:
    listed = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {int(number) for file in listed for number in file.read_text().split()}


async def test_a_box_answers_line_by_line_and_leaves_nothing(make_box: MakeBox) -> None:
    before = (children(), len(os.listdir("/proc/self/fd")))
    box = make_box(ECHO)
    await box.start()
    assert await box.ask(b"one\n", 2**16) == b"got one\n"
    assert await box.ask(b"two\n", 2**16) == b"got two\n"
    await box.end()
    await box.end()
    await asyncio.sleep(0)  # transports close on the loop's next round
    assert (children(), len(os.listdir("/proc/self/fd"))) == before


async def test_a_dead_box_tells_its_last_words(make_box: MakeBox) -> None:
    box = make_box("import sys; sys.stderr.write('x' * 10**6 + 'out of luck'); sys.exit(7)")
    await box.start()
    with pytest.raises(SandboxCrashed, match=r"(?s)exit status 7\).*x{2000}out of luck$"):
        await box.ask(b"a job longer than any pipe holds\n" * 10_000, 2**16)


async def test_an_answer_without_end_is_cut_off(make_box: MakeBox) -> None:
    box = make_box("while True: print('x' * 4096, end='')")
    await box.start()
    with pytest.raises(SandboxCrashed, match="longer than any honest one"):
        await box.ask(b"job\n", 2**16)


async def test_a_box_that_cannot_start_says_so() -> None:
    box = ProcessBox(Launch(("/nonexistent/program",)))
    with pytest.raises(SandboxCrashed, match="could not be started"):
        await box.start()
    await box.end()


async def test_a_box_that_never_stands_says_why() -> None:
    box = ProcessBox(Launch((sys.executable, "-c", "import sys; sys.exit('no walls today')"), announces=True))
    with pytest.raises(SandboxCrashed, match="no walls today"):
        await box.start()
    await box.end()


async def test_the_box_has_the_given_environment_and_three_descriptors(
    make_box: MakeBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", "seen")
    leaked = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(leaked, True)
    try:
        box = make_box("import os; input(); print(sorted(os.environ), sorted(os.listdir('/proc/self/fd')))")
        await box.start()
        answer = await box.ask(b"\n", 2**16)
    finally:
        os.close(leaked)
    assert b"CANARY" not in answer
    assert answer.rstrip().endswith(b"['0', '1', '2', '3']")  # the fourth is the listing's own


async def test_its_scratch_goes_with_it(make_box: MakeBox) -> None:
    program = (
        "import os; input(); os.makedirs('deep/er'); os.symlink('/', 'deep/link'); open('deep/er/file', 'w').close(); "
        "print(os.getcwd(), os.environ['TMPDIR'] == os.environ['HOME'] == os.getcwd())"
    )
    box = make_box(program, scratch=True)
    await box.start()
    folder, same = (await box.ask(b"\n", 2**16)).split()
    assert same == b"True"
    assert exists(folder + b"/deep/er/file")
    await box.end()
    assert not exists(folder)


async def test_ending_it_kills_its_children_too(make_box: MakeBox, eventually: Eventually) -> None:
    program = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], "
        "start_new_session=True); input(); print(child.pid, flush=True); child.wait()"
    )
    box = make_box(program)
    await box.start()
    child = int(await box.ask(b"\n", 2**16))
    assert is_running(child)
    await box.end()
    await eventually(lambda: not is_running(child))
