import datetime
import json
import math
from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.runner.wire import Decoder, Encoder, WireError

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text(st.characters(exclude_categories=()))
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.fractions()
    | st.dates()
    | st.times()
    | st.datetimes(timezones=st.none() | st.just(datetime.UTC))
    | st.timedeltas()
    | st.uuids()
    | st.just(...)
)
hashable = st.recursive(scalars, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=5)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(hashable, inner, max_size=4)
        | st.sets(hashable, max_size=4)
        | st.lists(inner, max_size=3).map(deque)
        | st.dictionaries(st.text(), inner, max_size=3).map(OrderedDict)
        | st.binary().map(bytearray)
    ),
    max_leaves=12,
)


def refuse(*_: Any) -> Any:
    raise WireError("not plain")


def cross(value: Any) -> Any:
    encoder = Encoder(refuse)
    message = json.loads(json.dumps([[encoder.encode(value)], encoder.nodes]))
    (result,) = Decoder(message[1], refuse).decode(message[0])
    return result


def fingerprint(value: Any) -> str:
    """Tells apart what `==` does not: types, signs of zero, nan."""
    if isinstance(value, (list, tuple, deque)):
        return f"{type(value).__name__}[{','.join(map(fingerprint, value))}]"
    if isinstance(value, (set, frozenset)):
        return f"{type(value).__name__}[{','.join(sorted(map(fingerprint, value)))}]"
    if isinstance(value, dict):
        pairs = (f"{fingerprint(key)}:{fingerprint(item)}" for key, item in value.items())
        return f"{type(value).__name__}[{','.join(pairs)}]"
    return f"{type(value).__name__}:{value!r}"


@settings(max_examples=200, deadline=None)
@given(values)
def test_a_value_crosses_without_loss(value: Any) -> None:
    assert fingerprint(cross(value)) == fingerprint(value)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.lists(
            st.sampled_from(["l", "t", "d", "s", "f", "i", "D", "r", "q", "zz"])
            | scalars.filter(_json := lambda v: v is None or isinstance(v, (int, str)))
            | st.lists(st.integers(-1, 6), max_size=2),
            max_size=5,
        ),
        max_size=6,
    ),
    st.lists(st.lists(st.integers(-1, 6), max_size=2), max_size=3),
)
def test_what_no_honest_peer_sends_is_refused_in_one_way(nodes: list[Any], items: list[Any]) -> None:
    try:
        Decoder(nodes, refuse).decode(items)
    except WireError:
        return


def test_shared_and_cyclic_references_stay() -> None:
    inner = [1]
    loop: list[Any] = [inner, inner, (inner,)]
    loop.append(loop)
    result = cross(loop)
    assert result[0] is result[1] is result[2][0]
    assert result[3] is result


def test_standard_subclasses_stay_what_they_are() -> None:
    counter = cross(Counter("hello"))
    assert type(counter) is Counter
    assert counter.most_common(1) == [("l", 2)]
    assert cross(deque([1, 2], 5)).maxlen == 5
    assert type(cross(defaultdict(None, {1: 2}))) is defaultdict
    assert cross(Decimal("-0")).is_signed()
    assert cross(Fraction(1, 3)) == Fraction(1, 3)
    assert math.copysign(1, cross(-0.0)) == -1


def test_depth_costs_no_stack() -> None:
    value: Any = []
    for _ in range(20_000):
        value = [value]
    result = cross(value)
    for _ in range(20_000):
        (result,) = result
    assert result == []


def test_two_surrogates_do_not_become_one_character() -> None:
    assert cross("\ud83d\ude00") == "\ud83d\ude00"
    assert len(cross("\ud83d\ude00")) == 2


@pytest.mark.parametrize("members", [{12, 13, 14, 15, 16}, {6, 7, 8, 9, 10, 11}, {64, 32, 1}])
def test_a_set_is_iterated_in_the_same_order(members: set[int]) -> None:
    assert list(cross(members)) == list(members)


def test_a_value_that_refers_to_itself_through_tuples_alone_is_refused() -> None:
    with pytest.raises(WireError):
        Decoder([["t", [1]], ["t", [0]]], refuse).decode([[0]])
