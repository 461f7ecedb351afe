# Tries: use generics, protocols, overloads, typed dictionaries and new types
# Test: assert f([1, 2]) == 3
# Test: assert Box[int](2).get() == 2
# Test: assert make() == {'name': 'x', 'size': 1}
# Test: assert ident('a') == 'a'
# Expect: passed
from typing import Any, Generic, NewType, Protocol, TypedDict, TypeVar, overload

T = TypeVar("T")
Id = NewType("Id", str)


class Summable(Protocol):
    def __add__(self, other: Any) -> Any: ...


class Named(TypedDict):
    name: str
    size: int


class Box(Generic[T]):
    def __init__(self, item: T) -> None:
        self.item = item

    def get(self) -> T:
        return self.item


@overload
def f(values: list[int]) -> int: ...
@overload
def f(values: list[str]) -> str: ...
def f(values):
    total = values[0]
    for value in values[1:]:
        total += value
    return total


def make() -> Named:
    return Named(name="x", size=1)


def ident(text):
    return Id(text)
