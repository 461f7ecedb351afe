"""Reads server-sent events (WHATWG HTML, section 9.2) from bytes as they come in."""

import codecs
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class ServerEvent:
    """One event. `id` is the last one that was sent, by this event or an earlier one."""

    id: str
    name: str
    data: str


def read_events(chunks: Iterable[bytes]) -> Iterator[ServerEvent]:
    """The events in these bytes, however they are cut. One that is not whole at the end is left out."""
    identifier = name = ""
    data: list[str] = []
    for line in _lines(chunks):
        if not line:
            if data:
                yield ServerEvent(identifier, name or "message", "\n".join(data))
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            name = value
        elif field == "id" and "\0" not in value:
            identifier = value


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8-sig")("replace"), translate=True)
    begun: list[str] = []
    for chunk in chunks:
        *whole, rest = decoder.decode(chunk).split("\n")
        for end in whole:
            yield "".join((*begun, end))
            begun.clear()
        begun.append(rest)
