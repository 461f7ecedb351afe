"""Problem files in: from a path to `Problem`s, or to one `InputError` that says what to mend.

The formats are recognised by their fields: the project's own JSON, HumanEval rows (evalplus's and HumanEval-X's
Python rows among them) and MBPP rows (sanitized too); in a `.json` file, a `.jsonl` file with one a line, either of
them gzipped, or on standard input.
"""

from selfdebug.formats.convert import Visible
from selfdebug.formats.load import load_problem, load_problems
from selfdebug.formats.schema import problem_schema

__all__ = ["Visible", "load_problem", "load_problems", "problem_schema"]
