"""Whether two queries returned the same, as the official evaluation of Spider judges it (Zhong, Yu and Klein, 2020).

"Semantic Evaluation for Text-to-SQL with Distilled Test Suites", section 3: the same bag of rows, up to an order of
the columns; and the same list of rows where the reference query sorts. Pure; host side.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

Value = None | int | float | str | bytes
Row = tuple[Value, ...]

_MOST_WORK = 20_000_000  # looks at one value; only made-up tables, alike in all their columns, come near


def same_results(expected: Sequence[Row], actual: Sequence[Row], *, ordered: bool) -> bool:
    """Whether some order of the columns makes the results equal.

    Values are equal as Python's are: 1 is 1.0, but not '1'; NULL is NULL. Two empty results are equal whatever their
    columns. Where equal numbers of different types sort differently among the row's other values, the official
    evaluation calls the rows different (1.0 beside 10 is not 1 beside 10); so does this.
    """
    if not expected and not actual:
        return True
    if len(expected) != len(actual) or len(expected[0]) != len(actual[0]):
        return False
    wanted, came = [_unordered(row) for row in expected], [_unordered(row) for row in actual]
    if ordered:
        return wanted == came and Counter(zip(*expected, strict=True)) == Counter(zip(*actual, strict=True))
    return set(wanted) == set(came) and _Permutation(expected, actual).exists()


def _unordered(row: Row) -> Row:
    """The row's values in an order that does not depend on that of the columns."""
    return tuple(sorted(row, key=lambda value: str(value) + str(type(value))))


class _Permutation:
    """The search for an order of the columns in which two bags of rows are equal.

    Column by column, each row is known by a number that stands for its values so far: a column fits where it gives
    the same numbers, as often, as the expected one. The columns with most different values come first, after which
    little is left to choose.
    """

    def __init__(self, expected: Sequence[Row], actual: Sequence[Row]) -> None:
        self._wanted = sorted(zip(*expected, strict=True), key=lambda column: -len(set(column)))
        self._columns: list[Row] = list(zip(*actual, strict=True))
        self._work = 0
        self._numbers: list[dict[tuple[int, Value], int]] = []
        self._counts: list[Counter[int]] = []
        classes = [0] * len(expected)
        for column in self._wanted:
            numbers: dict[tuple[int, Value], int] = {}
            classes = [numbers.setdefault(pair, len(numbers)) for pair in zip(classes, column, strict=True)]
            self._numbers.append(numbers)
            self._counts.append(Counter(classes))

    def exists(self) -> bool:
        """Whether there is one. No, too, where that is not found out in any reasonable time."""
        rows = len(self._columns[0]) if self._columns else 0
        pending = [self._fitting([], [0] * rows)]
        while pending:
            step = next(pending[-1], None)
            if step is None:
                pending.pop()
                continue
            taken, classes = step
            if len(taken) == len(self._wanted):
                return True
            pending.append(self._fitting(taken, classes))
        return False

    def _fitting(self, taken: list[int], classes: list[int]) -> Iterator[tuple[list[int], list[int]]]:
        """The columns that fit next."""
        depth, tried = len(taken), set[Row]()
        for index, column in enumerate(self._columns):
            if index in taken or column in tried or self._work > _MOST_WORK:
                continue
            tried.add(column)
            self._work += len(column)
            numbers = self._numbers[depth]
            found = [numbers.get(pair, -1) for pair in zip(classes, column, strict=True)]
            if Counter(found) == self._counts[depth]:
                yield [*taken, index], found
