"""Programs that try to pass without solving anything, to reach out of the box, or to exhaust it."""

from typing import Any

import pytest

from sandbox.types import AssertSuite, CheckSuite, PytestSuite, Status, StdioCase, StdioSuite

from .conftest import Runner

pytestmark = pytest.mark.sandbox

ASSERTS = ("assert f(1) == 2", "assert f([1, 2]) == [2, 3]", "assert f('a') == 'b'")

LIARS = {
    "equal to everything": """
class L:
    def __eq__(s, o): return True
    def __ne__(s, o): return False
    def __hash__(s): return 0
def f(x): return L()
""",
    "int": "class L(int):\n    def __eq__(s, o): return True\ndef f(x): return L(7)",
    "list": "class L(list):\n    def __eq__(s, o): return True\ndef f(x): return L()",
    "str": "class L(str):\n    def __eq__(s, o): return True\ndef f(x): return L()",
    "dict": "class L(dict):\n    def __eq__(s, o): return True\ndef f(x): return L()",
    "tuple": "class L(tuple):\n    def __eq__(s, o): return True\ndef f(x): return L()",
    "dataclass": """
from dataclasses import dataclass
@dataclass
class L:
    x: int = 0
    def __eq__(s, o): return True
def f(x): return L()
""",
    "nested": "class L:\n    def __eq__(s, o): return True\ndef f(x): return [L(), L()]",
    "class": "class M(type):\n    def __eq__(s, o): return True\nclass L(metaclass=M): pass\ndef f(x): return L",
    "class attribute": """
class L:
    @property
    def __class__(s): return int
    def __eq__(s, o): return True
def f(x): return L()
""",
    "mock": "from unittest.mock import ANY\ndef f(x): return ANY",
    "NotImplemented": "def f(x): return NotImplemented",
    "reduce": "class L:\n    def __reduce__(s): return (eval, ('2',))\ndef f(x): return L()",
}
TRICKS = {
    "exit at import": "import sys\nsys.exit(0)",
    "exit in a call": "import sys\ndef f(x): sys.exit(0)",
    "hard exit at import": "import os\nos._exit(0)",
    "hard exit": "import os\ndef f(x): os._exit(0)",
    "atexit": "import atexit, os\natexit.register(os._exit, 0)\ndef f(x): return 0",
    "patched builtins": """
import builtins
builtins.len = lambda x: 0
builtins.AssertionError = type('X', (Exception,), {})
builtins.isinstance = lambda *a: True
def f(x): return 0
""",
    "assertion of its own": "def f(x): raise AssertionError",
    "str of an exception": "class E(AssertionError):\n    def __str__(s): raise SystemExit(0)\ndef f(x): raise E",
    "keyboard interrupt": "def f(x): raise KeyboardInterrupt",
    "generator exit": "def f(x): raise GeneratorExit",
    "stop iteration": "def f(x): raise StopIteration",
    "settrace": "import sys\nsys.settrace(lambda *a: None)\ndef f(x): return 0",
    "signal handlers": """
import os, signal
for n in range(1, 32):
    try: signal.signal(n, lambda *a: os._exit(0))
    except (OSError, ValueError): pass
def f(x): os.kill(os.getpid(), 15)
""",
    "kill others": """
import os
for n in range(1, 60):
    if n != os.getpid():
        try: os.kill(n, 9)
        except OSError: pass
def f(x): return 0
""",
    "agent swapped": """
import sys
frame = sys._getframe()
while frame:
    agent = frame.f_locals.get('self')
    if hasattr(agent, '_reply'):
        type(agent)._reply = lambda *a: {'v': [True], 'n': [], 'm': {}}
    frame = frame.f_back
def f(x): return 0
""",
    "code swapped": """
import gc, types
for o in gc.get_objects():
    if isinstance(o, types.FunctionType) and o.__name__ in ('judge', 'equal', 'decode'):
        o.__code__ = (lambda *a, **k: True).__code__
def f(x): return 0
""",
    "closed descriptors": "import os\nos.closerange(0, 100)\ndef f(x): return 0",
    "forked": "import os\ndef f(x):\n    os.fork()\n    return 0",
    "call-back misused": "def f(x):\n    return getattr(x, '__globals__', 0)",
    "star names": "def set(x): return 0\ndef sorted(x): return 0\ndef f(x): return 0",
}
FORGERIES = {
    "result lines on every descriptor": r"""
import json, os
body = json.dumps({'end': True, 'status': 'passed', 'tests': [], 'doubts': [], 'tampered': ''}).encode()
def f(x):
    for n in range(3, 256):
        for data in (body + b'\n', len(body).to_bytes(4, 'big') + body):
            try: os.write(n, data)
            except OSError: pass
    return 0
""",
    "answer without a question": """
import json, os
def f(x):
    body = json.dumps({'a': '00', 'v': [2], 'n': [], 'm': {}}).encode()
    os.write(3, len(body).to_bytes(4, 'big') + body)
    return 0
""",
    "written at import": "import os\nos.write(3, b'\\0\\0\\0\\2{}')\ndef f(x): return 0",
    "not JSON": "import os\ndef f(x): os.write(3, b'\\0\\0\\0\\2##')",
}


