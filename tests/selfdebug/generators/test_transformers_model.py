"""The generator with the default model itself."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from selfdebug.code_stop import closed_code_block_end
from selfdebug.generator import GenerationRequest, Message, Sampling
from selfdebug.generators.transformers import TransformersGenerator

pytestmark = pytest.mark.model

TASKS = [
    "Write a Python function that adds two numbers.",
    "Say hello.",
    "Write a Python function `is_prime(n)`. Explain it line by line afterwards. " + "Keep the code short. " * 30,
    "What is a list?",
    "Write a Python function that reverses a string, then one that doubles it.",
]


def ask(task: str, **sampling: Any) -> GenerationRequest:
    return GenerationRequest((Message("user", task),), Sampling(**sampling))


async def test_batched_greedy_equals_plain_generate_in_float32(default_model: Path) -> None:
    new_tokens = [6, 20, 12, 4, 16]
    generator = TransformersGenerator(default_model, name="default", dtype="float32", max_batch=3)
    try:
        completions = await asyncio.gather(
            *(
                generator.generate(ask(task, max_new_tokens=count, stop_after_code=False))
                for task, count in zip(TASKS, new_tokens, strict=True)
            )
        )
    finally:
        await generator.close()
    model = AutoModelForCausalLM.from_pretrained(default_model, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(default_model)
    for task, count, completion in zip(TASKS, new_tokens, completions, strict=True):
        prompt = tokenizer.apply_chat_template(
            [{"role": "user", "content": task}], add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        width = prompt["input_ids"].shape[1]
        output = model.generate(**prompt, max_new_tokens=count, do_sample=False, repetition_penalty=1.0)[0, width:]
        assert completion.texts[0] == tokenizer.decode(output, skip_special_tokens=True)
        assert (completion.prompt_tokens, completion.completion_tokens) == (width, len(output))


async def test_a_reply_stops_at_its_code_block(default_model: Path) -> None:
    generator = TransformersGenerator(default_model, name="default")
    try:
        stopped, whole = await asyncio.gather(
            generator.generate(ask(TASKS[0], max_new_tokens=200)),
            generator.generate(ask(TASKS[0], max_new_tokens=200, stop_after_code=False)),
        )
    finally:
        await generator.close()
    assert stopped.texts[0].endswith("```")
    assert closed_code_block_end(stopped.texts[0]) == len(stopped.texts[0])
    assert stopped.finish_reasons == ("stop",)
    assert len(whole.texts[0]) > len(stopped.texts[0])
    assert whole.completion_tokens > stopped.completion_tokens
