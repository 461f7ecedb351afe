"""What a candidate's process does for its tests, done once before any is forked from here.

The interpreter makes much of what it needs only when that is first used, and faster instructions only after a few
calls. What is there before the fork need not be made in each candidate, nor written to pages that are then copied.
"""

import contextlib
import socket
import sys
from collections.abc import Callable

from .channel import ChannelClosed, Link, Message, dump
from .wire import Encoder, Node

_NAME = "rehearsal"
_TIMES = 16  # the interpreter looks for faster instructions after eight
_VALUES = (1, 1.5, "text", [1, 2, 3], ["a", "b"], {"a": 1}, (1, 2), None)
_PROGRAM = '''\
from typing import Dict, List, Optional, Tuple


def answer(value: object) -> object:
    """Give back a value, by way of the statements that programs are made of."""
    found: List[int] = []
    for index, item in enumerate(sorted({len(str(value)), 3, 1})):
        if item % 2 == 0 and index >= 0:
            found.append(item)
        elif item > 1:
            found += [number * 2 for number in range(item)]
    while len(found) > 2:
        found.pop()
    return value


class Answer:
    def __init__(self) -> None:
        self.value = answer({"a": (1, 2.5, "b")})
'''
_FUNCTION = 1  # the program's, as the first of its objects that is asked for; the module itself is 0


def rehearse(serve: Callable[[Link, Message, None], None]) -> None:
    """Serve tests that have asked all that they will ask.

    Args:
        serve: What an agent does; it is of no use afterwards.
    """
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for question in _questions():
            ours.sendall(dump(question))
        ours.shutdown(socket.SHUT_WR)
        order = {"program": _PROGRAM, "name": _NAME, "echo": False, "shared": []}
        with contextlib.suppress(ChannelClosed):
            serve(Link(theirs), order, None)
    sys.modules.pop(_NAME, None)


def _questions() -> list[Message]:
    asked: list[tuple[object, ...]] = [("load",), ("module", "answer")]
    asked += [("call", _Remote(), (value,), {}) for _ in range(_TIMES) for value in _VALUES]
    questions = []
    for values in asked:
        encoder = Encoder(_node)
        items = [encoder.encode(value) for value in values]
        questions.append({"q": "0", "v": items, "n": encoder.nodes, "f": []})
    return questions


class _Remote:
    """The program's function, as the tests hold it."""


def _node(_: Encoder, value: object) -> Node:
    assert isinstance(value, _Remote)
    return ["H", _FUNCTION]
