"""The data sets that benchmark runs are made on: from a path, or fetched once from their official place.

Which tests a solve sees is the protocol, `Visible`; what grades it is the data set's official evaluation whichever it
is. No more than that is decided here: rows become problems in `selfdebug.formats`.
"""

import hashlib
import re
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

from selfdebug.errors import InputError
from selfdebug.formats import Visible, load_problems
from selfdebug.models import cache_home
from selfdebug.problem import Problem

_FETCH_TIMEOUT_S = 30
_MBPP_SPLITS = {  # by task_id, as the README of MBPP names them
    "prompt": range(1, 11),
    "test": range(11, 511),
    "validation": range(511, 601),
    "train": range(601, 975),
}
_HALVES = ("development", "held-out")


@dataclass(frozen=True)
class Dataset:
    """A data set by name.

    Attributes:
        files: What its file is called within a folder; the first that is there is taken.
        url: Where it is given out.
        sha256: Of the official file, checked after a fetch; one a way in which it was given out. Empty where `url` is
            a page to be read by people.
        whole_folder: Whether the files beside belong to it.
    """

    name: str
    title: str
    files: tuple[str, ...]
    url: str
    sha256: tuple[str, ...] = ()
    whole_folder: bool = False


HUMANEVAL = Dataset(
    name="humaneval",
    title="HumanEval",
    files=("HumanEval.jsonl.gz", "HumanEval.jsonl"),
    url="https://github.com/openai/human-eval/raw/master/data/HumanEval.jsonl.gz",
    sha256=("b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef",),
)
MBPP = Dataset(
    name="mbpp",
    title="MBPP",
    files=("mbpp.jsonl",),
    url="https://github.com/google-research/google-research/raw/master/mbpp/mbpp.jsonl",
    sha256=(  # its lines ended by CR LF, and by LF
        "143559fa164408d45cab058238471288b0e447507ce55db3057c56113d9dccb4",
        "ccf64ceae9c5403bf50a044cb6d505bfd2a2963ee58338ba268fd65beab92a9f",
    ),
)
TRANSCODER = Dataset(
    name="transcoder",
    title="TransCoder",
    files=("probs.jsonl",),
    url="https://github.com/FloridSleeves/LLMDebugger/raw/4cc36557a049e17af59da966ede0409729f76307/"
    "input_data/transcoder/dataset/probs.jsonl",
    sha256=("ee8f71c6d57b3497d9ba8300359b5737f724dff5df64564bfd275f91c625eaa1",),
)
SPIDER = Dataset(
    name="spider",
    title="Spider",
    files=("dev.json",),
    url="https://yale-lily.github.io/spider",
    whole_folder=True,
)
DATASETS = {dataset.name: dataset for dataset in (HUMANEVAL, MBPP, TRANSCODER, SPIDER)}


def locate(dataset: Dataset, data: Path | None) -> Path:
    """The data set's file, or its folder where it has several: `data` if given, else the official one, fetched once.

    Raises:
        InputError: It cannot be fetched here, or what came is not the official file.
    """
    if data is not None:
        return _given(dataset, data)
    if not dataset.sha256:
        wanted = f"the folder with {dataset.files[0]}, tables.json and database"
        advice = (
            f"{dataset.title} is given out as an archive at {dataset.url}; unpack it, and name {wanted} with --data"
        )
        raise InputError(f"bench {dataset.name}", "--data", advice)
    path = cache_home() / "datasets" / dataset.files[0]
    if not path.exists():
        _fetch(dataset, path)
    return path


def _given(dataset: Dataset, data: Path) -> Path:
    if dataset.whole_folder:
        return data.parent if data.name in dataset.files else data
    if data.is_dir():
        return data / next((name for name in dataset.files if (data / name).exists()), dataset.files[0])
    return data


def _fetch(dataset: Dataset, path: Path) -> None:
    try:
        with urllib.request.urlopen(dataset.url, timeout=_FETCH_TIMEOUT_S) as answer:
            content = answer.read()
    except (URLError, TimeoutError, ConnectionError) as error:
        advice = f"{dataset.url} cannot be reached ({error}); get that file by other means and name it with --data"
        raise InputError(f"bench {dataset.name}", "--data", advice) from None
    if hashlib.sha256(content).hexdigest() not in dataset.sha256:
        advice = f"what {dataset.url} holds is not the file that results are known for; name a file with --data"
        raise InputError(f"bench {dataset.name}", "--data", advice)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.write_bytes(content)
    partial.replace(path)


def load(dataset: Dataset, path: Path, visible: Visible, split: str = "") -> list[Problem]:
    """The problems of a split, in the file's order; without a name those that results are reported on.

    MBPP has `prompt`, `test` (reported on), `validation` and `train`; a task that is numbered otherwise belongs to
    `test`. What is learnt from the other data sets is learnt on the half called `development`, and holds for the other
    half, `held-out`; the first bit of the SHA-256 of a problem's id says which it is in.

    What is visible, and what grades the answer (all of it, in every protocol):

    | data set   | `first`                   | `examples`             | `all`      | graded by                   |
    | ---------- | ------------------------- | ---------------------- | ---------- | --------------------------- |
    | HumanEval  | the docstring's first     | the docstring's        | `check`    | `check`                     |
    | MBPP       | the first assert          | the first assert       | all three  | all three                   |
    | TransCoder | the first of the ten      | the first of the ten   | all ten    | all ten                     |
    | Spider     | none: returned rows only  | likewise               | likewise   | the gold query's rows       |

    Args:
        path: As `locate` gives it.

    Raises:
        InputError: It can't be read, or holds something else; or there is no such split.
    """
    known = tuple(_MBPP_SPLITS) if dataset is MBPP else _HALVES
    if split and split not in known:
        raise InputError("--split", "", f"{dataset.title} has no split {split!r}; expected one of {', '.join(known)}")
    file = path / dataset.files[0] if path.is_dir() else path
    problems = load_problems(str(file), visible=visible)
    if dataset is MBPP:
        wanted = split or "test"
        problems = [problem for problem in problems if _mbpp_split(problem.id) == wanted]
        if not problems:
            numbers = _MBPP_SPLITS[wanted]
            said = f"holds no task of MBPP's {wanted} split, task_id {numbers.start} to {numbers.stop - 1}"
            raise InputError(str(file), "", said)
    elif split:
        problems = [problem for problem in problems if _half(problem.id) == split]
    others = {each.title for each in DATASETS.values()} - {dataset.title}
    other = next((problem.id for problem in problems if problem.id.split("/")[0] in others), "")
    if other or (dataset is SPIDER and any(problem.language != "sql" for problem in problems)):
        found = other or problems[0].id
        raise InputError(str(file), "", f"holds {found}, expected {dataset.title}'s {dataset.files[0]}")
    return problems


def _mbpp_split(name: str) -> str:
    number = re.fullmatch(r"MBPP/(\d+)", name)
    splits = (split for split, numbers in _MBPP_SPLITS.items() if number and int(number[1]) in numbers)
    return next(splits, "" if number else "test")


def _half(name: str) -> str:
    return _HALVES[hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[0] >> 7]
