"""A problem: what is to be solved, and the tests that say whether it is."""

from dataclasses import dataclass

from sandbox.types import Suite


@dataclass(frozen=True)
class Problem:
    """What is to be solved.

    Attributes:
        id: Its name in its data set, for example `HumanEval/0`; for a lone file, the file's stem.
        statement: What to do, in words. For HumanEval rows the whole prompt (imports, signature and docstring).
        entry_point: The function or class to define; empty for a program that reads standard input.
        context: Code given with the problem, which the candidate must repeat (HumanEval's prompt: imports, helpers,
            the signature with its docstring); empty where there is none.
        visible: Tests whose outcome the model may be shown; None where there are none.
        hidden: Tests that only score the final answer. Nothing from them ever reaches a prompt.
        reference: A known solution (HumanEval's canonical one as a whole program, MBPP's `code`); never in a prompt.
        language: Of the candidate; only `python` for now.
    """

    id: str
    statement: str
    entry_point: str = ""
    context: str = ""
    visible: Suite | None = None
    hidden: tuple[Suite, ...] = ()
    reference: str = ""
    language: str = "python"
