"""A client that costs little, beside which the service can be measured: HTTP/1.1 on bare connections."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

_LINE_BYTES = 2**22


@dataclass(frozen=True)
class Followed:
    """What a client saw of one job, in seconds from when it began to post it.

    Attributes:
        accepted_s: The answer to the POST was there.
        first_s: The first event of work was: the model's first answer.
        finished_s: The end was.
    """

    accepted_s: float
    first_s: float
    finished_s: float
    status: str


class Client:
    """One connection. To be had from `connected`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str) -> None:
        self._reader, self._writer, self._address = reader, writer, address

    @classmethod
    @asynccontextmanager
    async def connected(cls, address: str) -> AsyncIterator["Client"]:
        """A connection to `HOST:PORT`, until the context ends."""
        host, _, port = address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=_LINE_BYTES)
        try:
            yield cls(reader, writer, address)
        finally:
            writer.close()

    async def post(self, path: str, body: bytes) -> bytes:
        """POST JSON; the body of the answer, which must be 202.

        Raises:
            OSError: It is not.
        """
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._address}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode("ascii") + body)
        status, length = await self._head()
        answer = await self._reader.readexactly(length)
        if status != 202:
            raise OSError(f"POST {path} was answered with {status}: {answer[:500].decode(errors='replace')}")
        return answer

    async def events(self, job: str) -> AsyncIterator[tuple[str, str]]:
        """The name and the data of each event of a job, as they come; the connection is of no use afterwards."""
        head = f"GET /v1/jobs/{job}/events HTTP/1.1\r\nHost: {self._address}\r\n\r\n"
        self._writer.write(head.encode("ascii"))
        status, _ = await self._head()
        if status != 200:
            raise OSError(f"the events of a job were answered with {status}")
        name = ""
        # The service sends each event as one chunk, so that no line is cut; the chunks' sizes are lines of their own.
        while line := await self._reader.readline():
            field, _, value = line.decode("ascii").rstrip("\r\n").partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                yield name, value
                if name == "finished":
                    return
        raise OSError("the stream of a job's events broke off")

    async def _head(self) -> tuple[int, int]:
        """Status and length of an answer."""
        status = int((await self._reader.readline()).split()[1])
        length = 0
        while line := (await self._reader.readline()).strip().lower():
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        return status, length


async def submit(client: Client, body: bytes) -> str:
    """Post one job; its id."""
    return str(json.loads(await client.post("/v1/jobs", body))["id"])


async def submit_batch(client: Client, bodies: list[bytes]) -> None:
    """Post many jobs at once."""
    await client.post("/v1/jobs:batch", b'{"jobs": [' + b", ".join(bodies) + b"]}")


async def follow(address: str, body: bytes) -> Followed:
    """Post a job and watch it to its end, each on a connection of its own, as a browser does."""
    began = time.perf_counter()
    async with Client.connected(address) as client:
        job = await submit(client, body)
    accepted_s, first_s, status = time.perf_counter() - began, 0.0, ""
    async with Client.connected(address) as client:
        async for name, data in client.events(job):
            if name != "submitted" and not first_s:
                first_s = time.perf_counter() - began
            if name == "finished":
                status = json.loads(data)["status"]
    return Followed(accepted_s, first_s, time.perf_counter() - began, status)
