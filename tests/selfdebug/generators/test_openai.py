"""The generator for OpenAI-compatible servers, against a real one on loopback that misbehaves by script."""

import asyncio
import email.utils
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from openai.types.chat import ChatCompletionChunk

from selfdebug.errors import GenerationError, InputError, ModelUnavailable
from selfdebug.generator import GenerationRequest, Message, Sampling
from selfdebug.generators import openai_stream
from selfdebug.generators.cancelled import CutOff
from selfdebug.generators.openai import OpenAIGenerator
from selfdebug.generators.openai_stream import Answer

Script = Callable[["Exchange"], Awaitable[None]]


@dataclass
class Exchange:
    """One request as the server got it, and the way to answer."""

    body: dict[str, Any]
    headers: dict[str, str]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    at: float

    async def send(self, text: str) -> None:
        self.writer.write(text.encode())
        await self.writer.drain()

    async def head(self, content_type: str, status: str = "200 OK", more: str = "") -> None:
        await self.send(f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n{more}Connection: close\r\n\r\n")

    async def event(self, **data: Any) -> None:
        await self.send(f"data: {json.dumps(data)}\n\n")

    async def piece(self, text: str | None, index: int = 0, finish: str | None = None) -> None:
        await self.event(
            id="c",
            object="chat.completion.chunk",
            created=1,
            model="m",
            choices=[{"index": index, "delta": {"content": text}, "finish_reason": finish}],
        )


@dataclass
class Server:
    """Answers request after request by its scripts; the last script answers all further ones."""

    address: str
    scripts: list[Script] = field(default_factory=list)
    seen: list[Exchange] = field(default_factory=list)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    asking: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head)}
            body = json.loads(await reader.readexactly(int(headers["content-length"])))
            self.seen.append(Exchange(body, headers, reader, writer, time.monotonic()))
            self.asking.set()
            script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
            await script(self.seen[-1])
        except (ConnectionError, asyncio.IncompleteReadError):
            self.hung_up.set()
        finally:
            writer.close()


@asynccontextmanager
async def serving(*scripts: Script) -> AsyncIterator[Server]:
    server = Server("", list(scripts))
    listener = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    server.address = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1"
    try:
        async with asyncio.timeout(30):
            yield server
    finally:
        listener.close()


@asynccontextmanager
async def generator(server: Server, **options: Any) -> AsyncIterator[OpenAIGenerator]:
    made = OpenAIGenerator("m", base_url=server.address, **({"backoff_s": 0.01, "max_tries": 3} | options))
    try:
        yield made
    finally:
        await made.close()


def says(*pieces: str, finish: str = "stop", usage: tuple[int, int] | None = (7, 5), n: int | None = 1) -> Script:
    """Streams these pieces for as many choices as asked for, at most `n`."""

    async def script(exchange: Exchange) -> None:
        await exchange.head("text/event-stream")
        for index in range(min(exchange.body.get("n", 1), n or 99)):
            for piece in pieces:
                await exchange.piece(piece, index)
            await exchange.piece(None, index, finish)
        if usage:
            prompt, completion = usage
            counts = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
            await exchange.event(id="c", object="chat.completion.chunk", created=1, model="m", choices=[], usage=counts)
        await exchange.send("data: [DONE]\n\n")

    return script


def refuses(status: int, more: str = "", **error: Any) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.head("application/json", f"{status} No", more)
        await exchange.send(json.dumps({"error": {"message": "no", **error}}))

    return script


def refuses_with(status: int, body: str) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.head("application/json", f"{status} No")
        await exchange.send(body)

    return script


async def hangs_up(exchange: Exchange) -> None:
    """Closes without a word."""


async def dies_midway(exchange: Exchange) -> None:
    await exchange.head("text/event-stream", more="Transfer-Encoding: chunked\r\n")
    event = 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"half"},"finish_reason":null}]}\n\n'
    await exchange.send(f"{len(event):x}\r\n{event}\r\n")
    exchange.writer.transport.abort()


async def ends_early(exchange: Exchange) -> None:
    """A clean end of the stream, but the answer has no end."""
    await exchange.head("text/event-stream")
    await exchange.piece("half")


def sends(text: str, content_type: str = "text/event-stream") -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type)
        await exchange.send(text)

    return script


