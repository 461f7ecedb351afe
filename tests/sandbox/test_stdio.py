"""How the output of whole programs is compared: what agrees, what differs, and how a difference is told."""

import math
import re
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sandbox.stdio import Compare, difference, encoded

MODES: tuple[Compare, ...] = get_args(Compare)
WITHOUT_SURROGATES = st.text(st.characters(exclude_categories=["Cs"]))
# Few letters, so that texts are often nearly equal; bytes that are no UTF-8, white space of all sorts, numbers.
RAW = st.lists(st.sampled_from([b"a", b"1", b"1.0", b" ", b"\n", b"\t", b"\r\n", b"\xff", "é".encode(), b"\0"])).map(
    b"".join
)
SPACE = st.text(" \t\n\r\v\f", min_size=1)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
TOLERANCES = st.floats(0, 10, allow_nan=False)


def text(data: bytes) -> str:
    """The text that stands for these bytes in a problem."""
    return data.decode("utf-8", "surrogateescape")


def agree(expected: str, actual: str | bytes, compare: Compare, tolerance: float = 1e-6) -> bool:
    return not difference(expected, actual if isinstance(actual, bytes) else actual.encode(), compare, tolerance)


@given(RAW, st.sampled_from(MODES))
def test_every_output_agrees_with_itself(data: bytes, compare: Compare) -> None:
    assert difference(text(data), data, compare) == ""


@given(RAW)
def test_bytes_survive_as_text(data: bytes) -> None:
    assert encoded(text(data)) == data


@given(RAW, RAW)
def test_exact_differs_whenever_bytes_do(one: bytes, other: bytes) -> None:
    assert (difference(text(one), other, "exact") == "") == (one == other)


@given(RAW, RAW)
def test_each_mode_forgives_what_the_one_before_does(one: bytes, other: bytes) -> None:
    verdicts = [agree(text(one), other, compare) for compare in ("exact", "lines", "tokens", "float")]
    assert verdicts == sorted(verdicts)


@given(RAW, RAW)
def test_lines_is_what_it_says(one: bytes, other: bytes) -> None:
    def lines(data: bytes) -> list[bytes]:
        return [re.sub(rb"[ \t\n\r\v\f]+$", b"", line) for line in re.sub(rb"[ \t\n\r\v\f]+$", b"", data).split(b"\n")]

    assert agree(text(one), other, "lines") == (lines(one) == lines(other))


@given(st.lists(st.tuples(st.sampled_from(["a", "1", "é", "1e3", "\u00a0", "\u2028"]), SPACE, SPACE)))
def test_white_space_does_not_matter_under_tokens(words: list[tuple[str, str, str]]) -> None:
    one, other = ("".join(word + spaces[index] for word, *spaces in words) for index in range(2))
    assert agree(one, f"\n {other}", "tokens")
    assert agree(one, f"\n {other}", "float")


@given(RAW, RAW)
def test_tokens_are_what_lies_between_white_space(one: bytes, other: bytes) -> None:
    assert agree(text(one), other, "tokens") == (one.split() == other.split())


@given(FINITE, FINITE, TOLERANCES)
def test_numbers_agree_exactly_when_they_are_close(expected: float, actual: float, tolerance: float) -> None:
    wanted, came, most = Decimal(repr(expected)), Decimal(repr(actual)), Decimal(repr(tolerance))
    close = abs(came - wanted) <= most * max(Decimal(1), abs(wanted))
    assume(abs(abs(came - wanted) - most * max(Decimal(1), abs(wanted))) > Decimal("1e-20") * abs(wanted))
    assert agree(repr(expected), repr(actual), "float", tolerance) == close


@given(FINITE, st.floats(-2, 2), TOLERANCES)
def test_near_numbers_agree_exactly_when_they_are_close(expected: float, share: float, tolerance: float) -> None:
    actual = expected + share * tolerance * max(1.0, abs(expected))
    assume(math.isfinite(actual))
    assume(not math.isclose(abs(actual - expected), tolerance * max(1.0, abs(expected)), rel_tol=1e-9))
    close = abs(actual - expected) < tolerance * max(1.0, abs(expected))
    assert agree(repr(expected), repr(actual), "float", tolerance) == close


@given(st.floats(-1, 1), st.floats(-1, 1), TOLERANCES)
def test_absolute_closeness_is_symmetric(one: float, other: float, tolerance: float) -> None:
    assert agree(repr(one), repr(other), "float", tolerance) == agree(repr(other), repr(one), "float", tolerance)


ALIKE = [
    ("1", "1.0"), ("1", "1."), ("0.5", ".5"), ("0.5", "+5e-1"), ("-0", "0"), ("1e3", "1000"), ("1E3", "1e+03"),
    ("007", "7"), ("inf", "INF"), ("inf", "+Infinity"), ("-inf", "-Infinity"), ("nan", "NaN"), ("nan", "-nan"),
    ("1e400", "10e399"), ("100000000", "100000001"), ("0.333333", "0.3333333333"), ("x 1 y", "x\n1.0000001\ny"),
    ("1e-400", "0"), ("9" * 500, "9" * 499 + "8"),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "actual"), ALIKE)
def test_numbers_that_are_close(expected: str, actual: str) -> None:
    assert agree(expected, actual, "float")
    assert agree(actual, expected, "float")


