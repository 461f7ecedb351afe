"""Generated liars: every special method that judging might ask, lying in every way, in every place of a result."""

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.protocol import Executor
from sandbox.types import AssertSuite, Execution, Limits

# What decides here is the same in every box.
pytestmark = pytest.mark.parametrize("open_walled", ["bubblewrap"], indirect=True, scope="session")

LIMITS = Limits(wall_s=60, cpu_s=20)

COMPARING = "eq ne lt le gt ge contains"
NUMERIC = "add radd sub rsub mul rmul mod rmod floordiv rfloordiv truediv rtruediv pow rpow and rand or ror xor rxor"
ANSWERING = "bool len length_hint hash index int float complex round trunc floor ceil neg pos abs invert divmod"
SHOWING = "str repr format bytes dir sizeof fspath"
HOLDING = "iter next reversed getitem missing call enter exit await aiter instancecheck subclasscheck"
COPYING = "reduce reduce_ex copy deepcopy getstate getnewargs class_getitem getattr getattribute set_name get"
METHODS = [
    f"__{name}__" for names in (COMPARING, NUMERIC, ANSWERING, SHOWING, HOLDING, COPYING) for name in names.split()
]

# A base, and an instance of it that is as wrong as can be: no expected value is equal to it.
BASES = {
    "object": "Liar()",
    "int": "Liar(7)",
    "float": "Liar(7.5)",
    "complex": "Liar(7j)",
    "str": "Liar('zzz')",
    "bytes": "Liar(b'zzz')",
    "list": "Liar([7])",
    "tuple": "Liar((7,))",
    "set": "Liar({7})",
    "frozenset": "Liar({7})",
    "dict": "Liar(z=7)",
    "bytearray": "Liar(b'zzz')",
    "collections.deque": "Liar([7])",
    "collections.Counter": "Liar('z')",
    "collections.OrderedDict": "Liar(z=7)",
    "datetime.date": "Liar(1999, 1, 1)",
    "fractions.Fraction": "Liar(7, 3)",
    "decimal.Decimal": "Liar('7.5')",
}
LIES = ["True", "False", "0", "1", "-1", "NotImplemented", "None", "self", "Liar", "'zzz'", "iter(())", "1 / 0"]
EXPECTED = ["2", "'b'", "[2, 3]", "(2, 3)", "{2, 3}", "{'a': 2}", "2.5", "b'ab'", "frozenset({2})", "None", "True"]
# Where in a result the liar is, and the tests' look at it: `{}` is the expected value.
PLACES = {
    "LIAR": ["assert f() == {}", "assert {} == f()", "assert not f() != {}", "assert f() in ({}, 'other')"],
    "[LIAR]": ["assert f() == [{}]", "assert [{}] == f()", "assert {} in f()", "assert f()[0] == {}"],
    "(LIAR, 1)": ["assert f() == ({}, 1)", "assert ({}, 1) == f()", "assert f()[0] == {}"],
    "{'key': LIAR}": ["assert f() == {{'key': {}}}", "assert f()['key'] == {}", "assert {} in f().values()"],
    "{KEY: 1}": ["assert f() == {{2: 1}}", "assert 2 in f()", "assert f()[2] == 1"],
    "{KEY}": ["assert f() == {{2}}", "assert 2 in f()", "assert f() >= {{2}}"],
    "generator(LIAR)": ["assert list(f()) == [{}]", "assert next(f()) == {}", "assert {} in f()"],
    "lambda: LIAR": ["assert f()() == {}"],
    "Holder(LIAR)": ["assert f().value == {}", "assert [f().value] == [{}]"],
    "failing(LIAR)": [
        "try: f()\nexcept ValueError as error: assert error.value == {}",
        "try: f()\nexcept ValueError as error: assert error.args == ({},)",
    ],
}
PROGRAM = """
import collections
import datetime
import decimal
import fractions


class Liar({base}):
{methods}


class Holder:
    def __init__(self, value):
        self.value = value


def generator(value):
    yield value


def failing(value):
    error = ValueError(value)
    error.value = value
    raise error


def f():
    return {place}
"""
HASH = "    def __hash__(self):\n        return 2\n"


@dataclass(frozen=True)
class Liar:
    """A class whose methods lie, and where its instance is."""

    base: str
    lies: tuple[tuple[str, str], ...]
    place: str

    def program(self) -> str:
        """The program that returns it."""
        methods = [f"    def {name}(self, *ignored):\n        return {lie}\n" for name, lie in self.lies]
        if "KEY" in self.place and "__hash__" not in dict(self.lies):
            methods.append(HASH)
        instance = BASES[self.base]
        place = self.place.replace("LIAR", instance).replace("KEY", instance)
        return PROGRAM.format(base=self.base, methods="\n".join(methods) or "    pass", place=place)

    def suite(self, expected: list[str]) -> AssertSuite:
        """Tests that no honest result but the expected would pass."""
        return AssertSuite(tuple(dict.fromkeys(test.format(text) for test in PLACES[self.place] for text in expected)))


def fooled(execution: Execution) -> list[str]:
    """The tests that a liar has passed."""
    return [test.name for test in execution.tests if test.passed]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("place", PLACES)
async def test_the_truth_passes_everywhere(job: Executor, place: str) -> None:
    truth = Liar("int", (), place)
    execution = await job.run(truth.program().replace("Liar(7)", "2"), truth.suite(["2"]), LIMITS)
    assert execution.passed, execution


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("base", BASES)
async def test_no_liar_that_answers_yes_to_everything_passes(job: Executor, base: str, place: str) -> None:
    lies = dict.fromkeys([f"__{name}__" for name in f"{COMPARING} bool".split()], "True") | {
        "__ne__": "False",
        "__hash__": "2",
        "__len__": "1",
    }
    liar = Liar(base, tuple(lies.items()), place)
    execution = await job.run(liar.program(), liar.suite(EXPECTED), LIMITS)
    assert fooled(execution) == []
    assert all(test.ran for test in execution.tests) or not execution.passed


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("method", METHODS)
async def test_no_single_lying_method_passes(job: Executor, method: str) -> None:
    for base in ("object", "int", "dict"):
        for lie in ("True", "self"):
            liar = Liar(base, ((method, lie),), "LIAR")
            execution = await job.run(liar.program(), liar.suite(EXPECTED), LIMITS)
            assert fooled(execution) == [], (base, lie)


LIARS = st.builds(
    Liar,
    st.sampled_from(sorted(BASES)),
    st.dictionaries(st.sampled_from(METHODS), st.sampled_from(LIES), max_size=8).map(lambda lies: tuple(lies.items())),
    st.sampled_from(sorted(PLACES)),
)


@pytest.mark.asyncio(loop_scope="module")
@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(liar=LIARS, expected=st.lists(st.sampled_from(EXPECTED), min_size=1, max_size=4))
async def test_no_mixture_of_lies_passes(job: Executor, liar: Liar, expected: list[str]) -> None:
    execution = await job.run(liar.program(), liar.suite(expected), LIMITS)
    assert fooled(execution) == []
