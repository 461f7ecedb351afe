from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from selfdebug.errors import GenerationError
from selfdebug.generator import Completion, GenerationRequest, Message, Sampling
from selfdebug.generators.replay import ReplayGenerator, request_key

requests = st.builds(
    GenerationRequest,
    messages=st.lists(
        st.builds(
            Message, role=st.sampled_from(["system", "user", "assistant"]), content=st.text(), turn=st.integers(0, 9)
        ),
        max_size=3,
    ).map(tuple),
    sampling=st.builds(Sampling, temperature=st.floats(0, 2), seed=st.integers(0, 2**31)),
)


# What recordings of earlier versions hold.
PLAIN_KEY = "1cb2fe998956479e8bd967f6a16286583334bcbee18aac57c9655cc4c7eb723e"


def completion(*texts: str) -> Completion:
    return Completion(texts, 1, 2, 0.5, model="recorded")


def ask(text: str, n: int = 1) -> GenerationRequest:
    return GenerationRequest((Message("user", text),), n=n)


def test_a_prefix_makes_another_request_and_none_the_same_as_ever() -> None:
    plain = GenerationRequest((Message("user", "x"),))
    assert request_key(plain) == request_key(replace(plain, timeout_s=1.0)) == PLAIN_KEY
    assert len({request_key(replace(plain, prefix=prefix)) for prefix in ("", "a", "b")}) == 3
    assert len({request_key(replace(plain, sampling=Sampling(stop=stop))) for stop in ((), ("a",), ("b",))}) == 3


async def test_in_order() -> None:
    replay = ReplayGenerator([completion("a"), completion("b", "c")])
    assert replay.model == "recorded"
    assert (await replay.generate(ask("x"))).texts == ("a",)
    assert (await replay.generate(ask("x", 2))).texts == ("b", "c")
    with pytest.raises(GenerationError, match="all 2 recorded"):
        await replay.generate(ask("x"))
    await replay.close()


async def test_another_number_of_samples_is_refused() -> None:
    with pytest.raises(GenerationError, match="holds 1 samples where 2 are asked for"):
        await ReplayGenerator([completion("a")]).generate(ask("x", 2))


async def test_keyed() -> None:
    replay = ReplayGenerator.keyed(
        [(ask("x"), completion("1")), (ask("y"), completion("2")), (ask("x"), completion("3"))]
    )
    assert [(await replay.generate(ask(text))).texts[0] for text in "yxxx"] == ["2", "1", "3", "3"]
    with pytest.raises(GenerationError, match=r"no completion was recorded .*'z'"):
        await replay.generate(ask("z"))


async def test_matched_serves_many_solves_at_once() -> None:
    replay = ReplayGenerator.matched([(ask("x"), completion("1")), (ask("y"), completion("2"))])
    assert [(await replay.generate(ask(text))).texts[0] for text in "xxyxyy"] == list("112122")


async def test_matched_gives_an_unknown_request_the_next_in_order() -> None:
    recorded = [(ask(text), completion(text)) for text in "abc"]
    replay = ReplayGenerator.matched(recorded)
    assert [(await replay.generate(ask(text))).texts[0] for text in "a?!"] == ["a", "b", "c"]
    with pytest.raises(GenerationError, match="all 3 recorded"):
        await replay.generate(ask("?"))


@given(requests, requests)
def test_a_key_stands_for_its_request(one: GenerationRequest, other: GenerationRequest) -> None:
    adapter = TypeAdapter(GenerationRequest)
    copy = adapter.validate_json(adapter.dump_json(one))
    assert request_key(copy) == request_key(one)
    assert (request_key(one) == request_key(other)) == (one == other)


def test_the_time_out_is_no_part_of_the_key() -> None:
    request = ask("x")
    assert request_key(GenerationRequest(request.messages, timeout_s=3)) == request_key(request)
