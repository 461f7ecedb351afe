"""Whole programs on every backend: their output decides, all of it, and only the host knows what it should be."""

import hashlib
import json
import secrets

import pytest

from sandbox.protocol import Sandbox
from sandbox.stdio import Compare
from sandbox.types import Execution, Limits, Status, StdioCase, StdioSuite, TestResult


async def printing(
    sandbox: Sandbox, program: str, *expected: str, compare: Compare = "exact", limits: Limits = Limits()
) -> Execution:
    """Run a program that reads nothing."""
    cases = tuple(StdioCase("", each) for each in expected)
    return await sandbox.run(program, StdioSuite(cases, compare=compare), limits)


@pytest.mark.parametrize(
    ("compare", "expected", "wrong"),
    [
        ("exact", " 1\n2.50  \n", (" 1\n2.50  ", " 1\n2.50\n", " 1\r\n2.50  \n", " 1\n2.50  \n\n", "")),
        ("lines", " 1  \r\n2.50\n\n\n", ("1\n2.50", " 1 2.50", "\n 1\n2.50", " 1\n2.5")),
        ("tokens", "1\n2.50", ("1 2.5", "12.50", "1", "1 2.50 3")),
        ("float", "1.0000001\t2.5", ("1.1 2.5", "1 2_5", "nan 2.5")),
    ],
)
async def test_each_mode(sandbox: Sandbox, compare: Compare, expected: str, wrong: tuple[str, ...]) -> None:
    execution = await printing(sandbox, "print(' 1\\n2.50  ')", expected, *wrong, compare=compare)
    assert [test.status for test in execution.tests] == [Status.PASSED, *(Status.FAILED for _ in wrong)]
    for test, text in zip(execution.tests[1:], wrong, strict=True):
        assert (test.expected, test.actual) == (text, " 1\n2.50  \n")
        assert test.message


async def test_the_tolerance_of_the_problem_counts(sandbox: Sandbox) -> None:
    cases = (StdioCase("", "100"),)
    for tolerance, passed in ((0.001, False), (0.02, True)):
        suite = StdioSuite(cases, compare="float", tolerance=tolerance)
        assert (await sandbox.run("print(101.0)", suite)).passed is passed


ALL_BYTES = bytes(range(256))


async def test_any_byte_comes_through(sandbox: Sandbox) -> None:
    program = "import sys\ndata = sys.stdin.buffer.read()\nsys.stdout.buffer.write(data + bytes(range(256)))\n"
    given = b"\xff\x00\r\n\xc3(".decode("utf-8", "surrogateescape")
    expected = given + ALL_BYTES.decode("utf-8", "surrogateescape")
    near = expected[:-1] + "\udcfe"
    suite = StdioSuite((StdioCase(given, expected), StdioCase(given, near)), compare="exact")
    execution = await sandbox.run(program, suite)
    assert [test.status for test in execution.tests] == [Status.PASSED, Status.FAILED]
    assert "\\xff" in execution.tests[1].message
    repr(execution).encode("utf-8")


async def test_what_only_looks_alike_differs(sandbox: Sandbox) -> None:
    """The text by which a byte is shown is not that byte."""
    assert not (await printing(sandbox, "print(r'\\xff', end='')", "\udcff")).passed
    assert (await printing(sandbox, "print(r'\\xff', end='')", "\\xff")).passed


@pytest.mark.parametrize("write", ["sys.stdout.write('x' * 70000)", "print(end=70000 * 'x')"])
async def test_no_newline_at_the_end(sandbox: Sandbox, write: str) -> None:
    execution = await printing(sandbox, f"import os, sys\n{write}\n", "x" * 70_000, "x" * 70_000 + "\n")
    assert [test.status for test in execution.tests] == [Status.PASSED, Status.FAILED]


async def test_output_up_to_the_limit(sandbox: Sandbox) -> None:
    limits = Limits(output_bytes=2**22)
    for size, status in ((2**22 - 1, Status.PASSED), (2**22 + 1, Status.OUTPUT_LIMIT)):
        program = f"import os\nleft = {size}\nwhile left:\n    left -= os.write(1, b'x' * min(left, 65536))\n"
        execution = await printing(sandbox, program, "x" * size, limits=limits)
        assert execution.status is status
    assert execution.stdout.endswith(f"[cut: the program wrote more than {2**22} bytes]")


async def test_every_case_may_reach_the_limit(sandbox: Sandbox) -> None:
    """Together they print much more than one may; what is kept of it is cut, the verdict is on all of it."""
    limits = Limits(output_bytes=2**20)
    size = 2**20 - 1
    execution = await printing(sandbox, f"print(end='\\0' * {size})", *["\0" * size] * 30, limits=limits)
    assert execution.passed
    assert len(execution.tests) == 30
    assert "[cut: " in execution.stdout
    assert len(execution.stdout) < 2**20 + 200


