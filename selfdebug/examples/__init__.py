"""Examples that a problem's own text gives, as assert statements: the tests a model may always be shown.

`docstring_examples` reads doctest examples and the prose styles that people write (`f(1) == 2`, `f(1) -> 2`,
`f(1) should return 2`, `For x = 1 the output should be 2`, `Input: 1` with `Output: 2`). A wrong example misleads a
model for as long as it tries, a missing one costs little: whatever can be read in two ways is left out.

What the text says is taken at its word, also where the problem's hidden tests say otherwise. Floats are compared
exactly, as doctest does, unless the text marks the value as rounded (`≈ 0.33`, `about 0.33`, `0.333...`); then to the
precision of the digits shown.
"""

import ast

from selfdebug.examples.assignments import assigned_examples
from selfdebug.examples.calls import called_examples, other_names
from selfdebug.examples.doctests import doctest_examples
from selfdebug.examples.document import Document, Example, read_document, renamed
from selfdebug.syntax import unparse

__all__ = ["docstring_examples"]

_LONGEST_PROMPT = 200_000


def docstring_examples(prompt: str, entry_point: str) -> tuple[str, ...]:
    """Assert statements from the examples in a prompt, in its order.

    Each parses on its own, calls the entry point on values that are spelled out, and compares with a literal value.

    Args:
        prompt: Python source that ends in the function to write, with a docstring (HumanEval style), or plain text.
        entry_point: The function that the examples call.
    """
    if not entry_point.isidentifier() or len(prompt) > _LONGEST_PROMPT:
        return ()
    try:
        document = read_document(prompt, entry_point)
        examples = _read(document) or _under_another_name(document)
        return tuple(dict.fromkeys(example.render() for example in _consistent(examples)))
    except (RecursionError, SyntaxError):
        return ()  # an expression nested thousands deep: no example that a person wrote


def _read(document: Document) -> list[Example]:
    from_doctest, rest = doctest_examples(document)
    document = document.with_text(rest)
    from_calls = called_examples(document, document.entry_point)
    # A line can show the same example as a call and as assignments; the call is the plainer one.
    from_assignments = [] if from_calls else assigned_examples(document)
    return sorted([*from_doctest, *from_calls, *from_assignments], key=lambda example: example.at)


def _under_another_name(document: Document) -> list[Example]:
    """Examples that call the function by a name it does not have, where only one such name can be meant."""
    if document.signature is None:
        return []
    found = {}
    for name in other_names(document):
        examples = called_examples(document, name)
        if examples:
            found[name] = examples
    if len(found) != 1:
        return []
    [(name, examples)] = found.items()
    return [renamed(example, name, document.entry_point) for example in examples]


def _consistent(examples: list[Example]) -> list[Example]:
    """Without those that give one call two values; with `(x)` read as a tuple where the others return tuples."""
    tuples = any(isinstance(example.expected, ast.Tuple) for example in examples)
    examples = [example.as_tuple() if tuples and example.parenthesised else example for example in examples]
    values: dict[str, set[str]] = {}
    for example in examples:
        values.setdefault(unparse(example.actual), set()).add(example.render())
    return [example for example in examples if len(values[unparse(example.actual)]) == 1]
