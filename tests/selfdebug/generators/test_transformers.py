"""The generator's machinery on a tiny real model: batches, places, counts, failures."""

import asyncio
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from selfdebug.errors import GenerationError, ModelUnavailable
from selfdebug.generator import Completion, GenerationRequest, Message, Sampling
from selfdebug.generators.cancelled import CutOff
from selfdebug.generators.transformers import TransformersGenerator

Start = Callable[..., TransformersGenerator]


def ask(text: str, *, n: int = 1, timeout_s: float | None = None, **sampling: Any) -> GenerationRequest:
    return GenerationRequest((Message("user", text),), Sampling(**{"max_new_tokens": 24, **sampling}), n, timeout_s)


def texts(count: int, seed: int = 0) -> list[str]:
    """Prompts of very different lengths."""
    chance = random.Random(seed)
    return ["".join(chance.choices("abcdefgh \n", k=chance.choice([1, 3, 10, 40, 150]))) for _ in range(count)]


def plain(folder: Path, text: str, max_new_tokens: int, prefix: str = "") -> tuple[str, int, int]:
    """What the model's own `generate` says to one prompt alone: text after the prefix, prompt tokens, new tokens."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": text}], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    if prefix:
        begun = tokenizer(prefix, add_special_tokens=False, return_tensors="pt")
        prompt = {name: torch.cat([prompt[name], begun[name]], dim=1) for name in ("input_ids", "attention_mask")}
    length = prompt["input_ids"].shape[1]
    output = model.generate(**prompt, max_new_tokens=max_new_tokens, do_sample=False)[0, length:]
    return tokenizer.decode(output, skip_special_tokens=True), length, len(output)


@contextmanager
def forwards(generator: TransformersGenerator, watch: Callable[[int, int], None]) -> Iterator[None]:
    """Call `watch(rows, tokens)` before each forward of the generator's model."""
    assert generator._engine is not None
    decoder = generator._engine.result().loaded.model.base_model

    def before(_module: object, _positional: object, keywords: dict[str, Any]) -> None:
        watch(*keywords["input_ids"].shape)

    hook = decoder.register_forward_pre_hook(before, with_kwargs=True)
    try:
        yield
    finally:
        hook.remove()


async def answers(generator: TransformersGenerator, requests: list[GenerationRequest]) -> list[Completion]:
    return list(await asyncio.gather(*(generator.generate(request) for request in requests)))


async def test_batched_greedy_equals_plain_generate_alone(start: Start, tiny_model: Path) -> None:
    generator = start(max_batch=5)
    lengths = [1, 7, 24, 60, 200]
    requests = [ask(text, max_new_tokens=lengths[i % 5]) for i, text in enumerate(texts(17))]
    for request, completion in zip(requests, await answers(generator, requests), strict=True):
        text, prompt_tokens, new_tokens = plain(
            tiny_model, request.messages[0].content, request.sampling.max_new_tokens
        )
        assert completion.texts == (text,)
        assert (completion.prompt_tokens, completion.completion_tokens) == (prompt_tokens, new_tokens)
        assert completion.model == "tiny"
    assert generator.stats is not None
    assert generator.stats.peak == 5


async def test_a_prefix_is_gone_on_with(start: Start, tiny_model: Path) -> None:
    generator = start(max_context=120)
    begun, other = [replace(ask("a prompt", max_new_tokens=30), prefix=prefix) for prefix in ("x = ", "y")]
    for request, completion in zip([begun, other], await answers(generator, [begun, other]), strict=True):
        text, prompt_tokens, new_tokens = plain(tiny_model, "a prompt", 30, prefix=request.prefix)
        assert completion.texts == (f"{request.prefix}{text}",)
        assert (completion.prompt_tokens, completion.completion_tokens) == (prompt_tokens, new_tokens)
    with pytest.raises(GenerationError, match="too long"):
        await generator.generate(replace(ask("a prompt"), prefix="x" * 100))


async def test_concurrent_requests_share_batches_and_freed_places_are_taken(start: Start) -> None:
    generator = start(max_batch=4)
    await generator.load()
    sizes: list[int] = []
    with forwards(generator, lambda rows, tokens: sizes.append(rows) if tokens == 1 else None):
        requests = [ask(text, max_new_tokens=size) for text, size in zip(texts(8), [5, 20] * 4, strict=True)]
        completions = await answers(generator, requests)
    new_tokens = sum(completion.completion_tokens for completion in completions)
    assert max(sizes) == 4
    assert generator.stats is not None
    assert generator.stats.tokens == new_tokens
    # Two static batches of four would take 20 steps each, of which half the places would be idle.
    assert generator.stats.steps < 40
    assert new_tokens / generator.stats.steps > 2.5