ENDS = {
    "exit status": ("import sys; print('ok', flush=True); sys.exit(3)", Status.CRASHED),
    "exit status at once": ("import os; os.write(1, b'ok\\n'); os._exit(1)", Status.CRASHED),
    "exception": ("print('ok', flush=True); 1 / 0", Status.ERROR),
    "exit with a text": ("print('ok', flush=True); raise SystemExit('bad')", Status.CRASHED),
    "signal": ("import os; os.write(1, b'ok\\n'); os.kill(os.getpid(), 9)", Status.CRASHED),
    "time": ("print('ok', flush=True)\nwhile True: pass", Status.TIMEOUT),
    "sleep": ("import time; print('ok', flush=True); time.sleep(60)", Status.TIMEOUT),
    "flood": ("import os\nos.write(1, b'ok\\n')\nfor _ in range(9999): os.write(2, b'x' * 10**5)", Status.OUTPUT_LIMIT),
    "memory": ("print('ok', flush=True); bytearray(2**40)", Status.MEMORY_LIMIT),
    "syntax": ("print('ok'); x = (", Status.SYNTAX_ERROR),
}


@pytest.mark.parametrize("end", ENDS)
async def test_right_output_is_not_enough(sandbox: Sandbox, end: str) -> None:
    program, status = ENDS[end]
    execution = await printing(sandbox, program, "ok\n", limits=Limits(wall_s=2, cpu_s=1))
    assert execution.status is status


async def test_a_program_that_ends_well_by_any_way_passes(sandbox: Sandbox) -> None:
    ways = ("", "sys.exit()", "sys.exit(0)", "exit()", "os._exit(0)", "os.close(1); sys.stdout = None", "os.close(3)")
    for end in ways:
        execution = await printing(sandbox, f"import os, sys\nprint('ok', flush=True)\n{end}\n", "ok\n")
        assert execution.passed, (end, execution)


async def test_after_a_syntax_error_no_case_is_run(sandbox: Sandbox) -> None:
    execution = await printing(sandbox, "x = (", "", "", "")
    assert [(test.name, test.status, test.ran) for test in execution.tests] == [
        ("case 1", Status.SYNTAX_ERROR, True),
        ("case 2", Status.SYNTAX_ERROR, False),
        ("case 3", Status.SYNTAX_ERROR, False),
    ]
    assert execution.exception is not None
    assert execution.exception.type == "SyntaxError"


