"""Where replies end, fed token by token with a real byte-level tokenizer."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from selfdebug.code_stop import closed_code_block_end
from selfdebug.generator import Sampling
from selfdebug.generators.replies import ReplyReader


@pytest.fixture(scope="module")
def tokenizer(tiny_model: Path) -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(tiny_model)


def read(tokenizer: PreTrainedTokenizerBase, text: str, *, stop_after_code: bool = True) -> tuple[str, int, str]:
    reader = ReplyReader(tokenizer, frozenset({tokenizer.eos_token_id}))
    tokens: list[int] = []
    for token in tokenizer(text)["input_ids"]:
        tokens.append(token)
        if reader.ended(tokens, Sampling(stop_after_code=stop_after_code)):
            break
    reply = reader.reply(tokens, Sampling(stop_after_code=stop_after_code))
    return reply.text, reply.tokens, reply.finish_reason


def test_stops_when_the_first_block_is_closed(tokenizer: PreTrainedTokenizerBase) -> None:
    block = "Sure:\n\n```python\nx = 1\n```"
    assert read(tokenizer, block + "\nThis sets x.\n```\nmore\n```\n") == (block, len(block) + 1, "stop")


@pytest.mark.parametrize("prefix", ["```python\n", "```python\ndef f():\n", "Sure:\n```\nx = '", ""])
def test_a_block_that_the_prefix_opened_is_closed_by_the_reply(tokenizer: PreTrainedTokenizerBase, prefix: str) -> None:
    reader, begun = ReplyReader(tokenizer, frozenset()), tuple(tokenizer(prefix)["input_ids"])
    text = "y = 2\n```\n" if prefix else "```\ny = 2\n```\n"
    tokens: list[int] = []
    for token in tokenizer(f"{text}and more")["input_ids"]:
        tokens.append(token)
        if reader.ended(tokens, Sampling(), begun):
            break
    reply = reader.reply(tokens, Sampling(), begun)
    assert (reply.text, reply.tokens) == (f"{prefix}{text}".rstrip(), len(text))


@pytest.mark.parametrize(
    ("prefix", "text", "kept"),
    [
        ("", "x = 1\n# Test it\nprint(x)\n", "x = 1\n"),
        ("", "print(x)\n", ""),
        ("", "  print(x)\nif x:\n    print(y)\n# tests\ny = 1\n", None),
        ("def f():\n", "    return 1\n\nprint(f())\n", "    return 1\n\n"),
        ("print(1)\n", "x\n", None),
        ("print(1)\n", "x\nprint(2)", "x\n"),
        ("```\n", "x\n```\nprint(2)\n", "x\n```"),
        ("```\n", "x\nprint(2)\n```\n", "x\n"),
    ],
)
def test_stops_at_a_line_that_begins_so(
    tokenizer: PreTrainedTokenizerBase, prefix: str, text: str, kept: str | None
) -> None:
    reader, begun = ReplyReader(tokenizer, frozenset()), tuple(tokenizer(prefix)["input_ids"])
    sampling, tokens = Sampling(stop=("# Test", "print(")), list[int]()
    for token in tokenizer(text)["input_ids"]:
        tokens.append(token)
        if reader.ended(tokens, sampling, begun):
            break
    reply = reader.reply(tokens, sampling, begun)
    assert reply.text == prefix + (text if kept is None else kept)
    assert reply.finish_reason == ("length" if kept is None else "stop")
    if kept is not None:
        assert len(tokens) <= len(kept) + len("print(f())\n")


def test_goes_on_where_it_is_asked_to(tokenizer: PreTrainedTokenizerBase) -> None:
    text = "```\na\n```\nand\n"
    assert read(tokenizer, text, stop_after_code=False) == (text, len(text), "length")


@pytest.mark.parametrize(
    "inside",
    ['s = "```"', 's = """\n    ```\n"""', "# ``` is a fence", "```python", "``", "x = 1 ```", "~~~"],
)
def test_a_fence_inside_the_code_does_not_close_it(tokenizer: PreTrainedTokenizerBase, inside: str) -> None:
    block = f"```python\n{inside}\ny = 2\n```"
    assert read(tokenizer, block + "\nrest") == (block, len(block) + 1, "stop")


def test_a_block_closed_by_the_last_token_counts_as_complete(tokenizer: PreTrainedTokenizerBase) -> None:
    assert read(tokenizer, "```\na\n```") == ("```\na\n```", 9, "stop")


def test_the_end_of_turn_is_counted_but_not_shown(tokenizer: PreTrainedTokenizerBase) -> None:
    assert read(tokenizer, "héllo</s>never read") == ("héllo", 7, "stop")


def test_nothing_at_all_is_a_reply(tokenizer: PreTrainedTokenizerBase) -> None:
    assert read(tokenizer, "</s>") == ("", 1, "stop")


LINES = st.lists(
    st.sampled_from(["```", "```py", "````", "~~~", "   ```", "    ```", " ``", "x = '```'", "é", "", "``` ", "```\r"]),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(LINES, st.booleans())
def test_the_short_cut_agrees_with_reading_everything(
    tokenizer: PreTrainedTokenizerBase, lines: list[str], ends: bool
) -> None:
    text = "\n".join(lines) + ("\n" if ends else "")
    reply, tokens, reason = read(tokenizer, text)
    end = closed_code_block_end(text)
    assert reply == (text if end is None else text[:end])
    assert reason == ("length" if end is None else "stop")
    if end is not None:
        # No more than the rest of the closing fence's line is read after it.
        line = text[end:].splitlines(keepends=True)[:1]
        assert tokens <= len((text[:end] + "".join(line)).encode()) + 1
