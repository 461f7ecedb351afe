"""Framed JSON over a socket, and calls in both directions on top of it.

Calls nest strictly: while one side waits for its answer, it serves the calls of the other. Every call carries a random
number that its answer must repeat, so an answer cannot be written before the question.
"""

import json
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

MAX_FRAME = 32 * 2**20
_HEADER = 4
_CHUNK = 2**16

Message = dict[str, Any]

_ENCODE = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_DECODE = json.JSONDecoder().raw_decode
_NUMBER = 16  # digits of a call's number
_NUMBERS = 32  # how many are made at a time
_HEADROOM = 200  # frames
_MOST = 2**31 - 1
_recursion_limit, _limit_recursion = sys.getrecursionlimit, sys.setrecursionlimit


class ChannelClosed(Exception):
    """The other side is gone."""


class ChannelError(Exception):
    """The other side wrote what no honest peer writes."""


class FrameTooLarge(Exception):
    """A message of this side is above the size cap; nothing was sent."""


def dump(message: Message) -> bytes:
    """One message as a frame.

    Raises:
        FrameTooLarge: It is above the cap.
    """
    body = _ENCODE(message).encode("ascii")
    if len(body) > MAX_FRAME:
        raise FrameTooLarge(f"{len(body)} bytes")
    return len(body).to_bytes(_HEADER, "big") + body


def parse(body: bytes) -> Message:
    """The message of a frame's body.

    Raises:
        ChannelError: It is not one.
    """
    try:
        text = body.decode()
        message, end = _DECODE(text)
    except (ValueError, RecursionError) as error:
        raise ChannelError("a frame that is not JSON") from error
    if type(message) is not dict or end != len(text):
        raise ChannelError("a frame that is not a message")
    return message


class Link:
    """Blocking frames over one socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._buffer = bytearray()

    def send(self, frame: bytes) -> None:
        """Send one frame made by `dump`.

        Raises:
            ChannelClosed: The other side is gone.
        """
        try:
            self.sock.sendall(frame)
        except OSError as error:
            raise ChannelClosed(str(error)) from error

    def receive(self) -> Message:
        """Wait for one message.

        Raises:
            ChannelClosed: The other side is gone.
            ChannelError: It sent something else.
        """
        buffer = self._buffer
        if not buffer:
            chunk = self._more(_CHUNK)
            size = int.from_bytes(chunk[:_HEADER], "big")
            if size == len(chunk) - _HEADER and size <= MAX_FRAME:
                return parse(chunk[_HEADER:])  # the common case: one frame, and nothing but it
            buffer += chunk
        size = int.from_bytes(self._take(_HEADER), "big")
        if size > MAX_FRAME:
            raise ChannelError("a frame above the size cap")
        return parse(self._take(size))

    def _more(self, size: int) -> bytes:
        try:
            chunk = self.sock.recv(size)
        except OSError as error:
            raise ChannelClosed(str(error)) from error
        if not chunk:
            raise ChannelClosed("end of stream")
        return chunk

    def _take(self, size: int) -> bytes:
        buffer = self._buffer
        while len(buffer) < size:
            buffer += self._more(max(size - len(buffer), _CHUNK))
        taken = bytes(buffer[:size])
        del buffer[:size]
        return taken

    def leftover(self) -> bool:
        """Whether something has come that nobody asked for."""
        if self._buffer:
            return True
        try:
            return bool(self.sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except OSError:
            return False


class Caller:
    """One end of a link on which both sides may call.

    Args:
        link: The frames.
        serve: Answers a call of the other side: takes the message, returns the answer's fields.
        apologise: What to answer instead where the answer is too large.
    """

    def __init__(
        self, link: Link, serve: Callable[[Message], Message], apologise: Callable[[Exception], Message]
    ) -> None:
        self.link = link
        self._serve = serve
        self._apologise = apologise
        self._numbers = ""

    def call(self, message: Message) -> Message:
        """Call the other side and return its answer, serving its calls meanwhile.

        Raises:
            ChannelClosed: The other side is gone.
            ChannelError: It answered a question that was not asked.
            FrameTooLarge: The message is above the cap; nothing was sent.
        """
        if not self._numbers:
            self._numbers = os.urandom(_NUMBER // 2 * _NUMBERS).hex()
        number, self._numbers = self._numbers[:_NUMBER], self._numbers[_NUMBER:]
        self.link.send(dump({"q": number, **message}))
        while True:
            limit = _deeper()
            try:
                got = self.link.receive()
            finally:
                _limit_recursion(limit)
            if "q" in got:
                self.answer(got)
            elif got.get("a") == number:
                return got
            else:
                raise ChannelError("an answer without a question")

    def answer(self, question: Message) -> None:
        """Serve one call of the other side."""
        answer: Message = {}
        failure: Exception | None = None
        try:
            answer = self._serve(question)
        except RecursionError as error:
            failure = error
        limit = _deeper()
        try:
            self.link.send(self._frame(question, answer, failure))
        finally:
            _limit_recursion(limit)

    def _frame(self, question: Message, answer: Message, failure: Exception | None) -> bytes:
        if failure is None:
            try:
                return dump({**answer, "a": question["q"]})
            except (FrameTooLarge, MemoryError, RecursionError) as error:
                failure = error
        return dump({**self._apologise(failure), "a": question["q"]})


def _deeper() -> int:
    """Allow some frames beyond the limit: a question that was sent must be answered, however deep. The limit before.

    To be set again by the very frame that asked: a deeper one may be too deep for it.
    """
    limit = _recursion_limit()
    _limit_recursion(min(limit + _HEADROOM, _MOST))
    return limit
