"""Converts a GGUF file once into a folder that `from_pretrained` loads: bfloat16 safetensors, tokenizer, chat template.

The only module here that needs torch and transformers, which it imports when it is used.
"""

import gc
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfdebug.errors import ModelUnavailable
from selfdebug.models.progress import Progress

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_MAGIC = b"GGUF"
_SLACK_BYTES = 64 * 2**20  # tokenizer and configuration
# What models are trained to end a turn with. GGUF files name one of them, and not always the right one.
_TURN_ENDS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "<end_of_turn>", "<|end|>", "<|EOT|>")
_UNREADABLE = (ValueError, KeyError, IndexError, TypeError, AttributeError, RuntimeError, OSError, MemoryError)


def require_local() -> None:
    """Check that the packages for local models are there.

    Raises:
        ModelUnavailable: They are not; the message says how to install them.
    """
    needed = ("torch", "transformers", "gguf", "huggingface_hub", "safetensors")
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        raise ModelUnavailable(
            f"local models need {', '.join(missing)}, not installed here: pip install 'selfdebug[local]'"
        )


def converted_bytes(gguf: Path) -> int:
    """About how many bytes the converted model takes.

    Raises:
        ModelUnavailable: This is not a GGUF file, or a damaged one.
    """
    import gguf as reader

    try:
        with gguf.open("rb") as file:
            if file.read(4) != _MAGIC:
                raise ModelUnavailable(f"{gguf} is not a GGUF file")
        return 2 * sum(int(tensor.n_elements) for tensor in reader.GGUFReader(gguf).tensors) + _SLACK_BYTES
    except _UNREADABLE as error:
        raise ModelUnavailable(f"{gguf} cannot be read as a GGUF file: {_one_line(error)}") from error


def convert(gguf: Path, folder: Path, progress: Progress) -> None:
    """Write the model in this GGUF file to `folder`, which is created.

    Raises:
        ModelUnavailable: transformers cannot read it, or it has no chat template.
    """
    progress.stage("converting to bfloat16 (about a minute for each billion weights)", 0)
    try:
        with _without_bars():
            _convert(gguf, folder)
    except _UNREADABLE as error:
        raise ModelUnavailable(f"{gguf} cannot be converted: {_one_line(error)}") from error
    finally:
        gc.collect()


def _convert(gguf: Path, folder: Path) -> None:
    import torch
    import transformers

    options: dict[str, Any] = {"gguf_file": gguf.name, "local_files_only": True}
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(gguf.parent), **options)
    if not tokenizer.chat_template:
        raise ModelUnavailable(f"{gguf} has no chat template: an instruction-tuned model is needed")
    if hasattr(transformers, "GgufConfig"):  # older versions always dequantise
        options["quantization_config"] = transformers.GgufConfig(dequantize=True)
    loaded: Any = transformers.AutoModelForCausalLM.from_pretrained(
        str(gguf.parent), dtype=torch.bfloat16, output_loading_info=True, **options
    )
    model, loading = loaded
    if loading["missing_keys"]:  # transformers would fill them with noise
        raise ValueError(f"it lacks weights: {', '.join(sorted(loading['missing_keys'])[:3])}, …")
    ends = _turn_ends(tokenizer)
    model.generation_config = transformers.GenerationConfig(  # type: ignore[no-untyped-call]
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=ends,
        pad_token_id=tokenizer.pad_token_id if tokenizer.pad_token_id is not None else ends[0],
    )
    model.save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))


@contextmanager
def _without_bars() -> Iterator[None]:
    """Keep transformers from drawing bars of its own."""
    from transformers import modeling_gguf_pytorch_utils
    from transformers.utils import logging

    reading: Any = modeling_gguf_pytorch_utils
    bars, bar = logging.is_progress_bar_enabled(), getattr(reading, "tqdm", None)
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    if bar:  # this one asks no setting whether it is wanted
        reading.tqdm = partial(bar, disable=True)
    try:
        yield
    finally:
        if bar:
            reading.tqdm = bar
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _turn_ends(tokenizer: "PreTrainedTokenizerBase") -> list[int]:
    """All tokens that end a turn, the file's own first."""
    known = tokenizer.get_vocab()
    names = [tokenizer.eos_token, *_TURN_ENDS]
    ends = list(dict.fromkeys(known[name] for name in names if name in known))
    if not ends:
        raise ValueError("it names no token that ends a turn")
    return ends


def _one_line(error: BaseException) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:300]
