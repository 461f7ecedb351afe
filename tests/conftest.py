"""Fixtures that many tests share: the data sets, the default model, a tiny one, and an OpenAI-compatible server."""

import functools
import gc
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from sandbox.protocol import Sandbox
from sandbox.select import UnprotectedWarning, open_sandbox

_START_S = 240.0

# A shell starts what runs in the background with interrupts ignored, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test asserts a time, so neither does hypothesis: what is slow on a busy machine is not wrong.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")


# Tests of these share what is one to a machine, such as its Docker engine, which some of them restart.
_MACHINE = ("attacks/", "benchmarks/test_speed_", "faults/", "sandbox/", "test_end_to_end.py")
_ALONE = ("sandbox/runner/",)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """For `pytest -n`: the tests of one file stay in one process, and those that share the machine in one, too."""
    from xdist.scheduler import LoadScopeScheduling

    class ByMachine(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            below = file.removeprefix("tests/")
            return "machine" if below.startswith(_MACHINE) and not below.startswith(_ALONE) else file

    return ByMachine(config, log)


OpenBackend = Callable[[], Sandbox]
WALLED = ("bubblewrap", "docker", "gvisor")
BACKENDS = (*WALLED, "none")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """The default sandbox."""
    opened = open_sandbox()
    yield opened
    await opened.close()


@pytest.fixture(scope="session", params=WALLED)
def open_walled(request: pytest.FixtureRequest) -> OpenBackend:
    """Open each backend that protects this machine. Whoever opens one closes it."""
    return _opener(request.param)


@pytest.fixture(scope="session", params=BACKENDS)
def open_backend(request: pytest.FixtureRequest) -> OpenBackend:
    """Open each backend. Whoever opens one closes it."""
    return _opener(request.param)


def _opener(name: str) -> OpenBackend:
    if name == "bubblewrap":
        return open_sandbox
    if name == "none":
        return _open_unprotected
    runtime = "runsc" if name == "gvisor" else None
    _need_engine(runtime)
    return functools.partial(open_sandbox, "docker", runtime=runtime)


@pytest.fixture(scope="session")
def engine() -> None:
    """A Docker engine: without one, tests of containers fail in CI and are skipped elsewhere."""
    _need_engine(None)


def _need_engine(runtime: str | None) -> None:
    missing = _engine_lacks(runtime)
    if missing:
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)


def _open_unprotected() -> Sandbox:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnprotectedWarning)
        return open_sandbox("none")


@functools.cache
def _engine_lacks(runtime: str | None) -> str:
    """What is missing to run containers so; empty where nothing is."""
    import docker
    from docker.errors import DockerException

    lacks = ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # a socket that cannot be connected is left open
        try:
            client = docker.from_env()
            runtimes = client.info()["Runtimes"]
            client.close()
        except DockerException as error:
            lacks = f"no Docker engine: {error}"
        gc.collect()
    if lacks:
        return lacks
    return "" if runtime is None or runtime in runtimes else f"the Docker engine has no runtime {runtime}"


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of data sets: `SELFDEBUG_TEST_DATA`, else `shared/data` beside the repository."""
    given = os.environ.get("SELFDEBUG_TEST_DATA")
    folder = Path(given) if given else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        missing = f"no data sets at {folder}; set SELFDEBUG_TEST_DATA"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return folder


@pytest.fixture(scope="session")
def default_model() -> Path:
    """The default model's folder: `SELFDEBUG_TEST_MODEL`, else the one in the cache, pulled when it is absent."""
    given = os.environ.get("SELFDEBUG_TEST_MODEL")
    if given:
        return Path(given)
    from selfdebug.models import DEFAULT_MODEL, resolve

    return resolve(DEFAULT_MODEL, pull=True)


@dataclass(frozen=True)
class ModelServer:
    """A running OpenAI-compatible server: its address up to `/v1`, and its name for the model."""

    base_url: str
    model: str


@pytest.fixture(scope="session")
def model_server(default_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """`transformers serve` with the default model, on a free loopback port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    program = Path(sys.executable).with_name("transformers")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(program), "serve", str(default_model), "--host", "127.0.0.1", "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # One thread: beside other tests, threads that wait for each other are many times slower than one.
            env=os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        )
    try:
        _wait(process, f"http://127.0.0.1:{port}/health", log)
        yield ModelServer(f"http://127.0.0.1:{port}/v1", str(default_model))
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=20)


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    pytest.fail(f"the model server did not start:\n{log.read_text(errors='replace')[-3000:]}")


_TEMPLATE = (
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
    fast.chat_template = _TEMPLATE
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
