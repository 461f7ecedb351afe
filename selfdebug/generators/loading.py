"""From a folder to a model that is ready to write: the device, the number type, the tokens that end a turn."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as chatter

from selfdebug.errors import ModelUnavailable
from selfdebug.generator import Message
from selfdebug.generators.packing import pack_linears

PLAIN_LAYERS = {"full_attention", "sliding_attention"}


@dataclass(frozen=True)
class LoadedModel:
    """A causal language model with its tokenizer.

    Attributes:
        stop_ids: Tokens that end a turn.
        context: The most tokens a prompt and its answer may have together.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    stop_ids: frozenset[int]
    context: int

    def encode(self, messages: tuple[Message, ...]) -> tuple[int, ...]:
        """The prompt's token ids, ending where the assistant's next turn begins."""
        conversation = [{"role": message.role, "content": message.content} for message in messages]
        ids = self.tokenizer.apply_chat_template(
            conversation, add_generation_prompt=True, tokenize=True, return_dict=False
        )
        return tuple(cast(list[int], ids))

    def encode_prefix(self, text: str) -> tuple[int, ...]:
        """The token ids of the beginning of an answer."""
        return tuple(self.tokenizer.encode(text, add_special_tokens=False)) if text else ()


def load_model(path: Path, device: str | None, dtype: str | None, *, packed: bool = True) -> LoadedModel:
    """Load a local folder in Hugging Face's format.

    Args:
        device: `cpu`, `cuda`, `cuda:1`; by default CUDA where there is one.
        dtype: `bfloat16`, `float32`, `float16`; by default the fastest one that the device computes in.
        packed: Lay the weights out for this processor (see `packing`); False leaves the model as it came.

    Raises:
        ModelUnavailable: The folder holds no model that can be used here.
    """
    if not path.is_dir():
        raise ModelUnavailable(f"{path} is not a folder; `selfdebug models pull` downloads the default model")
    target = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    number_type = _number_type(dtype, target)
    try:
        with _silence():
            tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True)
            model = AutoModelForCausalLM.from_pretrained(path, dtype=number_type, local_files_only=True)
            model.to(target).eval()  # type: ignore[arg-type]  # its wrapper hides the method's own signature
    except (OSError, ValueError, TypeError, KeyError, AttributeError, ImportError, RuntimeError, SafetensorError) as e:
        raise ModelUnavailable(
            f"the model in {path} cannot be loaded on {target}: {e}; if the folder is damaged, remove it "
            "(`selfdebug models remove`) and pull the model again (`selfdebug models pull`)"
        ) from e
    if not tokenizer.chat_template:
        raise ModelUnavailable(f"the model in {path} has no chat template; take an instruction-tuned model")
    context = _context(model, path)
    if packed:
        pack_linears(model)
    return LoadedModel(model, tokenizer, _stop_ids(model, tokenizer), context)


def free_memory_bytes(device: torch.device) -> int:
    """A device's memory that can be had now, caches that would be given up included; 4 GiB where nobody says."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    try:
        fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        return int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return 4 * 2**30


def _number_type(name: str | None, device: torch.device) -> torch.dtype:
    if name is not None:
        found = getattr(torch, name, None)
        if not isinstance(found, torch.dtype) or not found.is_floating_point:
            raise ModelUnavailable(f"{name!r} is no floating-point type of torch; take bfloat16, float16 or float32")
        return found
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if device.type == "cpu":
        # Without the instructions bfloat16 is emulated, and slower than float32.
        features = torch.cpu.get_capabilities()
        return torch.bfloat16 if features.get("avx512_bf16") or features.get("amx_bf16") else torch.float32
    return torch.float16


def _stop_ids(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    configured = model.generation_config.eos_token_id if model.generation_config is not None else None
    ids = [configured] if isinstance(configured, int) else list(configured or ())
    if tokenizer.eos_token_id is not None:
        ids.append(cast(int, tokenizer.eos_token_id))
    return frozenset(ids)


def _context(model: PreTrainedModel, path: Path) -> int:
    config: Any = model.config.get_text_config()
    kinds = set(getattr(config, "layer_types", None) or ())
    if kinds - PLAIN_LAYERS or model.config.is_encoder_decoder:
        raise ModelUnavailable(
            f"the model in {path} is a {model.config.model_type}, whose layers are not all plain causal attention; "
            "serve it with an OpenAI-compatible server and use it with `--model openai:NAME`"
        )
    sizes = [int(config.max_position_embeddings)]
    window = getattr(config, "sliding_window", None)
    if window and (not kinds or "sliding_attention" in kinds):
        sizes.append(int(window))  # within its window, sliding attention is full attention
    return min(sizes)


@contextmanager
def _silence() -> Iterator[None]:
    """Keep transformers from printing bars and advice while a model loads."""
    quiet: Any = chatter  # its switches are not annotated
    verbosity, bars = chatter.get_verbosity(), chatter.is_progress_bar_enabled()
    quiet.set_verbosity_error()
    quiet.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        chatter.set_verbosity(verbosity)
        if bars:
            quiet.enable_progress_bar()
