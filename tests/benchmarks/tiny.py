"""Small problems in HumanEval's format, and a model that answers about them."""

import json
import re
from pathlib import Path

from .scripted import Question

_TRY = re.compile(r"# try (\d+)")
_ASKED = re.compile(r"\bf(\d+)\b")


def rows(count: int) -> list[dict[str, str]]:
    """The problems `f0`, `f1`, …: add so much to a number."""
    return [
        {
            "task_id": f"HumanEval/{k}",
            "prompt": f'def f{k}(x: int) -> int:\n    """Add {k}.\n\n    >>> f{k}(1)\n    {k + 1}\n    """\n',
            "entry_point": f"f{k}",
            "canonical_solution": f"    return x + {k}\n",
            "test": f"def check(f):\n    assert f(10) == {k + 10}\n    assert f(-1) == {k - 1}\n",
        }
        for k in range(count)
    ]


def write(path: Path, count: int) -> Path:
    """The problems as a file."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows(count)))
    return path


def answer(question: Question) -> str:
    """Right at once, right after one or two repairs, right by the example alone, or never, by the problem's number."""
    text = "\n".join(message["content"] for message in question["messages"])
    number = int(_ASKED.findall(text)[0])
    turn = max(map(int, _TRY.findall(text)), default=0) + 1
    wrong = f"x + {number} + {turn}"
    body = {
        0: f"x + {number}",
        1: wrong if turn < 2 else f"x + {number}",
        2: ("[][x]", wrong)[turn - 1] if turn < 3 else f"x + {number}",
        3: str(number + 1),
        4: wrong,
    }[number % 5]
    return f"Here it is.\n\n```python\ndef f{number}(x: int) -> int:\n    return {body}  # try {turn}\n```\n"