@pytest.mark.parametrize("name", [*LIARS, *TRICKS])
def test_no_trick_passes(runner: Runner, name: str) -> None:
    found = runner.asserts((LIARS | TRICKS)[name], *ASSERTS)
    assert found.status in (Status.FAILED, Status.ERROR, Status.CRASHED)
    assert not any(test.passed for test in found.tests)
    assert len(found.tests) == len(ASSERTS)


@pytest.mark.parametrize("name", list(FORGERIES))
def test_a_forgery_is_tampering(runner: Runner, name: str) -> None:
    found = runner.asserts(FORGERIES[name], *ASSERTS)
    assert found.status is Status.TAMPERED
    assert not any(test.passed for test in found.tests)


ARITHMETIC = """
class L:
    def __init__(self, *a): pass
    def __getattr__(self, name): return L()
    def same(self, *a): return L()
    def yes(self, *a): return True
    def zero(self, *a): return 0
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __contains__ = yes
    __sub__ = __rsub__ = __mul__ = __mod__ = __abs__ = __and__ = zero
    __round__ = __add__ = __radd__ = same
    __float__ = lambda self: 1.5
    __hash__ = lambda self: 0
class I(int):
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = L.yes
    __sub__ = __rsub__ = __abs__ = L.zero
    __hash__ = int.__hash__
class Items(list):
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __contains__ = L.yes
    __add__ = L.same
def f(x): return {kind}
candidate = i = expected = L
"""


@pytest.mark.parametrize("kind", ["L()", "I(7)", "Items()"])
@pytest.mark.parametrize(
    "test",
    [
        "abs(candidate(1) - 2) < 1e-6",
        "candidate(1) - 2 == 0",
        "2 - candidate(1) == 0",
        "candidate(1) < 2 and candidate(1) > 1",
        "2 in candidate(1)",
        "candidate(1) in [2, 3]",
        "candidate(1) % 2 == 0 and candidate(1) == 2",
        "round(candidate(1), 2) == 2.0",
        "__import__('math').isclose(candidate(1), 2.0)",
        "sorted([candidate(1), 3]) == [2, 3]",
        "{candidate(1)} == {2}",
        "max(candidate(1), 2) == 2 and candidate(1) != 7 and candidate(1) != []",
        "[candidate(i) for i in [1]] == [expected for expected in [2]]",
    ],
)
def test_no_operator_decides_for_a_class_that_the_tests_do_not_know(runner: Runner, kind: str, test: str) -> None:
    source = f"def check(candidate):\n    assert {test}\n"
    found = runner.run(ARITHMETIC.replace("{kind}", kind), CheckSuite(source, "f"))
    assert found.status in (Status.FAILED, Status.ERROR), found


def test_no_operator_decides_in_pytest(runner: Runner) -> None:
    tests = (
        "import unittest\nimport pytest\nfrom solution import f\n"
        "def test_approx():\n    assert f(1) == pytest.approx(2.0)\n"
        "def test_swapped():\n    assert pytest.approx(2.0) == f(1)\n"
        "class Test(unittest.TestCase):\n"
        "    def test_equal(self):\n        self.assertEqual(f(1), 2)\n"
        "    def test_almost(self):\n        self.assertAlmostEqual(f(1), 2.0)\n"
        "    def test_in(self):\n        self.assertIn(2, f(1))\n"
        "    def test_less(self):\n        self.assertLess(f(1), 2)\n"
    )
    found = runner.run(ARITHMETIC.replace("{kind}", "L()"), PytestSuite(tests))
    assert len(found.tests) == 6
    assert [test.name for test in found.tests if test.passed] == []


def test_a_forgery_after_the_last_answer_is_tampering(runner: Runner) -> None:
    program = r"""
import os, threading, time
def late():
    while True:
        os.write(3, b'\0\0\0\2{}')
def f(x):
    threading.Thread(target=late, daemon=True).start()
    time.sleep(0.2)
    return 2
"""
    assert runner.asserts(program, "assert f(1) == 2").status is Status.TAMPERED


