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


def completion(*texts: str) -> Completion:
    return Completion(texts, 1, 2, 0.5, model="recorded")


def ask(text: str, n: int = 1) -> GenerationRequest:
    return GenerationRequest((Message("user", text),), n=n)


async def test_in_order() -> None:
    replay = ReplayGenerator([completion("a"), completion("b", "c")])
    assert replay.model == "recorded"
    assert (await replay.generate(ask("x"))).texts == ("a",)
    assert (await replay.generate(ask("x", 2))).texts == ("b", "c")
    with pytest.raises(GenerationError, match="all 2 recorded"):
        await replay.generate(ask("x"))
    await replay.close()


async def test_another_number_of_samples_is_refused() -> None:
    with pytest.raises(GenerationError, match="2 samples were asked for, 1 were recorded"):
        await ReplayGenerator([completion("a")]).generate(ask("x", 2))


async def test_keyed() -> None:
    replay = ReplayGenerator.keyed(
        [(ask("x"), completion("1")), (ask("y"), completion("2")), (ask("x"), completion("3"))]
    )
    assert [(await replay.generate(ask(text))).texts[0] for text in "yxxx"] == ["2", "1", "3", "3"]
    with pytest.raises(GenerationError, match=r"no completion was recorded .*'z'"):
        await replay.generate(ask("z"))


@given(requests, requests)
def test_a_key_stands_for_its_request(one: GenerationRequest, other: GenerationRequest) -> None:
    adapter = TypeAdapter(GenerationRequest)
    copy = adapter.validate_json(adapter.dump_json(one))
    assert request_key(copy) == request_key(one)
    assert (request_key(one) == request_key(other)) == (one == other)


def test_the_time_out_is_no_part_of_the_key() -> None:
    request = ask("x")
    assert request_key(GenerationRequest(request.messages, timeout_s=3)) == request_key(request)
