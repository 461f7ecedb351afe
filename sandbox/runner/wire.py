"""Tagged plain data: the only form in which values cross between the tests and the candidate.

A message is a list of items and a flat table of nodes. An item is None, a bool, an int of 64 bits, a float or a str as
itself, or `[i]`, a reference to node i. A node is `[tag, *items]`. Because the table is flat, shared, nested and cyclic
values cross as they are and depth costs no stack. Whatever a peer sends, decoding builds only values of the types in
`CODECS`, by constructors of this side; all that is not plain is left to the `special` hook of the side.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .plain import CODECS, Codec, codec_of

MAX_NODES = 2_000_000
MAX_DEPTH = 50_000
_INT64 = 2**63
_MANY = 16

Item = Any  # None | bool | int | float | str | [int]
Node = list[Any]


class WireError(ValueError):
    """A message that no honest peer sends, or a value that is too large or too deep to cross."""


def _has_surrogates(text: str) -> bool:
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _cross_as_they_are(values: list[Any]) -> bool:
    """Whether many values can be sent as they are; sees it of the usual lists at once."""
    kinds = set(map(type, values))
    if kinds == {int}:
        return bool(min(values) >= -_INT64 and max(values) < _INT64)
    if kinds == {str}:
        return "".join(values).isascii()
    return kinds <= {float, bool}


class Encoder:
    """Turns values into items over one table of nodes.

    Args:
        export: Makes the node of a value that is not plain data. It may call `item` for parts.
        known: Values (by id) that the other side already has, with their nodes.

    Attributes:
        values: The value behind each node.
    """

    def __init__(self, export: Callable[["Encoder", Any], Node], known: dict[int, Node] | None = None) -> None:
        self.nodes: list[Node] = []
        self._export = export
        self._known = known or {}
        self._memo: dict[int, list[int]] = {}
        self.values: list[Any] = []  # also keeps what is made on the way alive, so that no id is used twice
        self._open: list[tuple[int, Any, int]] = []
        self._depth = 0

    def encode(self, value: Any) -> Item:
        """Encode one value with everything that it holds.

        Raises:
            WireError: It is too large or nested too deeply.
        """
        item = self.item(value)
        while self._open:
            index, value, self._depth = self._open.pop()
            self.nodes[index] = self._known.get(id(value)) or self.node(value)
        self._depth = 0
        return item

    def item(self, value: Any) -> Item:
        """Encode a scalar, or note a container for later."""
        kind = type(value)
        if value is None or kind is bool or kind is float:
            return value
        if kind is int and -_INT64 <= value < _INT64:
            return value
        if kind is str and not _has_surrogates(value):
            return value
        reference = self._memo.get(id(value))
        if reference is None:
            if len(self.nodes) >= MAX_NODES or self._depth >= MAX_DEPTH:
                raise WireError("the value is too large to cross between the candidate and its tests")
            reference = self._memo[id(value)] = [len(self.nodes)]
            self._open.append((reference[0], value, self._depth + 1))
            self.values.append(value)
            self.nodes.append([])
        return reference

    def node(self, value: Any) -> Node:
        """Encode one container, its members as items."""
        codec = codec_of(value)
        if codec is None:
            return self._export(self, value)
        parts = codec.extract(value)
        if len(parts) > _MANY and _cross_as_they_are(parts[1:] if codec.changeable else parts):
            return [codec.tag, *map(self.item, parts[:1]), *parts[1:]]
        return [codec.tag, *map(self.item, parts)]


class Decoder:
    """Rebuilds values from one table of nodes.

    Args:
        nodes: As received, from whomever.
        special: Builds the value of a node whose tag has no codec, from the tag and the decoded members.
        codecs: `CODECS`, and those of this side alone.
    """

    def __init__(
        self, nodes: Any, special: Callable[[str, list[Any]], Any], codecs: Mapping[str, Codec] = CODECS
    ) -> None:
        if type(nodes) is not list or len(nodes) > MAX_NODES:
            raise WireError("malformed table")
        self._nodes: list[Node] = nodes
        self._special = special
        self._codecs = codecs
        self.values: dict[int, Any] = {}
        self.mutable: dict[int, Codec] = {}
        self._unfilled: list[int] = []
        self._building: set[int] = set()

    def decode(self, items: Any) -> list[Any]:
        """Rebuild the values of some items.

        Raises:
            WireError: The message is malformed.
        """
        if type(items) is not list:
            raise WireError("malformed items")
        try:
            for item in items:
                if type(item) is list:
                    self._resolve(item)
            done = 0
            while done < len(self._unfilled):
                for item in self._nodes[self._unfilled[done]]:
                    if type(item) is list:
                        self._resolve(item)
                done += 1
            for index in self._unfilled:
                self.mutable[index].refill(self.values[index], self._members(index)[1:])
            self._unfilled.clear()
            values = self.values
            return [values[item[0]] if type(item) is list else item for item in items]
        except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError) as error:
            raise WireError(f"malformed message: {type(error).__name__}") from error

    def _value(self, item: Item) -> Any:
        return self.values[item[0]] if type(item) is list else item

    def _members(self, index: int) -> list[Any]:
        values = self.values
        return [values[item[0]] if type(item) is list else item for item in self._nodes[index][1:]]

    def _resolve(self, item: list[Any]) -> None:
        """Make sure that the value of a reference exists; mutable ones may still be empty."""
        stack = [self._index(item)]
        while stack:
            index = stack[-1]
            if index in self.values:
                stack.pop()
                continue
            codec = self._codecs.get(self._nodes[index][0])
            changeable = codec is not None and codec.changeable
            needed = [
                part
                for part in map(self._index, _references(self._nodes[index][1:2] if changeable else self._nodes[index]))
                if part not in self.values
            ]
            if needed:
                if index in self._building:
                    raise WireError("a value that cannot exist")
                self._building.add(index)
                stack.extend(needed)
                continue
            stack.pop()
            self._build(index, codec)

    def _build(self, index: int, codec: Codec | None) -> None:
        node = self._nodes[index]
        if codec is None:
            self.values[index] = self._special(node[0], self._members(index))
        elif codec.changeable:
            self.values[index] = codec.build([self._value(node[1])])
            self.mutable[index] = codec
            self._unfilled.append(index)
        else:
            self.values[index] = codec.build(self._members(index))

    def _index(self, item: Sequence[Any]) -> int:
        (index,) = item
        if type(index) is not int or not 0 <= index < len(self._nodes) or type(self._nodes[index]) is not list:
            raise WireError("malformed reference")
        if not self._nodes[index] or type(self._nodes[index][0]) is not str:
            raise WireError("malformed node")
        return index


def _references(items: Iterable[Item]) -> list[list[int]]:
    return [item for item in items if type(item) is list]