def talk(*texts: str, **sampling: Any) -> GenerationRequest:
    """A conversation, the user's turn first and last."""
    roles = ["user", "assistant"] * len(texts)
    messages = tuple(Message(role, text) for role, text in zip(roles, texts, strict=False))
    return replace(ask("", **sampling), messages=messages)


async def test_a_conversation_that_goes_on_is_not_read_anew(start: Start) -> None:
    generator, forgetful = start(), start(max_kept_bytes=0)
    await generator.load()
    question = "a" * 100
    first = await generator.generate(talk(question))
    goes_on = talk(question, first.texts[0], "b" * 30)
    read: list[int] = []
    with forwards(generator, lambda rows, tokens: read.append(rows * tokens) if tokens > 1 else None):
        second = await generator.generate(goes_on)
        third = await generator.generate(talk(question, "c", "d"))  # it leaves the others where their reply begins
    assert len(read) == 2
    assert read[0] <= second.prompt_tokens - first.prompt_tokens
    assert read[1] <= third.prompt_tokens - first.prompt_tokens
    assert generator.stats is not None
    prompts = [completion.prompt_tokens - 1 for completion in (first, second, third)]
    assert generator.stats.read == prompts[0] + sum(read)
    assert generator.stats.read + generator.stats.shared == sum(prompts)
    assert second.texts == (await forgetful.generate(goes_on)).texts
    await forgetful.generate(goes_on)
    assert forgetful.stats is not None
    assert forgetful.stats.shared == 0


@pytest.mark.parametrize("kept_tokens", [0, 300, 10**6])
async def test_what_was_read_for_others_changes_no_reply(kept_tokens: int, start: Start) -> None:
    chance = random.Random(kept_tokens)
    beginnings = ["".join(chance.choices("abc", k=size)) for size in (5, 40, 200)]
    told = [talk(chance.choice(beginnings), chance.choice(beginnings), text) for text in texts(20, seed=3)]
    requests = [replace(request, n=chance.choice([1, 1, 3])) for request in told]
    alone, forgetful = start(max_kept_bytes=0, max_batch=1), start(max_kept_bytes=0)
    await forgetful.load()
    size = forgetful._engine.result().queue._decoder.bytes_per_token  # type: ignore[union-attr]
    generator = start(max_kept_bytes=kept_tokens * size, max_batch=5)
    wanted = [completion.texts for completion in await answers(alone, requests)]
    assert [completion.texts for completion in await answers(forgetful, requests)] == wanted
    for _ in range(2):  # the second time all was read before
        assert [completion.texts for completion in await answers(generator, requests)] == wanted


async def test_samples_share_the_reading_of_their_prompt(start: Start) -> None:
    generator = start()
    await generator.load()
    reads: list[tuple[int, int]] = []
    with forwards(generator, lambda rows, tokens: reads.append((rows, tokens)) if tokens > 1 else None):
        completion = await generator.generate(ask("a prompt", n=6, temperature=1.0))
    assert reads == [(1, completion.prompt_tokens - 1)]
    assert len(set(completion.texts)) == 6
    assert len(completion.texts) == len(completion.finish_reasons) == 6


async def test_a_prompt_that_is_in_the_batch_is_not_read_again(start: Start) -> None:
    generator = start(max_batch=2)
    await generator.load()
    loop, begun = asyncio.get_running_loop(), asyncio.Event()
    reads: list[tuple[int, int]] = []

    def watch(rows: int, tokens: int) -> None:
        loop.call_soon_threadsafe(begun.set)
        if tokens > 1:
            reads.append((rows, tokens))

    with forwards(generator, watch):
        long = asyncio.create_task(generator.generate(ask("a prompt", max_new_tokens=1500)))
        await begun.wait()
        late = [await generator.generate(ask("a prompt", temperature=1.0, seed=seed)) for seed in range(3)]
        assert not long.done()
        await long
    assert reads == [(1, late[0].prompt_tokens - 1)]
    alone = await start().generate(ask("a prompt", temperature=1.0, seed=2))
    assert alone.texts == late[2].texts


