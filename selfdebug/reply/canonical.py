"""One text for all programs that differ only in formatting, comments and docstrings."""

import ast
import re
from functools import lru_cache

from selfdebug.sql import canonical, is_query
from selfdebug.syntax import FUNCTIONS, is_docstring, parse, unparse


@lru_cache(1024)  # each new candidate is compared with all before it
def normalised(code: str) -> str:
    """The program's canonical text, by which a repeated candidate is noticed.

    Code that does not parse is only freed of its blank lines, comment lines and trailing white space. SQL queries are
    alike where their tokens are.
    """
    try:
        tree = parse(code)
        for node in ast.walk(tree):
            if isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Module)):
                body = node.body[1:] if node.body and is_docstring(node.body[0]) else node.body
                node.body = body or ([] if isinstance(node, ast.Module) else [ast.Pass()])
        return unparse(tree)
    except (SyntaxError, RecursionError):
        if is_query(code):
            return canonical(code)
        lines = [line.rstrip().expandtabs(4) for line in re.split(r"\r\n|\r|\n", code)]
        return "\n".join(line for line in lines if line and not line.lstrip().startswith("#"))
