"""Rows of TransCoder (Rozière et al., 2020) in HumanEval's form: a C++ function to translate into Python.

Their prompt is a few-shot one for models that only go on writing, `[c++]` and `[python]` in turns; the last function
is the one that is meant.
"""

_SOURCE, _TARGET = "[c++]\n", "[python]"


def source(prompt: str) -> str | None:
    """The C++ function to translate; None where the prompt is not such a one."""
    text = prompt.rstrip()
    if not text.endswith(_TARGET) or _SOURCE not in text:
        return None
    return text.removesuffix(_TARGET).rpartition(_SOURCE)[2].strip() or None


def statement(function: str) -> str:
    """What is asked for."""
    return f"Translate this C++ function into Python. Keep its name and its parameters.\n\n```cpp\n{function}\n```"