APART = [
    ("1000", "1_000"), ("10", "0xa"), ("16", "0x10"), ("1", "true"), ("1", "1.1"), ("1", "-1"), ("1", "1f"),
    ("inf", "-inf"), ("inf", "nan"), ("nan", "1"), ("inf", "1e400"), ("9" * 400, "inf"), ("9" * 400, "8" * 400),
    ("1", "١"), ("1", "１"), ("1.5", "1,5"), ("1", ""), ("", "1"), ("1 2", "1"), ("1", "1 2"), ("1 2", "12"),
    ("nan", "nan123"), ("nan", "snan"), ("a", "A"), ("1", "1e"), ("1", "e1"), ("0", "."), ("1", "1\0"), ("1", "(1)"),
    ("1", "1e99999999999999999999999"), ("0", "1e99999999999999999999999"), ("1", "\u00a01"),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "actual"), APART)
def test_what_is_no_number_or_not_close(expected: str, actual: str) -> None:
    assert not agree(expected, actual, "float")
    assert not agree(actual, expected, "float")


def test_a_tolerance_is_absolute_or_relative_to_what_was_expected() -> None:
    assert agree("0.1", "0.2", "float", 0.1)
    assert agree("1000", "1100", "float", 0.1)
    assert not agree("1000", "1100.1", "float", 0.1)
    assert not agree("1000", "1111", "float", 0.1)
    assert agree("1111", "1000", "float", 0.1)
    assert not agree("0", "0.11", "float", 0.1)
    assert agree("0.1", "0.100001", "float", 1e-6)
    for none in (0.0, -1.0, math.nan):
        assert agree("1", "1.0", "float", none)
        assert not agree("1", "1.0000000000000000000000000000000000000000000000001", "float", none)


def test_integers_are_text_where_no_tolerance_is_asked_for() -> None:
    for compare in MODES[:-1]:
        assert not agree("1", "1.0", compare)
        assert not agree("7", "007", compare)


@pytest.mark.parametrize(
    ("expected", "actual", "compare", "told"),
    [
        ("a\n", b"a", "exact", r"line 1 of the output is 'a', expected 'a\n'"),
        ("a\n", b"a\r\n", "exact", r"line 1 of the output is 'a\r\n', expected 'a\n'"),
        ("a\n", b"a\n\n", "exact", r"line 2 of the output is '\n', expected the end"),
        ("a\nb\n", b"a\n", "exact", r"the output ends before line 2, expected 'b\n'"),
        ("a", b"", "exact", "the output is empty, expected 'a'"),
        ("", b"a", "exact", "line 1 of the output is 'a', expected nothing"),
        ("é\udcff", b"\xc3\xa9\xfe", "exact", r"line 1 of the output is b'\xc3\xa9\xfe', expected b'\xc3\xa9\xff'"),
        ("1\n2\n3", b"1\n2 \n4\n", "lines", "line 3 of the output is '4', expected '3'"),
        ("1\n2", b"1\n", "lines", "the output ends before line 2, expected '2'"),
        ("1", b"1\n\n2", "lines", "line 2 of the output is '', expected the end"),
        ("1", b" \n", "lines", "the output is empty, expected '1'"),
        ("a b\nc", b"a\nb d", "tokens", "token 3 of the output (line 2) is 'd', expected 'c'"),
        ("a", b"a\n\nb", "tokens", "token 2 of the output (line 3) is 'b', expected the end"),
        ("a b", b"a", "tokens", "the output ends before token 2, expected 'b'"),
        ("0.5", b"0.6", "float", "token 1 of the output (line 1) is '0.6', expected '0.5'"),
        ("", b"\xff", "float", r"token 1 of the output (line 1) is b'\xff', expected nothing"),
    ],
)
def test_a_difference_is_told_in_one_line(expected: str, actual: bytes, compare: Compare, told: str) -> None:
    assert difference(expected, actual, compare) == told


@given(WITHOUT_SURROGATES, WITHOUT_SURROGATES, st.sampled_from(MODES))
def test_what_is_told_is_short_and_printable(one: str, other: str, compare: Compare) -> None:
    for times in (1, 500):
        told = difference(one * times, (other * times).encode(), compare)
        assert told.isprintable()
        assert len(told) < 2000


def test_a_long_line_is_told_by_its_difference() -> None:
    told = difference("é" * 10_000 + "x" + "y" * 10_000, ("é" * 10_000 + "z" + "y" * 10_000).encode(), "lines")
    found = re.fullmatch(r"line 1 of the output is …'(é+)zy+'…, expected …'(é+)xy+'…", told)
    assert found is not None
    assert found[1] == found[2]


MEGABYTES = {
    "one line": b"1" * 2**22,
    "one number with a fraction": b"0." + b"1" * 2**22,
    "digits that end badly": b"1" * 2**22 + b"x",
    "points": b"." * 2**22,
    "exponents": b"1e" * 2**21,
    "signs": b"+-" * 2**21,
    "short lines": b"1\n" * 2**20,
    "numbers": b"1.5 " * 2**19,
    "white space": b" " * 2**22,
    "trailing blanks everywhere": (b"1" + b" " * 1000 + b"\n") * 2**12,
    "blanks before a letter": b" " * 2**22 + b"x",
    "half characters": b"\x80" * 2**22,
    "huge exponent": b"1e999999999999999 " * 2**10,
}


@pytest.mark.parametrize("name", MEGABYTES)
@pytest.mark.parametrize("compare", MODES)
def test_megabytes_are_compared(name: str, compare: Compare) -> None:
    """Quadratic work on any of these would take hours, not be a little slow."""
    actual = MEGABYTES[name]
    middle = len(actual) // 2
    assert difference(text(actual), actual, compare) == ""
    assert difference(text(actual + b"\nend"), actual, compare) != ""
    assert difference(text(actual[:middle] + b" other " + actual[middle:]), actual, compare) != ""
    assert difference("0.5", actual, compare) != ""