async def test_a_sample_depends_on_seed_and_index_only(start: Start) -> None:
    generator = start(max_batch=3)
    request = ask("seeded", n=4, temperature=0.9, top_p=0.8, seed=7)
    alone = await generator.generate(request)
    crowd = [ask(text, temperature=1.2, seed=i) for i, text in enumerate(texts(6))]
    crowded = (await answers(generator, [*crowd[:3], request, *crowd[3:]]))[3]
    fewer = await generator.generate(ask("seeded", n=2, temperature=0.9, top_p=0.8, seed=7))
    other = await generator.generate(ask("seeded", n=4, temperature=0.9, top_p=0.8, seed=8))
    assert crowded.texts == alone.texts
    assert fewer.texts == alone.texts[:2]
    assert other.texts != alone.texts


async def test_greedy_samples_are_all_the_same(start: Start) -> None:
    completion = await start().generate(ask("same", n=3, seed=5))
    assert len(set(completion.texts)) == 1
    assert completion.completion_tokens == 3 * 24
    assert completion.finish_reasons == ("length",) * 3


async def test_cancelling_frees_the_place_within_a_step(start: Start) -> None:
    generator = start(max_batch=2)
    await generator.load()
    loop = asyncio.get_running_loop()
    gone = threading.Event()
    sizes: list[int] = []

    def watch(rows: int, tokens: int) -> None:
        if tokens == 1:
            sizes.append(rows)
        if sizes.count(2) == 5 and not gone.is_set():  # in the middle of their fifth step, as it were
            loop.call_soon_threadsafe(cancelled.cancel)
            assert gone.wait(30)

    with forwards(generator, watch):
        kept = asyncio.create_task(generator.generate(ask("kept", max_new_tokens=60)))
        cancelled = asyncio.create_task(generator.generate(ask("cancelled", max_new_tokens=1900)))
        cancelled.add_done_callback(lambda _: gone.set())
        assert (await kept).completion_tokens == 60
    with pytest.raises(CutOff) as cut:
        await cancelled
    assert 4 <= cut.value.completion_tokens <= 5
    assert cut.value.prompt_tokens == (await generator.generate(ask("cancelled", max_new_tokens=1))).prompt_tokens
    assert sizes.count(2) == 5


async def test_a_waiting_request_can_be_cancelled(start: Start) -> None:
    generator = start(max_batch=1)
    first = asyncio.create_task(generator.generate(ask("first", max_new_tokens=60)))
    await asyncio.sleep(0.01)
    second = asyncio.create_task(generator.generate(ask("second", n=3)))
    await asyncio.sleep(0.01)
    second.cancel()
    assert (await first).completion_tokens == 60
    assert (await generator.generate(ask("third"))).completion_tokens == 24
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await second
    assert not isinstance(cancelled.value, CutOff)  # it has cost nothing


async def test_a_request_that_takes_too_long_is_given_up(start: Start) -> None:
    generator = start()
    await generator.load()
    with pytest.raises(GenerationError, match=r"tiny gave no answer within 0\.05 s"):
        await generator.generate(ask("slow", max_new_tokens=2000, timeout_s=0.05))
    assert (await generator.generate(ask("quick"))).completion_tokens == 24


async def test_the_event_loop_is_never_blocked(start: Start) -> None:
    generator = start()
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0)
            beats += 1

    heart = asyncio.create_task(beat())
    await generator.generate(ask("x", max_new_tokens=100))
    heart.cancel()
    assert beats > 1000  # a loop that waited for the model would have come round a handful of times


@pytest.mark.parametrize("allowed", [1, 3, 5])
async def test_out_of_memory_halves_the_batch_and_loses_nothing(start: Start, allowed: int) -> None:
    requests = [ask(text, max_new_tokens=20 + i, n=1 + i % 2) for i, text in enumerate(texts(12))]
    expected = await answers(start(), requests)
    generator = start(max_batch=16)
    await generator.load()

    def watch(rows: int, _tokens: int) -> None:
        if rows > allowed:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    with forwards(generator, watch):
        completions = await answers(generator, requests)
    assert [c.texts for c in completions] == [c.texts for c in expected]
    assert [c.completion_tokens for c in completions] == [c.completion_tokens for c in expected]
    assert generator.stats is not None
    assert generator.stats.out_of_memory >= 1
    assert generator.stats.limit <= max(1, allowed)


async def test_memory_that_ends_midway_costs_no_token(start: Start) -> None:
    request = ask("midway", n=4, max_new_tokens=40, temperature=1.0)
    expected = await start().generate(request)
    generator = start()
    await generator.load()
    steps = 0

    def watch(rows: int, _tokens: int) -> None:
        nonlocal steps
        steps += 1
        if steps in (10, 30):
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory")

    with forwards(generator, watch):
        completion = await generator.generate(request)
    assert completion.texts == expected.texts
    assert completion.completion_tokens == expected.completion_tokens


