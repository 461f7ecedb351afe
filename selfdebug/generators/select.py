"""From `--model` to a generator."""

from pathlib import Path

from selfdebug import models
from selfdebug.errors import ModelUnavailable
from selfdebug.events import Completed
from selfdebug.generator import Generator
from selfdebug.generators.replay import ReplayGenerator
from selfdebug.models import SILENT, Progress
from selfdebug.trajectory import read

_OPENAI = "openai:"
_REPLAY = "replay:"


def open_generator(model: str, *, pull: bool = True, progress: Progress = SILENT) -> Generator:
    """The generator for this model.

    Args:
        model: `openai:NAME`, a local folder, a GGUF file, or a name on the hub; `replay:TRAJECTORY` gives the
            completions that such a file holds again: to the same requests, else in order.
        pull: Whether to pull or convert a local model that is not there yet; `progress` hears of it.

    Raises:
        InputError: This can be no model's name, or no trajectory.
        ModelUnavailable: The model, the packages for it, or a key are missing; the message says what to do.
    """
    if model.startswith(_OPENAI):
        try:
            from selfdebug.generators.openai import OpenAIGenerator
        except ImportError as error:
            raise _missing("openai", error) from error
        return OpenAIGenerator(model.removeprefix(_OPENAI))
    if model.startswith(_REPLAY):
        events = read(Path(model.removeprefix(_REPLAY)))
        return ReplayGenerator.matched(
            (event.request, event.completion) for event in events if isinstance(event, Completed)
        )
    path = models.resolve(model, pull=pull, progress=progress)
    try:
        from selfdebug.generators.transformers import TransformersGenerator
    except ImportError as error:
        raise _missing("local", error) from error
    return TransformersGenerator(path, name=model)


def _missing(extra: str, error: ImportError) -> ModelUnavailable:
    return ModelUnavailable(f"{error.name} is not installed here: pip install 'selfdebug[{extra}]'")