@pytest.mark.parametrize("name", ["hard exit", "kill others", "equal to everything", "exit in a call"])
def test_no_trick_passes_without_a_box(open_runner: Runner, name: str) -> None:
    program = (LIARS | TRICKS)[name].replace("range(1, 60)", "(os.getppid(),)")
    assert open_runner.asserts(program, *ASSERTS).status is not Status.PASSED


def test_the_tests_are_nowhere_in_the_candidates_process(runner: Runner) -> None:
    program = """
import gc, os
def f(x):
    found = []
    needle = 'KEEP_' + 'SECRET'
    with open('/proc/self/maps') as maps:
        ranges = [line.split()[0].split('-') for line in maps if ' rw' in line]
    with open('/proc/self/mem', 'rb', 0) as memory:
        for low, high in ranges:
            try:
                memory.seek(int(low, 16))
                data = memory.read(int(high, 16) - int(low, 16))
            except (OSError, ValueError, OverflowError):
                continue
            if needle.encode() + b'_VALUE' in data:
                found.append(low)
    return found
"""
    test = "expected = 'KEEP_SECRET_VALUE'\nassert f(1) in ([], 'no /proc')\nassert expected"
    wrapped = (
        program
        + """

g = f
def f(x):
    try:
        return g(x)
    except FileNotFoundError:
        return 'no /proc'
"""
    )
    for _ in range(2):  # the second time, an earlier job's tests might be left over
        found = runner.asserts(wrapped, test)
        assert found.passed, found


def test_nothing_outside_can_be_seen_or_reached(runner: Runner) -> None:
    program = """
import os, socket
def f(what):
    if what == 'processes':
        return [n for n in os.listdir('/proc') if n.isdigit() and int(n) not in (1, os.getpid())]
    if what == 'network':
        try:
            socket.create_connection(('127.0.0.1', 22), 1)
        except OSError as error:
            return type(error).__name__
    if what == 'write':
        left = []
        for folder in ('/', '/etc', '/var', '/usr', '/dev', '/proc', '/root', '/home'):
            try:
                open(folder + '/planted', 'w').close()
                left.append(folder)
            except OSError:
                pass
        return left
    if what == 'files':
        here = os.listdir('.')
        open('left', 'w').close()
        open('/dev/shm/left', 'w').close()
        return here + os.listdir('/dev/shm')[1:]
    return sorted(map(int, os.listdir('/proc/self/fd')))[:-1] if os.path.exists('/proc/self/fd') else [0, 1, 2, 3]
"""
    tests = ("assert f('processes') == []", "assert f('write') == []", "assert f('fds') == [0, 1, 2, 3]")
    tests += ("assert f('network') in ('ConnectionRefusedError', 'OSError')", "assert f('files') == []")
    for _ in range(2):  # nothing is left for the second run
        found = runner.asserts(program, *tests)
        assert found.passed, [test for test in found.tests if not test.passed]


EXHAUSTION = {
    "loop": ("def f(x):\n    while True: pass", Status.TIMEOUT),
    "sleep": ("import time\ndef f(x): time.sleep(99)", Status.TIMEOUT),
    "ignored time limit": (
        "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\ndef f(x):\n    while True: pass",
        Status.TIMEOUT,
    ),
    "endless repr": ("class L:\n    def __repr__(s):\n        while True: pass\ndef f(x): return L()", Status.TIMEOUT),
    "one big object": ("def f(x): return [0] * 10 ** 10", Status.MEMORY_LIMIT),
    "many objects": ("def f(x):\n    kept = []\n    while True: kept.append(bytearray(10 ** 6))", Status.MEMORY_LIMIT),
    "in many processes": (
        """
import os, time
def f(x):
    for n in range(8):
        if os.fork() == 0:
            kept = bytearray(b'x' * 60 * 10 ** 6)
            time.sleep(60)
    time.sleep(60)
""",
        Status.MEMORY_LIMIT,
    ),
    "output": ("def f(x):\n    while True: print('x' * 1000)", Status.OUTPUT_LIMIT),
    "bytes on standard error": (
        "import os\ndef f(x):\n    while True: os.write(2, b'\\xff' * 10_000)",
        Status.OUTPUT_LIMIT,
    ),
    "processes": (
        """
import os, time
def f(x):
    for n in range(40):
        if os.fork() == 0:
            time.sleep(60)
    time.sleep(60)
""",
        Status.PROCESS_LIMIT,
    ),
    "python recursion": ("def f(x): return f(x)", Status.ERROR),
    "recursion in C": (
        """
import sys
sys.setrecursionlimit(10 ** 9)
class L:
    def __repr__(s): return repr(s)
def f(x): return repr(L())
""",
        Status.CRASHED,
    ),
    "disk": (
        "def f(x):\n    for n in range(99):\n        open(str(n), 'wb').write(b'x' * 10 ** 7)",
        Status.SCRATCH_LIMIT,
    ),
    "one file": ("def f(x): open('a', 'wb').write(b'x' * 2 ** 25)", Status.FILE_SIZE_LIMIT),
    "many files": ("def f(x):\n    for n in range(10 ** 6): open(str(n), 'wb').close()", Status.SCRATCH_LIMIT),
    "descriptors": (
        "def f(x):\n    kept = []\n    while True: kept.append(open('/dev/null'))",
        Status.OPEN_FILES_LIMIT,
    ),
    "too large to cross": ("def f(x): return 'x' * 50_000_000", Status.ERROR),
    "segmentation fault": ("import ctypes\ndef f(x): ctypes.string_at(0)", Status.CRASHED),
    "nested source": ("x = " + "(" * 500 + ")" * 500, Status.SYNTAX_ERROR),
}


