"""The data sets that benchmark runs are made on: read from a path, or fetched once from their official place."""

import hashlib
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

from selfdebug.errors import InputError
from selfdebug.models import cache_home

_FETCH_TIMEOUT_S = 30


@dataclass(frozen=True)
class Dataset:
    """A data set by name. `sha256` is that of the official file, checked after a fetch."""

    name: str
    title: str
    url: str
    sha256: str


HUMANEVAL = Dataset(
    name="humaneval",
    title="HumanEval",
    url="https://github.com/openai/human-eval/raw/master/data/HumanEval.jsonl.gz",
    sha256="b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef",
)
DATASETS = {dataset.name: dataset for dataset in (HUMANEVAL,)}


def locate(dataset: Dataset, data: Path | None) -> Path:
    """The data set's file: `data` where it is given, else the cached or freshly fetched official one.

    Raises:
        InputError: It cannot be fetched here, or what came is not the official file.
    """
    if data is not None:
        return data
    path = cache_home() / "datasets" / Path(dataset.url).name
    if path.exists():
        return path
    try:
        with urllib.request.urlopen(dataset.url, timeout=_FETCH_TIMEOUT_S) as answer:
            content = answer.read()
    except (URLError, TimeoutError, ConnectionError) as error:
        advice = f"{dataset.url} cannot be reached ({error}); get that file by other means and name it with --data"
        raise InputError(f"bench {dataset.name}", "--data", advice) from None
    if hashlib.sha256(content).hexdigest() != dataset.sha256:
        advice = f"what {dataset.url} holds is not the official file; name a file with --data"
        raise InputError(f"bench {dataset.name}", "--data", advice)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.write_bytes(content)
    partial.replace(path)
    return path