FRAME = "def frame(body):\n    return len(body).to_bytes(4, 'big') + body\n"
FORGERIES = {
    "a pass": json.dumps({"status": "passed", "tests": [], "stdout": "b2sK"}),
    "a run": json.dumps({"runs": [{"status": None, "message": "", "exception": None, "stdout": "b2sK"}]}),
    "an exception": json.dumps(
        {"syntax": False, "exception": {"type": "E", "message": "m", "traceback": "", "line": 1}}
    ),
    "a syntax error": json.dumps(
        {"syntax": True, "exception": {"type": "SyntaxError", "message": "m", "traceback": "", "line": 1}}
    ),
    "an exception that is none": json.dumps({"exception": {"type": 5, "message": None, "traceback": [], "line": "x"}}),
    "an exception without a place": json.dumps({"exception": {"type": "E", "message": "m", "line": 10**30}}),
    "a refusal": json.dumps({"refused": "no limits"}),
    "no JSON": "ok",
    "no object": "[]",
    "deep": "[" * 100_000,
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_what_a_program_writes_to_its_channel_decides_nothing(sandbox: Sandbox, forgery: str) -> None:
    body = FORGERIES[forgery]
    program = (
        f"import os, sys\n{FRAME}number = int(input())\n"
        f"data = frame({body!r}.encode()) * (number + 1)\n"
        "for descriptor in range(3, 10):\n"
        "    try: os.write(descriptor, data)\n    except OSError: pass\n"
        "if number == 0: print('ok')\n"
        "if number == 1: print('wrong')\n"
        "if number == 2: print('ok', flush=True); os._exit(1)\n"
    )
    cases = tuple(StdioCase(f"{number}\n", "ok\n") for number in range(3))
    execution = await sandbox.run(program, StdioSuite(cases))
    right, wrong, unwell = execution.tests[:3]
    assert right.status is Status.PASSED
    assert wrong.status is Status.FAILED
    assert not unwell.passed
    assert unwell.status in (Status.CRASHED, Status.ERROR, Status.SYNTAX_ERROR)


@pytest.mark.parametrize("header", [b"", b"\xff\xff\xff\xff", b"\x00\x00\x00\x01"], ids=["none", "long", "short"])
async def test_a_flooded_channel_harms_only_who_floods_it(sandbox: Sandbox, header: bytes) -> None:
    program = (
        "import os, time\nend, sent = time.time() + 20, 0\nos.set_blocking(3, False)\n"
        f"os.write(3, {header!r})\n"
        "while sent < 2**28 and time.time() < end:\n"
        "    try: sent += os.write(3, b'x' * 2**16)\n"
        "    except BlockingIOError:\n        if sent > 2**20: break\n"
        "    except OSError: break\n"
        "print('ok')\n"
    )
    assert (await printing(sandbox, program, "ok\n", limits=Limits(wall_s=30, cpu_s=30))).passed


async def test_a_child_left_behind_adds_nothing_later(sandbox: Sandbox) -> None:
    """It is ended with the program that left it; neither verdict nor the next case waits for what it would write."""
    program = (
        "import os, sys, time\nprint('ok', flush=True)\n"
        "if os.fork() == 0:\n    os.setsid(); time.sleep(20); os.write(1, b'late'); os._exit(0)\n"
    )
    execution = await printing(sandbox, program, "ok\n", "ok\n", limits=Limits(wall_s=15))
    assert [test.status for test in execution.tests] == [Status.PASSED, Status.PASSED]
    assert "late" not in execution.stdout


async def test_a_child_does_not_end_the_program_well(sandbox: Sandbox) -> None:
    program = "import os, sys\nif os.fork() == 0:\n    print('ok', flush=True); os._exit(0)\nos.wait()\nsys.exit(1)\n"
    assert (await printing(sandbox, program, "ok\n")).status is Status.CRASHED


SEARCH = r"""
import os, re, sys
pattern = re.compile(b"MARK" + b"ER-[0-9a-f]{32}")
hashes = __import__("hashlib")
read = sys.stdin.read()
in_memory = bytearray(b"MARK" + b"ER-" + hashes.sha256(read.encode()).hexdigest()[:32].encode())
found, places, searched = set(), {}, 0

def look(data, place):
    global searched
    searched += len(data)
    for match in pattern.findall(data):
        found.add(match)
        places.setdefault(match, place)

def look_through(path):
    try:
        with open(path, "rb", 0) as file:
            tail = b""
            for _ in range(64):
                chunk = file.read(2**20)
                if not chunk:
                    break
                look(tail + chunk, path)
                tail = chunk[-64:]
    except OSError:
        pass

def look_through_memory(process):
    try:
        with open(f"/proc/{process}/maps") as maps, open(f"/proc/{process}/mem", "rb", 0) as memory:
            for line in maps:
                start, end = (int(part, 16) for part in line.split()[0].split("-"))
                if "r" not in line.split()[1] or start >= 2**63:
                    continue
                while start < end:
                    try:
                        memory.seek(start)
                        chunk = memory.read(min(2**20, end - start))
                    except (OSError, ValueError):
                        break
                    if not chunk:
                        break
                    look(chunk, f"memory of {process}")
                    start += len(chunk)
    except OSError:
        pass

for number in range(64):
    try:
        os.set_blocking(number, False)
        look(os.pread(number, 2**20, 0), f"descriptor {number}")
    except OSError:
        pass
for name in os.listdir("/proc"):
    if name.isdigit() or name == "self":
        look_through_memory(name)
        for file in ("environ", "cmdline", "comm", "stack", "status", "mountinfo"):
            look_through(f"/proc/{name}/{file}")
for folder, folders, files in os.walk("/"):
    folders[:] = [each for each in folders if os.path.join(folder, each) not in ("/proc", "/sys")]
    for name in files:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            look_through(path)
print(searched > 2**20, *sorted(match.decode() for match in found))
"""


async def test_what_is_expected_is_nowhere_in_the_box(walls: Sandbox) -> None:
    """A candidate searches all that it can read, its own memory too; it does find what it was given."""
    marker, stdin = (f"MARKER-{secrets.token_hex(16)}" for _ in range(2))
    made = f"MARKER-{hashlib.sha256(stdin.encode()).hexdigest()[:32]}"
    suite = StdioSuite((StdioCase(stdin, f"{marker}\n"), StdioCase(stdin, f"{marker}\n")))
    execution = await walls.run(SEARCH, suite, Limits(wall_s=60, cpu_s=60))
    own = [] if walls.isolation == "docker+runsc" else [made]  # there it can't look into its own memory either
    expected = " ".join(["True", *sorted([stdin, *own])]) + "\n"
    assert [found(test) for test in execution.tests] == [(Status.FAILED, expected)] * 2, execution


def found(test: TestResult) -> tuple[Status, str | None]:
    return test.status, test.actual
