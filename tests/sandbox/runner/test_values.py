import pytest

from .conftest import Runner

pytestmark = pytest.mark.sandbox

ECHO = "def f(x):\n    return x\n"


@pytest.mark.parametrize(
    "value",
    [
        "(1, [2, {3}], frozenset({4}))",
        "{'a': (1,), 2: None, (1, 2): b'x'}",
        "10 ** 5000",
        "-2 ** 63 - 1",
        "True",
        "1.5e300",
        "float('inf')",
        "'\\ud800 \\U0001f600 é'",
        "range(3, 9, 2)",
        "slice(1, None)",
        "complex(1, -0.0)",
        "bytearray(b'abc')",
        "__import__('collections').deque([1, 2], 3)",
        "__import__('collections').Counter('abca')",
        "__import__('collections').OrderedDict(b=1, a=2)",
        "__import__('decimal').Decimal('1.50')",
        "__import__('fractions').Fraction(2, 3)",
        "__import__('datetime').datetime(2020, 1, 2, 3, tzinfo=__import__('datetime').timezone.utc)",
        "int",
        "...",
    ],
)
def test_values_come_back_as_they_went(runner: Runner, value: str) -> None:
    found = runner.asserts(
        ECHO,
        f"v = {value}\nr = f(v)\nassert r == v\nassert type(r) is type(v)\nassert type(v) is int or repr(r) == repr(v)",
    )
    assert found.passed, found
    assert not found.unverified


