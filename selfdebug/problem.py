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
        language: Of the candidate: `python` or `sql`.
        probe: What is asked of a candidate where there are no visible tests: run, it shows what the candidate does,
            not whether that is right. For SQL a `QuerySuite` without a gold query. None: the candidate is only loaded.
        illustrative: The visible tests are examples from the statement, which may be wrong there (HumanEval/47, 116):
            the hidden tests are all there are, and alone say whether a candidate is right.
    """

    id: str
    statement: str
    entry_point: str = ""
    context: str = ""
    visible: Suite | None = None
    hidden: tuple[Suite, ...] = ()
    reference: str = ""
    language: str = "python"
    probe: Suite | None = None
    illustrative: bool = False
