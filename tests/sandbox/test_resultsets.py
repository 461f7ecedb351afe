"""Result sets compared as Spider's official evaluation does, against a search over all orders of the columns."""

from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.resultsets import Row, same_results


def by_trying(expected: list[Row], actual: list[Row], *, ordered: bool) -> bool:
    """The definition, word for word, for values of which no two of different types are equal."""
    if not expected or not actual:
        return not expected and not actual
    if len(expected[0]) != len(actual[0]):
        return False
    moved = ([tuple(row[i] for i in order) for row in actual] for order in permutations(range(len(actual[0]))))
    if ordered:
        return expected in moved
    return Counter(expected) in map(Counter, moved)


@pytest.mark.parametrize(
    ("expected", "actual", "ordered", "same"),
    [
        ([(1, "a"), (2, "b")], [("b", 2), ("a", 1)], False, True),
        ([(1, "a"), (2, "b")], [("b", 2), ("a", 1)], True, False),
        ([(1, "a"), (2, "b")], [("a", 1), ("b", 2)], True, True),
        ([(1,), (1,), (2,)], [(1,), (2,), (2,)], False, False),
        ([(1,), (1,)], [(1,)], False, False),
        ([], [], True, True),
        ([], [(None,)], False, False),
        ([(1, 2)], [(1, 2, 2)], False, False),
        ([(1,)], [("1",)], False, False),
        ([(None,)], [(None,)], False, True),
        ([(None,)], [("",)], False, False),
        ([(None,)], [(0,)], False, False),
        ([(b"a",)], [("a",)], False, False),
        ([(1.0,)], [(1,)], False, True),
        ([(0.1 + 0.2,)], [(0.3,)], False, False),
        # Equal columns one by one, but not together.
        ([(1, 1), (2, 2)], [(1, 2), (2, 1)], False, False),
        # The official evaluation first sorts each row's values by their text and type, and 1 then stands behind 10.
        ([(1.0, 10)], [(1, 10)], False, False),
        ([(1.0, 2)], [(1, 2)], False, True),
    ],
)
def test_each_rule(expected: list[Row], actual: list[Row], ordered: bool, same: bool) -> None:
    assert same_results(expected, actual, ordered=ordered) is same
    assert same_results(actual, expected, ordered=ordered) is same


VALUES = st.none() | st.integers(0, 2) | st.sampled_from(["a", "b", "0", "None"])


@st.composite
def two_results(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """Two results, the second often the first with its rows and columns moved, and often with one value changed."""
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.tuples(*[VALUES] * width), max_size=6))
    if draw(st.booleans()):
        return rows, draw(st.lists(st.tuples(*[VALUES] * width), min_size=len(rows), max_size=len(rows)))
    order = draw(st.permutations(range(width)))
    moved = [tuple(row[i] for i in order) for row in rows]
    moved = draw(st.permutations(moved)) if draw(st.booleans()) else moved
    if moved and draw(st.booleans()):
        at = draw(st.integers(0, len(moved) - 1))
        moved = [*moved[:at], (draw(VALUES), *moved[at][1:]), *moved[at + 1 :]]
    return rows, list(moved)


@given(two_results(), st.booleans())
def test_as_by_trying_all_orders_of_the_columns(results: tuple[list[Row], list[Row]], ordered: bool) -> None:
    expected, actual = results
    assert same_results(expected, actual, ordered=ordered) is by_trying(expected, actual, ordered=ordered)


def test_columns_that_are_alike_do_not_multiply_the_work() -> None:
    rows: list[Row] = [(0,) * 200, (1,) * 200]
    assert same_results(rows, rows[::-1], ordered=False)
    # 30 columns, each with its own one among zeros: every order of the columns fits some order of the rows.
    diagonal: list[Row] = [tuple(int(i == j) for j in range(30)) for i in range(30)]
    assert same_results(diagonal, [row[::-1] for row in diagonal], ordered=False)
    assert same_results(diagonal, diagonal, ordered=True)
    assert not same_results(diagonal, [*diagonal[1:], diagonal[1]], ordered=False)
