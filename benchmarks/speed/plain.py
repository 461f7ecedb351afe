"""The peer: transformers' own `generate` on the stock model, in static batches."""

import time
from pathlib import Path
from typing import Any

import torch
from transformers import StoppingCriteria, StoppingCriteriaList

from selfdebug.generator import Message, Sampling
from selfdebug.generators.loading import LoadedModel, load_model
from selfdebug.generators.replies import ReplyReader


class CodeBlockStop(StoppingCriteria):
    """Ends a row at the same place as `TransformersGenerator` does: where its first code block is closed."""

    def __init__(self, reader: ReplyReader, prompt_width: int) -> None:
        self._reader, self._width = reader, prompt_width
        self.lengths: dict[int, int] = {}  # by row, the new tokens up to its end

    def __call__(self, input_ids: torch.Tensor, scores: object, **kwargs: Any) -> torch.Tensor:
        """Which rows are over. Rows that already are cost nothing."""
        new = input_ids[:, self._width :].tolist()
        for row, tokens in enumerate(new):
            if row not in self.lengths and self._reader.ended(tokens, Sampling()):
                self.lengths[row] = len(tokens)
        over = [row in self.lengths for row in range(len(new))]
        return torch.tensor(over, dtype=torch.bool, device=input_ids.device)


class PlainGenerate:
    """Greedy `model.generate` with left padding, the model as `from_pretrained` gives it."""

    def __init__(self, path: Path) -> None:
        self._loaded: LoadedModel = load_model(path, None, None, packed=False)
        self._reader = ReplyReader(self._loaded.tokenizer, self._loaded.stop_ids)

    def equal_length(self, batch: list[tuple[Message, ...]], new_tokens: int) -> float:
        """Write exactly `new_tokens` to each prompt of one batch, with no way to end earlier; returns seconds."""
        started = time.perf_counter()
        ids, mask = self._padded(batch)
        output = self._generate(ids, mask, new_tokens)
        seconds = time.perf_counter() - started
        assert output.shape == (len(batch), ids.shape[1] + new_tokens)
        return seconds

    def workload(self, prompts: list[tuple[Message, ...]], batch: int, max_new_tokens: int) -> tuple[float, int]:
        """Answer all prompts in batches in their order; returns seconds, and tokens up to each reply's end."""
        started = time.perf_counter()
        tokens = 0
        for first in range(0, len(prompts), batch):
            part = prompts[first : first + batch]
            ids, mask = self._padded(part)
            stop = CodeBlockStop(self._reader, ids.shape[1])
            self._generate(ids, mask, max_new_tokens, stop)
            tokens += sum(stop.lengths.get(row, max_new_tokens) for row in range(len(part)))
        return time.perf_counter() - started, tokens

    def _padded(self, batch: list[tuple[Message, ...]]) -> tuple[torch.Tensor, torch.Tensor]:
        prompts = [self._loaded.encode(messages) for messages in batch]
        width = max(len(prompt) for prompt in prompts)
        ids = torch.tensor([[0] * (width - len(prompt)) + list(prompt) for prompt in prompts])
        mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        device = self._loaded.model.device
        return ids.to(device), mask.to(device)

    def _generate(
        self, ids: torch.Tensor, mask: torch.Tensor, new_tokens: int, stop: CodeBlockStop | None = None
    ) -> torch.Tensor:
        model: Any = self._loaded.model
        # The end-of-turn token is left to the stopping criterion, which knows it too, or ignored where there is none.
        model.generation_config.eos_token_id = None
        with torch.inference_mode():
            output: torch.Tensor = model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=new_tokens,
                do_sample=False,
                repetition_penalty=1.0,
                pad_token_id=0,
                stopping_criteria=StoppingCriteriaList([stop] if stop is not None else []),
            )
        return output