ASK = GenerationRequest((Message("system", "Be brief."), Message("user", "Hi.")), Sampling(max_new_tokens=9))
GARBAGE = [
    sends("data: {not json\n\n"),
    sends("data: 5\n\n"),
    sends('data: {"foo": 1}\n\ndata: [DONE]\n\n'),
    sends('data: {"choices": [{"index": 0}]}\n\ndata: [DONE]\n\n'),
    sends('data: {"choices": 3}\n\n'),
    sends("data: [DONE]\n\n"),
    sends("<html>Welcome</html>", "text/html"),
    sends('{"choices": []}', "application/json"),
    sends('data: {"error": {"message": "the GPU caught fire"}}\n\n'),
    sends("data: \xff\xfe\n\n"),
    says(""),
    says("  \n"),
]


async def test_an_answer() -> None:
    async with serving(says("Hel", "lo")) as server, generator(server) as made:
        completion = await made.generate(ASK)
    assert completion.texts == ("Hello",)
    assert (completion.prompt_tokens, completion.completion_tokens, completion.estimated) == (7, 5, False)
    assert (completion.finish_reasons, completion.model, completion.dropped_turns) == (("stop",), "m", ())
    (seen,) = server.seen
    assert seen.body["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi."}]
    assert seen.body["max_tokens"] == 9
    assert seen.body["temperature"] == 0
    assert not {"n", "seed", "top_p", "stop"} & seen.body.keys()


async def test_an_answer_cut_by_its_length_says_so() -> None:
    async with serving(says("```\nx", finish="length")) as server, generator(server) as made:
        completion = await made.generate(ASK)
    assert (completion.texts, completion.finish_reasons) == (("```\nx",), ("length",))


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
async def test_retries_what_may_pass(status: int) -> None:
    async with serving(refuses(status), refuses(status), says("ok")) as server, generator(server) as made:
        assert (await made.generate(ASK)).texts == ("ok",)
    assert len(server.seen) == 3


@pytest.mark.parametrize("fault", [hangs_up, dies_midway, ends_early, *GARBAGE])
async def test_retries_lost_connections_and_garbage(fault: Script) -> None:
    async with serving(fault, says("ok")) as server, generator(server) as made:
        assert (await made.generate(ASK)).texts == ("ok",)


@pytest.mark.parametrize("fault", [refuses(503), dies_midway, ends_early, *GARBAGE])
async def test_gives_up_after_its_tries(fault: Script) -> None:
    async with serving(fault) as server, generator(server) as made:
        with pytest.raises(GenerationError, match="after 3 tries"):
            await made.generate(ASK)
    assert len(server.seen) == 3


@pytest.mark.parametrize(
    ("status", "error", "kind", "hint"),
    [
        (401, {}, ModelUnavailable, "OPENAI_API_KEY"),
        (403, {}, ModelUnavailable, "OPENAI_API_KEY"),
        (404, {"message": "model 'm' not found"}, ModelUnavailable, "model 'm' not found"),
        (429, {"code": "insufficient_quota"}, ModelUnavailable, "quota"),
        (400, {"message": "bad roles"}, GenerationError, "bad roles"),
        (422, {"message": "bad roles"}, GenerationError, "bad roles"),
    ],
)
async def test_does_not_retry_what_will_not_pass(
    status: int, error: dict[str, Any], kind: type[Exception], hint: str
) -> None:
    async with serving(refuses(status, **error)) as server, generator(server) as made:
        with pytest.raises(kind, match=hint):
            await made.generate(ASK)
    assert len(server.seen) == 1


@pytest.mark.parametrize("header", ["Retry-After: 1", "retry-after-ms: 700", "date"])
async def test_waits_as_long_as_the_server_asks(header: str) -> None:
    if header == "date":  # whole seconds: between 1 and 2 from now
        header = f"Retry-After: {email.utils.formatdate(time.time() + 2, usegmt=True)}"
    least = 0.69 if "ms" in header else 0.9
    async with serving(refuses(429, header + "\r\n"), says("ok")) as server, generator(server) as made:
        await made.generate(ASK)
    assert server.seen[1].at - server.seen[0].at >= least


@pytest.mark.parametrize("header", ["Retry-After: soon", "Retry-After: nan", "Retry-After: -5", "Retry-After: inf"])
async def test_ignores_a_senseless_pause(header: str) -> None:
    async with serving(refuses(429, header + "\r\n"), says("ok")) as server, generator(server) as made:
        assert (await made.generate(ASK)).texts == ("ok",)


@pytest.mark.parametrize("timeout_s", [5.0, None])
async def test_gives_up_at_once_where_the_pause_is_too_long(timeout_s: float | None) -> None:
    request = GenerationRequest(ASK.messages, ASK.sampling, timeout_s=timeout_s)
    async with serving(refuses(429, "Retry-After: 3600\r\n")) as server, generator(server) as made:
        with pytest.raises(GenerationError, match="3600 s"):
            await made.generate(request)
    assert len(server.seen) == 1


