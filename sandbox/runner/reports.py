"""How the tests' process tells the supervisor about each test, without waking it for each.

Messages wait in a socket until the supervisor has a reason to look. It is called where a test ended while something
that the candidate printed lay unread in its pipe, because then that has to be read before the next test prints; and
at the end.
"""

import contextlib
import select
import socket

from .channel import Link, Message, dump, parse

_CALL = b"!"


class Teller:
    """The tests' end.

    Args:
        sock: The messages.
        bell: Rings the supervisor.
        stdout: The reading end of the candidate's standard output, which is only looked at here.
    """

    def __init__(self, sock: socket.socket, bell: socket.socket, stdout: int) -> None:
        self._link = Link(sock)
        self._bell = bell
        self._printed = select.poll()
        self._printed.register(stdout, select.POLLIN)

    def tell(self, message: Message) -> None:
        """Send one message; wait until it has been taken if something printed has to be read before going on."""
        unread = bool(self._printed.poll(0))
        frame = dump({**message, "wait": unread})
        if not unread:
            self._put(frame)
            return
        self._link.send(frame)
        self._bell.send(_CALL)
        self._link.receive()

    def _put(self, frame: bytes) -> None:
        """Send without waking anybody, unless there is no room left."""
        sock = self._link.sock
        with contextlib.suppress(BlockingIOError):
            frame = frame[sock.send(frame, socket.MSG_DONTWAIT) :]
        if frame:
            self._bell.send(_CALL)
            self._link.send(frame)

    def end(self, message: Message) -> None:
        """Send the last message."""
        self.tell(message)
        self._bell.send(_CALL)


class Reports:
    """The supervisor's end, read without blocking.

    Attributes:
        closed: The tests' process is gone, and all that it said has been taken.
    """

    def __init__(self, sock: socket.socket, bell: socket.socket) -> None:
        self._sock = sock
        self._bell = bell
        self._buffer = bytearray()
        self.closed = False
        sock.setblocking(False)
        bell.setblocking(False)

    def fileno(self) -> int:
        """What becomes readable when messages have to be taken."""
        return self._bell.fileno()

    def take(self) -> list[Message]:
        """Complete messages that have come."""
        with contextlib.suppress(BlockingIOError):
            self._bell.recv(64)
        try:
            while chunk := self._sock.recv(2**16):
                self._buffer += chunk
            self.closed = True
        except BlockingIOError:
            pass
        except OSError:
            self.closed = True
        return frames(self._buffer)

    def acknowledge(self) -> None:
        """Let the tests go on."""
        with contextlib.suppress(OSError):
            self._sock.send(dump({}))


def frames(buffer: bytearray) -> list[Message]:
    """Take the complete messages out of a buffer.

    Raises:
        ChannelError: One is not a message.
    """
    found = []
    while len(buffer) >= 4:
        size = int.from_bytes(buffer[:4], "big")
        if len(buffer) < 4 + size:
            break
        body = bytes(buffer[4 : 4 + size])
        del buffer[: 4 + size]
        found.append(parse(body))
    return found
