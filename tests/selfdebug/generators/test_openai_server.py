"""The generator for OpenAI-compatible servers, against `transformers serve` with the default model."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from selfdebug.code_stop import closed_code_block_end
from selfdebug.errors import GenerationError, ModelUnavailable
from selfdebug.generator import GenerationRequest, Message, Sampling
from selfdebug.generators.openai import OpenAIGenerator

pytestmark = [pytest.mark.server, pytest.mark.model]

TASK = (Message("user", "Repeat this in a Python code block: def add(a, b): return a + b. Then explain it at length."),)


class ModelServer(Protocol):
    base_url: str
    model: str


@pytest.fixture
async def generator(model_server: ModelServer) -> AsyncIterator[OpenAIGenerator]:
    made = OpenAIGenerator(model_server.model, base_url=model_server.base_url)
    yield made
    await made.close()


async def test_stops_at_the_end_of_the_code(generator: OpenAIGenerator) -> None:
    whole = await generator.generate(
        GenerationRequest(TASK, Sampling(max_new_tokens=180, stop_after_code=False), timeout_s=240)
    )
    code = await generator.generate(GenerationRequest(TASK, Sampling(max_new_tokens=180), timeout_s=240))
    assert "def add(a, b):" in code.texts[0]
    assert closed_code_block_end(code.texts[0]) == len(code.texts[0])
    assert whole.texts[0].startswith(code.texts[0]), "greedy answers are the same, up to where they are stopped"
    assert code.finish_reasons == ("stop",)
    assert not whole.estimated
    assert code.estimated
    assert 0 < code.completion_tokens < whole.completion_tokens
    assert code.prompt_tokens == pytest.approx(whole.prompt_tokens, abs=2)


async def test_length_is_told(generator: OpenAIGenerator) -> None:
    completion = await generator.generate(GenerationRequest(TASK, Sampling(max_new_tokens=5), timeout_s=120))
    assert completion.finish_reasons == ("length",)
    assert completion.completion_tokens == 5
    assert not completion.estimated


async def test_samples(generator: OpenAIGenerator) -> None:
    question = (Message("user", "Name any animal, one word."),)
    request = GenerationRequest(question, Sampling(temperature=1.5, seed=1, max_new_tokens=8), n=3, timeout_s=240)
    completion = await generator.generate(request)
    assert len(completion.texts) == len(completion.finish_reasons) == 3
    assert all(completion.texts)


async def test_a_deadline_leaves_the_server_usable(generator: OpenAIGenerator) -> None:
    long = GenerationRequest(TASK, Sampling(max_new_tokens=1800, stop_after_code=False), timeout_s=1.5)
    with pytest.raises(GenerationError, match="within"):
        await generator.generate(long)
    async with asyncio.timeout(120):
        completion = await generator.generate(GenerationRequest(TASK, Sampling(max_new_tokens=3)))
    assert completion.texts[0]


async def test_a_model_that_the_server_has_not(model_server: ModelServer) -> None:
    made = OpenAIGenerator("no/such-model", base_url=model_server.base_url, max_tries=2, backoff_s=0.01)
    with pytest.raises((GenerationError, ModelUnavailable), match="no/such-model"):
        await made.generate(GenerationRequest(TASK, timeout_s=60))
    await made.close()
