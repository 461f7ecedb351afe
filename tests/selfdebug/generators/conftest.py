"""A tiny model with random weights: for everything where only the machinery around a model matters."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from selfdebug.generators.transformers import TransformersGenerator

TEMPLATE = (
    "{% for message in messages %}<{{ message.role }}>{{ message.content }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Qwen2 of two layers that speaks bytes, in float32, so that batched and single results agree exactly."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    folder = tmp_path_factory.mktemp("tiny-model")
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: index for index, letter in enumerate([*letters, "</s>"])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>", pad_token="</s>")
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(vocabulary),
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        initializer_range=0.3,  # large weights, so that the likeliest token changes with what came before
        eos_token_id=vocabulary["</s>"],
        pad_token_id=vocabulary["</s>"],
        tie_word_embeddings=False,
    )
    Qwen2ForCausalLM(config).save_pretrained(folder)
    return folder


Start = Callable[..., TransformersGenerator]


@pytest_asyncio.fixture
async def start(tiny_model: Path) -> AsyncIterator[Start]:
    """Start generators on the tiny model; all are closed at the test's end."""
    started: list[TransformersGenerator] = []

    def start(path: Path = tiny_model, **options: object) -> TransformersGenerator:
        started.append(TransformersGenerator(path, name="tiny", dtype="float32", **options))
        return started[-1]

    yield start
    for generator in started:
        await generator.close()