async def test_gives_up_when_its_time_is_over() -> None:
    async def stalls(exchange: Exchange) -> None:
        await exchange.head("text/event-stream")
        await exchange.piece("and then")
        await exchange.reader.read()

    async with serving(stalls) as server, generator(server) as made:
        with pytest.raises(GenerationError, match=r"within 0\.3 s"):
            await made.generate(GenerationRequest(ASK.messages, ASK.sampling, timeout_s=0.3))


async def test_nobody_there() -> None:
    async with serving(hangs_up) as server:
        pass
    async with generator(server) as made:
        with pytest.raises(ModelUnavailable, match="is it running"):
            await made.generate(ASK)


async def test_cancelling_closes_the_connection() -> None:
    closed = asyncio.Event()

    async def waits(exchange: Exchange) -> None:
        assert await exchange.reader.read() == b""
        closed.set()

    async with serving(waits) as server, generator(server) as made:
        task = asyncio.create_task(made.generate(ASK))
        await server.asking.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await closed.wait()


async def test_what_was_said_before_it_is_cancelled_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    said, absorb = asyncio.Event(), openai_stream._absorb

    async def talks(exchange: Exchange) -> None:
        await exchange.head("text/event-stream")
        for piece in ("It ", "begins ", "so"):
            await exchange.piece(piece)
        await exchange.reader.read()

    def hear(chunk: ChatCompletionChunk, answer: Answer) -> None:
        absorb(chunk, answer)
        if "".join(reply.text for reply in answer.replies.values()) == "It begins so":
            said.set()

    monkeypatch.setattr(openai_stream, "_absorb", hear)
    async with serving(talks) as server, generator(server) as made:
        task = asyncio.create_task(made.generate(ASK))
        await said.wait()
        task.cancel()
        with pytest.raises(CutOff) as cut:
            await task
    assert cut.value.completion_tokens == 3
    assert cut.value.prompt_tokens >= 1


async def test_closes_the_stream_after_the_code_block() -> None:
    closed = asyncio.Event()

    async def talks_on(exchange: Exchange) -> None:
        await exchange.head("text/event-stream")
        for piece in ("Here:\n", "```py", "thon\nx", " = 1\n``", "`\n", "And so on"):
            await exchange.piece(piece)
        await exchange.reader.read()
        closed.set()

    async with serving(talks_on) as server, generator(server) as made:
        completion = await made.generate(ASK)
        await closed.wait()
    assert completion.texts == ("Here:\n```python\nx = 1\n```",)
    assert completion.finish_reasons == ("stop",)
    assert completion.estimated
    assert completion.completion_tokens >= 5
    assert completion.prompt_tokens >= 1


async def test_trims_after_the_code_block_when_the_stream_ended_by_itself() -> None:
    async with serving(says("```\nx\n```\nmore prose", finish="length")) as server, generator(server) as made:
        completion = await made.generate(ASK)
        whole = await made.generate(GenerationRequest(ASK.messages, Sampling(stop_after_code=False)))
    assert (completion.texts, completion.finish_reasons) == (("```\nx\n```",), ("stop",))
    assert (whole.texts, whole.finish_reasons, whole.estimated) == (("```\nx\n```\nmore prose",), ("length",), False)


@pytest.mark.parametrize("most", [1, 2, None])
async def test_samples_from_servers_that_give_fewer_than_asked(most: int | None) -> None:
    request = GenerationRequest(ASK.messages, Sampling(temperature=0.8, seed=3, max_new_tokens=9), n=4)
    async with serving(says("x", usage=(7, 5), n=most)) as server, generator(server) as made:
        completion = await made.generate(request)
    assert completion.texts == ("x",) * 4
    assert completion.prompt_tokens == 7
    assert completion.completion_tokens == 5 * len(server.seen)
    assert len(completion.finish_reasons) == 4
    assert len(server.seen) == {None: 1, 2: 2, 1: 4}[most]
    seeds = [exchange.body["seed"] for exchange in server.seen]
    assert seeds[0] == 3
    assert len(set(seeds)) == len(seeds)


