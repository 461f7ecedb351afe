"""The server itself: whom it waits for."""

import asyncio
import socket

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Response

from selfdebug.service import server


async def test_connections_that_ask_for_nothing_are_ended_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_HEAD_S", 1.0)
    app, release = FastAPI(), asyncio.Event()

    @app.get("/{seconds}")
    async def pause(seconds: float) -> Response:
        await asyncio.sleep(seconds)
        return Response("done")

    opened = asyncio.Event()
    config = uvicorn.Config(app, lifespan="off", log_config=None, timeout_keep_alive=60)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        host, port = listening.getsockname()
        under_test = server._Server(config, opened.set, release.set)
        serving = asyncio.create_task(under_test.serve([listening]))
        await asyncio.wait_for(opened.wait(), 60)
        silent, half, after, slow = [await asyncio.open_connection(host, port) for _ in range(4)]
        half[1].write(b"GET /0 HTTP/1.1\r\nHost: x\r\n")
        after[1].write(b"GET /0 HTTP/1.1\r\nHost: x\r\n\r\nGET /0 HT")
        slow[1].write(b"GET /4 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(base_url=f"http://{host}:{port}", limits=limits, timeout=60) as busy:
            first = await busy.get("/0")
            local = first.extensions["network_stream"].get_extra_info("client_addr")
            ended = [asyncio.create_task(reader.read()) for reader, _ in (silent, half, after, slow)]
            while not all(each.done() for each in ended):
                answer = await busy.get("/0.01")
                assert answer.extensions["network_stream"].get_extra_info("client_addr") == local
            assert await ended[0] == await ended[1] == b""
            assert (await ended[2]).endswith(b"done")
            assert (await ended[3]).endswith(b"done")
        for _, writer in (silent, half, after, slow):
            writer.close()
        under_test.should_exit = True
        await asyncio.wait_for(serving, 60)


def test_answers_in_two_parts_do_not_wait_for_each_other() -> None:
    (listening,) = server._listen("127.0.0.1", 0)
    with listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