async def test_the_cache_stays_in_its_bounds(start: Start) -> None:
    # 2 layers, keys and values, 2 heads of 16 float32 numbers: 512 bytes a token.
    generator = start(max_cache_bytes=512 * 3 * 64)
    sizes: list[tuple[int, int]] = []
    await generator.load()
    with forwards(generator, lambda rows, tokens: sizes.append((rows, tokens))):
        completions = await answers(generator, [ask("a" * 20) for _ in range(6)] + [ask("b" * 400)])
    assert [completion.completion_tokens for completion in completions] == [24] * 7
    assert max(rows for rows, tokens in sizes if tokens == 1) == 3
    assert sizes.count((1, 1)) >= 23  # the long one, whenever its turn came


async def test_one_that_does_not_fit_alone_fails_alone(start: Start) -> None:
    generator = start()
    await generator.load()

    def watch(rows: int, tokens: int) -> None:
        if tokens > 300:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    with forwards(generator, watch):
        results = await asyncio.gather(
            *(generator.generate(ask(text)) for text in ["a", "b" * 500, "c", "d" * 30]), return_exceptions=True
        )
    assert isinstance(results[1], GenerationError)
    assert "does not fit even alone" in str(results[1])
    assert isinstance(results[1].__cause__, torch.OutOfMemoryError)
    assert all(isinstance(results[i], Completion) for i in (0, 2, 3))
    assert generator.stats is not None
    assert generator.stats.limit == 32


async def test_any_other_failure_reaches_all_that_wait_and_leaves_it_usable(start: Start) -> None:
    generator = start(max_batch=2)
    await generator.load()

    def watch(rows: int, tokens: int) -> None:
        raise RuntimeError("the device is on fire")

    with forwards(generator, watch):
        results = await asyncio.gather(*(generator.generate(ask(t)) for t in "abcd"), return_exceptions=True)
    for result in results:
        assert isinstance(result, GenerationError)
        assert "the device is on fire" in str(result)
        assert isinstance(result.__cause__, RuntimeError)
    assert (await generator.generate(ask("again"))).completion_tokens == 24


async def test_closing_fails_what_waits_and_ends_the_thread(start: Start) -> None:
    generator = start(max_batch=1)
    await generator.load()
    loop, begun = asyncio.get_running_loop(), asyncio.Event()
    with forwards(generator, lambda rows, tokens: loop.call_soon_threadsafe(begun.set) and None):
        waiting = [asyncio.create_task(generator.generate(ask(text, max_new_tokens=1900))) for text in "abc"]
        await begun.wait()
    assert generator._engine is not None
    thread = generator._engine.result().queue._thread
    await generator.close()
    await generator.close()
    for result in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(result, GenerationError)
        assert "closed" in str(result)
    assert not thread.is_alive()
    with pytest.raises(GenerationError, match="closed"):
        await generator.generate(ask("late"))


async def test_closing_before_anything_was_asked(start: Start) -> None:
    await start().close()


async def test_a_prompt_that_is_too_long_loses_its_oldest_turns(start: Start) -> None:
    generator = start(max_context=200)
    messages = (
        Message("user", "problem"),
        Message("assistant", "1" * 50, turn=1),
        Message("assistant", "2" * 50, turn=2),
        Message("assistant", "3" * 50, turn=3),
    )
    completion = await generator.generate(GenerationRequest(messages, Sampling(max_new_tokens=30)))
    short = await generator.generate(GenerationRequest((messages[0], *messages[2:]), Sampling(max_new_tokens=30)))
    assert completion.dropped_turns == (1,)
    assert (completion.texts, completion.prompt_tokens) == (short.texts, short.prompt_tokens)
    with pytest.raises(GenerationError, match="too long"):
        await generator.generate(ask("p" * 200))
    with pytest.raises(GenerationError, match="room for 0 "):
        await generator.generate(ask("p", max_new_tokens=5000))


async def test_a_folder_without_a_model_says_what_to_do(start: Start, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="selfdebug models pull"):
        await start(tmp_path / "nowhere").generate(ask("x"))
    generator = start(tmp_path)
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match="cannot be loaded"):
            await generator.load()


def test_importing_the_generator_loads_no_torch() -> None:
    code = (
        "import sys, selfdebug.generators, selfdebug.generators.transformers;"
        "assert not {'torch', 'transformers', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