async def test_leaves_out_what_the_server_does_not_support() -> None:
    async def strict(exchange: Exchange) -> None:
        for name, text in (
            ("n", "Extra fields: 'n' is not supported"),
            ("stream_options", "Unrecognized request argument supplied: stream_options"),
            ("max_tokens", "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
        ):
            if name in exchange.body:
                await refuses(400, message=text)(exchange)
                return
        await says("hello", usage=None)(exchange)

    request = GenerationRequest(ASK.messages, Sampling(temperature=0.5, max_new_tokens=9), n=2)
    async with serving(strict) as server, generator(server) as made:
        completion = await made.generate(request)
        asked = len(server.seen)
        await made.generate(request)
    assert completion.texts == ("hello", "hello")
    assert completion.estimated
    assert server.seen[-1].body["max_completion_tokens"] == 9
    assert len(server.seen) == asked + 2, "what was learned is kept"


TOO_LONG = [
    {"message": "too long", "code": "context_length_exceeded"},
    {"message": "This model's maximum context length is 100 tokens. However, you requested 120 tokens"},
    {"message": "the request exceeds the available context size, try increasing it"},
    {"message": "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000"},
]


@pytest.mark.parametrize("error", TOO_LONG)
async def test_drops_the_oldest_turns_of_a_prompt_that_is_too_long(error: dict[str, Any]) -> None:
    turns = [Message("user", "problem", 0)]
    for turn in (1, 2, 3):
        turns += [Message("assistant", f"try {turn}", turn), Message("user", f"feedback {turn}", turn)]

    async def small(exchange: Exchange) -> None:
        fits = len(exchange.body["messages"]) <= 3
        await (says("ok") if fits else refuses(400, **error))(exchange)

    async with serving(small) as server, generator(server) as made:
        completion = await made.generate(GenerationRequest(tuple(turns)))
    assert completion.dropped_turns == (1, 2)
    assert [message["content"] for message in server.seen[-1].body["messages"]] == ["problem", "try 3", "feedback 3"]


@pytest.mark.parametrize(
    "body",
    [
        '{"error": {"message": "the prompt is too long"}}',
        '{"error": "input is too long for requested model"}',
        '{"detail": "prompt exceeds the context window"}',
        '{"message": "exceeds maximum tokens"}',
        "maximum context length is 5",
        '[{"msg": "context size exceeded"}]',
    ],
)
@pytest.mark.parametrize("status", [400, 413, 422, 500])
async def test_understands_many_forms_of_too_long(status: int, body: str) -> None:
    messages = (Message("user", "a", 0), Message("user", "b", 1), Message("user", "c", 2))
    async with serving(refuses_with(status, body), says("ok")) as server, generator(server) as made:
        assert (await made.generate(GenerationRequest(messages))).dropped_turns == (1,)


@pytest.mark.parametrize(
    "body",
    [
        '{"error": {"message": "nope", "param": "seed", "code": "unsupported_parameter"}}',
        '{"detail": "Unexpected fields in the request: {\'seed\'}"}',
        '{"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}',
        '{"error": "unknown field seed"}',
    ],
)
async def test_understands_many_forms_of_not_supported(body: str) -> None:
    request = GenerationRequest(ASK.messages, Sampling(temperature=1, max_new_tokens=9))
    async with serving(refuses_with(422, body), says("ok")) as server, generator(server) as made:
        assert (await made.generate(request)).texts == ("ok",)
    assert server.seen[1].body == {name: value for name, value in server.seen[0].body.items() if name != "seed"}


async def test_a_wrong_value_is_not_taken_for_an_unsupported_field() -> None:
    refusal = refuses(400, message="temperature must be between 0 and 2", param="temperature")
    async with serving(refusal, says("ok")) as server, generator(server) as made:
        with pytest.raises(GenerationError, match="between 0 and 2"):
            await made.generate(ASK)


async def test_a_problem_that_is_too_long_is_said() -> None:
    async with serving(refuses(400, **TOO_LONG[0])) as server, generator(server) as made:
        with pytest.raises(GenerationError, match="too long for the model"):
            await made.generate(ASK)


async def test_many_at_once() -> None:
    async with serving(says("ok")) as server, generator(server) as made:
        completions = await asyncio.gather(*(made.generate(ASK) for _ in range(50)))
    assert [completion.texts for completion in completions] == [("ok",)] * 50


async def test_closing_twice_is_harmless() -> None:
    made = OpenAIGenerator("m", base_url="http://127.0.0.1:9/v1")
    await made.close()
    await made.close()


def test_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(ModelUnavailable, match="OPENAI_API_KEY"):
        OpenAIGenerator("m")
    with pytest.raises(InputError, match="openai:NAME"):
        OpenAIGenerator("", base_url="http://localhost/v1")
    monkeypatch.setenv("OPENAI_BASE_URL", "localhost:8000")
    with pytest.raises(InputError, match="OPENAI_BASE_URL"):
        OpenAIGenerator("m")


async def test_the_environment_names_server_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(says("ok")) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.address + "/")
        monkeypatch.setenv("OPENAI_API_KEY", " secret\n")
        made = OpenAIGenerator("m")
        await made.generate(ASK)
        await made.close()
    assert server.seen[0].headers["authorization"] == "Bearer secret"
