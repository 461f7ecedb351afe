"""Which tests may share a process with those of other candidates."""

import ast

import pytest

from sandbox.runner.purity import is_pure

PURE = [
    "assert f(1) == 2",
    "import math\nassert math.isclose(f(1), math.pi)",
    "METADATA = {'author': 'x'}\ndef check(candidate):\n    assert candidate([1, 2]) == [3], 'message'",
    "for i in range(3):\n    assert sorted(f(i)) == list(map(str, range(i)))",
    "try:\n    f(-1)\n    assert False\nexcept ValueError:\n    pass",
    "a = [1]; f(a); assert a == [2] and a.index(2) == 0",
    "def near(a, b):\n    return abs(a - b) < 1e-6\nassert near(f(2), 4.0)",
    "assert tuple(f(x) for x in (1, 2)) == (1, 2) and not isinstance(f(1), bool)",
]
IMPURE = [
    "import random\nassert f(random.random())",
    "from math import *\nassert f(1)",
    "import math as sys\nassert f(1)",
    "import math\nmath.pi = 3",
    "math.__loader__.x",
    "class Tree:\n    pass\nassert f(Tree())",
    "root.left = 1\nassert f(root)",
    "f.cache = {}",
    "assert f.__globals__",
    "assert eval('f(1)')",
    "open('/tmp/x', 'w')",
    "getattr(f, 'x')",
    "setattr(int, 'x', 1)",
    "globals()['f'] = 1",
    "__import__('os')",
    "__builtins__['len'] = 1",
    "exec('import os')",
    "type('A', (), {})",
    "input()",
    "'{0.__class__}'.format(f)",
    "def g():\n    global x\n    x = 1",
    "@decorate\ndef g():\n    pass",
    "with f() as x:\n    pass",
    "del f.x",
    "async def g():\n    await f()",
    "def g():\n    yield 1",
    "assert f'{f!r:{w}}'",
]


@pytest.mark.parametrize("source", PURE)
def test_what_only_computes_and_compares_is_pure(source: str) -> None:
    assert is_pure(ast.parse(source))


@pytest.mark.parametrize("source", IMPURE)
def test_what_reaches_further_is_not(source: str) -> None:
    assert not is_pure(ast.parse(source))
