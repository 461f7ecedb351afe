import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from selfdebug.errors import InputError, ModelUnavailable
from selfdebug.generators.openai import OpenAIGenerator
from selfdebug.generators.select import open_generator
from selfdebug.generators.transformers import TransformersGenerator


def test_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    generator = open_generator("openai:some/model:7b")
    assert isinstance(generator, OpenAIGenerator)
    assert generator.model == "some/model:7b"
    with pytest.raises(InputError, match="openai:NAME"):
        open_generator("openai:")


def test_a_local_folder(tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (tmp_path / name).write_text("{}")
    generator = open_generator(str(tmp_path))
    assert isinstance(generator, TransformersGenerator)
    assert generator.model == str(tmp_path)


def test_no_such_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFDEBUG_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelUnavailable, match="models pull"):
        open_generator("nobody/nothing", pull=False)
    with pytest.raises(InputError, match="no name on the hub"):
        open_generator("two words")


@pytest.mark.parametrize(("model", "package", "extra"), [("openai:m", "openai", "openai"), ("a/b", "torch", "local")])
def test_a_missing_extra_is_named(model: str, package: str, extra: str, tmp_path: Path) -> None:
    script = """
        import sys
        from importlib.machinery import PathFinder

        class Without(PathFinder):
            @classmethod
            def find_spec(cls, name, path=None, target=None):
                return None if name == sys.argv[2] else super().find_spec(name, path, target)

        sys.meta_path[sys.meta_path.index(PathFinder)] = Without
        from selfdebug.errors import ModelUnavailable
        from selfdebug.generators.select import open_generator
        try:
            open_generator(sys.argv[1])
        except ModelUnavailable as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), model, package],
        capture_output=True,
        text=True,
        timeout=60,
        env={"SELFDEBUG_HOME": str(tmp_path), "HOME": str(tmp_path), "OPENAI_BASE_URL": "http://127.0.0.1:9"},
    )
    assert f"pip install 'selfdebug[{extra}]'" in done.stdout, done.stderr