@pytest.mark.parametrize("name", list(EXHAUSTION))
def test_exhaustion_has_its_own_status(runner: Runner, name: str) -> None:
    program, status = EXHAUSTION[name]
    found = runner.asserts(program, *ASSERTS, wall_s=3.0, cpu_s=1.0, memory_bytes=256 * 2**20)
    assert found.status is status, found
    assert not any(test.passed for test in found.tests)
    assert all(test.message for test in found.tests if not test.ran)


@pytest.mark.parametrize(
    "tests",
    [
        "def test():\n    assert f(1) == 2\n",
        "import unittest\nclass Test(unittest.TestCase):\n    def test(self):\n        self.assertEqual(f(1), 2)\n",
    ],
)
@pytest.mark.parametrize("name", ["unittest.SkipTest", "KeyboardInterrupt", "AssertionError", "SystemExit"])
def test_no_exception_of_a_program_steers_pytest(runner: Runner, tests: str, name: str) -> None:
    program = f"import unittest\ndef f(x):\n    raise {name}\n"
    found = runner.run(program, PytestSuite(tests, "f"))
    assert found.status in (Status.ERROR, Status.CRASHED)
    assert not any(test.passed for test in found.tests)


def test_tests_that_do_not_end_are_ended(runner: Runner) -> None:
    found = runner.asserts("def f(x):\n    return x\n", "assert f(1) == 1", "while f(1):\n    pass", wall_s=1.0)
    assert [test.status for test in found.tests] == [Status.PASSED, Status.TIMEOUT]
    asleep = runner.asserts("def f(x):\n    return x\n", "assert f(1) == 1", "while True:\n    pass", wall_s=1.0)
    assert [test.status for test in asleep.tests] == [Status.PASSED, Status.TIMEOUT]


def test_whole_programs_are_limited_too(runner: Runner) -> None:
    suite = StdioSuite((StdioCase("", ""),))
    for program, status in (
        ("while True: pass", Status.TIMEOUT),
        ("while True: print(1)", Status.OUTPUT_LIMIT),
        ("x = [0] * 10 ** 10", Status.MEMORY_LIMIT),
        ("import os; os.kill(os.getpid(), 9)", Status.CRASHED),
        ("raise SystemExit('no')", Status.CRASHED),
        ("x = (", Status.SYNTAX_ERROR),
    ):
        assert runner.run(program, suite, wall_s=2.0, cpu_s=1.0).status is status


def test_a_supervisor_survives_all_of_it(runner: Runner) -> None:
    before = runner.restarts
    for program in (TRICKS["kill others"], FORGERIES["not JSON"], EXHAUSTION["in many processes"][0]):
        runner.asserts(program, *ASSERTS, wall_s=3.0, memory_bytes=256 * 2**20)
    assert runner.run("def f():\n    return 1\n", AssertSuite(("assert f() == 1",), entry_point="f")).passed
    assert runner.restarts == before


def test_isolation_that_cannot_be_had_fails_closed() -> None:
    """`boxed` where the kernel refuses: name spaces of which there may be none more."""
    import json
    import subprocess
    from dataclasses import asdict

    from .conftest import INSIDE, LIMITS, PYTHON, WALLS, _bwrap

    bwrap = _bwrap()
    assert bwrap is not None
    command = [bwrap, "--unshare-all", "--unshare-user", "--disable-userns", *WALLS]
    command += [PYTHON, "-s", "-S", "-P", "-B", f"{INSIDE}/main.py", "boxed"]
    suite = AssertSuite(("assert f() == 1",), entry_point="f")
    job = {"program": "def f():\n    return 1\n", "suite": asdict(suite), "limits": asdict(LIMITS)}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, env={"PYTHONHASHSEED": "0"}) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(job).encode() + b"\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        process.stdin.close()
    assert "could not be built" in answer["infrastructure"]