@pytest.mark.parametrize(
    ("program", "test"),
    [
        ("def f(x):\n    x.sort()\n", "v = [3, 1]\nassert f(v) is None\nassert v == [1, 3]"),
        ("def f(x):\n    return x\n", "v = [1]\nassert f(v) is v"),
        ("def f(x):\n    return x is x[0]\n", "v = []\nv.append(v)\nassert f(v)"),
        ("def f(a, b):\n    a.append(1)\n    return b\n", "v = []\nassert f(v, v) == [1]"),
        (
            "def f(d):\n    d['k'].add(2)\n    del d['x']\n",
            "s = {1}\nd = {'k': s, 'x': 0}\nf(d)\nassert d == {'k': {1, 2}}\nassert d['k'] is s",
        ),
        ("def f(g, x):\n    return [g(n) for n in x]\n", "assert f(lambda n: n * 2, [1, 2]) == [2, 4]"),
        ("def f(g, x):\n    return sorted(x, key=g)\n", "assert f(len, ['aa', 'b']) == ['b', 'aa']"),
        ("def f(it):\n    return next(it), list(it)\n", "assert f(iter([1, 2, 3])) == (1, [2, 3])"),
        ("def f(n):\n    return lambda x: x + n\n", "assert f(2)(3) == 5"),
        (
            "import itertools\ndef f():\n    return itertools.count()\n",
            "g = f()\nassert next(g) == 0\nassert next(g) == 1",
        ),
        (
            "def f(g):\n    try:\n        g()\n    except KeyError as e:\n        return e.args\n",
            "def g():\n    raise KeyError('k')\nassert f(g) == ('k',)",
        ),
        (
            "def f():\n    raise KeyError('k')\n",
            "try:\n    f()\nexcept KeyError as e:\n    assert e.args == ('k',)\nelse:\n    assert False",
        ),
        ("def f():\n    return ValueError('v')\n", "assert isinstance(f(), ValueError)\nassert str(f()) == 'v'"),
        (
            "class L(list):\n    pass\ndef f():\n    return L([1])\n",
            "assert f() == [1]\nassert isinstance(f(), list)\nassert [1] == f()",
        ),
        (
            "import collections\nP = collections.namedtuple('P', 'a b')\ndef f():\n    return P(1, 2)\n",
            "a, b = f()\nassert f() == (1, 2)\nassert f().b == b == 2",
        ),
        (
            """
class V:
    def __init__(s, x):
        s.x = x
    def __add__(s, o):
        return V(s.x + o.x)
    def __eq__(s, o):
        return s.x == o.x
f = V
""",
            "assert (V(1) + V(2)).x == 3\nassert V(1) + V(2) == V(3)\nassert V(1) != V(2)",
        ),
        (
            "class V:\n    pass\ndef f():\n    return V()\n",
            "assert f() != f()\nv = f()\nassert v == v\nv.n = 4\nassert v.n == 4",
        ),
        (
            "import enum\nclass C(enum.IntEnum):\n    A = 1\ndef f():\n    return C.A\n",
            "assert f() == 1\nassert f() is f()\nassert f().name == 'A'",
        ),
        ("def f(x):\n    return {k: v for k, v in x}\n", "assert f(zip('ab', [1, 2])) == {'a': 1, 'b': 2}"),
        ("def f(x):\n    return x.keys()\n", "assert f({1: 2}) == {1}"),
        ("def f(file):\n    return file.read()\n", "import io\nassert f(io.StringIO('text')) == 'text'"),
        (
            """
import inspect, pickle
from dataclasses import dataclass
@dataclass
class D:
    x: int
def f():
    return inspect.getsource(f), pickle.loads(pickle.dumps(D(1))) == D(1)
""",
            "assert f()[0].startswith('def f')\nassert f()[1]",
        ),
        (
            "import sys\nsys.setrecursionlimit(20000)\ndef f(n):\n    return f(n - 1) + 1 if n else 0\n",
            "assert f(15000) == 15000",
        ),
        (
            """
from functools import lru_cache
@lru_cache(None)
def f(n):
    return n if n < 2 else f(n - 1) + f(n - 2)
""",
            "assert f(80) == 23416728348467685",
        ),
        ("import math\ndef f(x):\n    return x\n", "assert math.isclose(f(1.0), 1.0)"),
        (
            """
import threading
def f():
    out = []
    t = threading.Thread(target=out.append, args=(1,))
    t.start()
    t.join()
    return out
""",
            "assert f() == [1]",
        ),
        (
            """
import subprocess, sys
def f():
    return subprocess.run([sys.executable, '-S', '-c', 'print(6)'], capture_output=True).stdout
""",
            "assert f() == b'6\\n'",
        ),
        (
            """
import builtins
real = builtins.print
builtins.print = lambda *a: real('>', *a)
def f():
    print(1)
    return 1
""",
            "assert f() == 1",
        ),
        ("def f(x):\n    open('file', 'w').write(x)\n    return open('file').read()\n", "assert f('abc') == 'abc'"),
    ],
)
def test_honest_programs_that_look_odd(runner: Runner, program: str, test: str) -> None:
    found = runner.run(program, _suite(test))
    assert found.passed, found
    assert not found.unverified


def _suite(test: str):  # type: ignore[no-untyped-def]
    from sandbox.types import AssertSuite

    return AssertSuite((test,), entry_point="f")


def test_a_class_whose_operators_the_test_asks_for_is_marked(runner: Runner) -> None:
    program = """
class Money:
    def __init__(self, n):
        self.n = n
    def __eq__(self, o):
        return self.n == o
    def __lt__(self, o):
        return self.n < o.n
"""
    equal = runner.asserts(program, "assert Money(1) == 1", entry_point="Money")
    assert equal.passed
    assert "__eq__" in equal.unverified
    less = runner.asserts(program, "assert Money(1) < Money(2)", entry_point="Money")
    assert less.passed
    assert "__lt__" in less.unverified


def test_the_same_set_order_each_time(runner: Runner) -> None:
    program = "def f():\n    return list(set('abcdefgh'))\n"
    first = runner.asserts(program, "assert f() == 0").tests[0].actual
    from .conftest import Runner as Fresh

    other = Fresh(isolate=False)
    try:
        assert other.asserts(program, "assert f() == 0").tests[0].actual == first
    finally:
        other.close()
