"""From `--model` to a generator."""

from selfdebug import models
from selfdebug.errors import ModelUnavailable
from selfdebug.generator import Generator
from selfdebug.models import SILENT, Progress

_OPENAI = "openai:"


def open_generator(model: str, *, pull: bool = True, progress: Progress = SILENT) -> Generator:
    """The generator for this model.

    Args:
        model: `openai:NAME`, a local folder, a GGUF file, or a name on the hub.
        pull: Whether to pull or convert a local model that is not there yet; `progress` hears of it.

    Raises:
        InputError: This can be no model's name.
        ModelUnavailable: The model, the packages for it, or a key are missing; the message says what to do.
    """
    if model.startswith(_OPENAI):
        try:
            from selfdebug.generators.openai import OpenAIGenerator
        except ImportError as error:
            raise _missing("openai", error) from error
        return OpenAIGenerator(model.removeprefix(_OPENAI))
    path = models.resolve(model, pull=pull, progress=progress)
    try:
        from selfdebug.generators.transformers import TransformersGenerator
    except ImportError as error:
        raise _missing("local", error) from error
    return TransformersGenerator(path, name=model)


def _missing(extra: str, error: ImportError) -> ModelUnavailable:
    return ModelUnavailable(f"{error.name} is not installed here: pip install 'selfdebug[{extra}]'")
