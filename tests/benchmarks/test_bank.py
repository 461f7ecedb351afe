"""The bank gives exactly what its model said, and only for what was asked of it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.bank import Bank, BankedGenerator
from selfdebug.errors import GenerationError, InputError
from selfdebug.generator import Completion, GenerationRequest, Message, Sampling
from selfdebug.generators.replay import ReplayGenerator

ASKED = GenerationRequest((Message("user", "Write \ud800 f."),), Sampling(max_new_tokens=100))
REPLY = Completion(("```python\n'\udfff'\n```",), 20, 60, 1.5, "m", (2,), ("stop",))
CUT = replace(REPLY, completion_tokens=100, finish_reasons=("length",))


def ask(path: Path, request: GenerationRequest, *answers: Completion, weights: str = "m@1") -> Completion:
    """Ask through the bank at that path; the model itself has those answers left."""

    async def run() -> Completion:
        generator = BankedGenerator(ReplayGenerator(answers), Bank(path), weights)
        try:
            return await generator.generate(request)
        finally:
            await generator.close()

    return asyncio.run(run())


def test_what_was_asked_is_given_again_and_nothing_else(tmp_path: Path) -> None:
    bank = tmp_path / "new" / "bank"
    assert ask(bank, ASKED, REPLY) == REPLY
    assert ask(bank, ASKED) == REPLY
    assert ask(bank, replace(ASKED, timeout_s=5.0)) == REPLY
    others = (
        replace(ASKED, n=2),
        replace(ASKED, messages=(Message("user", "Write g."),)),
        replace(ASKED, messages=(Message("system", ASKED.messages[0].content),)),
        replace(ASKED, sampling=replace(ASKED.sampling, seed=1)),
        replace(ASKED, sampling=replace(ASKED.sampling, temperature=0.1)),
        replace(ASKED, sampling=replace(ASKED.sampling, stop_after_code=False)),
    )
    for other in others:
        with pytest.raises(GenerationError):
            ask(bank, other)
    with pytest.raises(GenerationError):
        ask(bank, ASKED, weights="m@2")


@given(st.integers(1, 200))
def test_a_reply_serves_every_bound_that_it_does_not_reach(
    tmp_path_factory: pytest.TempPathFactory, bound: int
) -> None:
    bank = tmp_path_factory.mktemp("bank") / "bank"
    ask(bank, ASKED, REPLY)
    asked = replace(ASKED, sampling=replace(ASKED.sampling, max_new_tokens=bound))
    if bound >= REPLY.completion_tokens:
        assert ask(bank, asked) == REPLY
    else:
        assert ask(bank, asked, CUT) == CUT == ask(bank, asked)
        assert ask(bank, ASKED) == REPLY


def test_a_reply_that_was_cut_serves_its_own_bound_only(tmp_path: Path) -> None:
    bank = tmp_path / "bank"
    ask(bank, ASKED, CUT)
    assert ask(bank, ASKED) == CUT
    for bound in (50, 99, 101, 200):
        with pytest.raises(GenerationError):
            ask(bank, replace(ASKED, sampling=replace(ASKED.sampling, max_new_tokens=bound)))


def test_a_file_that_is_something_else_is_named(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("These are notes, and no bank at all.\n" * 50)
    for path in (other, tmp_path, other / "bank"):
        with pytest.raises(InputError, match="is no bank of completions"):
            Bank(path)
