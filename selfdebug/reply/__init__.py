"""From a model's reply to a candidate program.

Models answer in many shapes: prose around the code, several blocks, a fence that never closes, only the function's
body, another function name, a class around it, tests at the end. What can be repaired without guessing is, each
repair is noted, and a program that still does not parse is handed on as it is: the interpreter's SyntaxError is better
feedback than silence. A well-formed block that needs nothing comes out unchanged.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from selfdebug.problem import Problem
from selfdebug.reply.blocks import Block, code_blocks, without_thoughts
from selfdebug.reply.canonical import normalised
from selfdebug.reply.choose import Piece, choose, with_helpers
from selfdebug.reply.fit import fit
from selfdebug.reply.leftovers import without_leftovers
from selfdebug.reply.query import extract_query
from selfdebug.reply.salvage import has_code, salvage

__all__ = ["Extracted", "extract_program", "normalised"]


@dataclass(frozen=True)
class Extracted:
    """A candidate program.

    Attributes:
        code: None where the reply holds no code at all.
        notes: What was done to it, one sentence each.
    """

    code: str | None
    notes: tuple[str, ...] = ()


def extract_program(reply: str, problem: Problem) -> Extracted:
    """Take the candidate program out of a reply. Never raises, whatever the reply is."""
    answer = without_thoughts(reply)
    if problem.language == "sql":
        query, notes = extract_query(answer)
        return Extracted(query, tuple(notes))
    blocks = [block for block in code_blocks(answer) if block.text.strip()]
    try:
        return _extract(answer, blocks, problem)
    except RecursionError:
        # Nested as deep as the parser takes, and deeper than a walk over the tree does.
        texts = [block.text for block in blocks] or [answer]
        return Extracted(max(texts, key=len), ("The code is nested too deeply to be looked into.",))


def _extract(answer: str, blocks: Sequence[Block], problem: Problem) -> Extracted:
    if blocks:
        pieces = [Piece.of(block, problem) for block in blocks]
    else:
        if not has_code(answer, problem):
            return Extracted(None, ("The reply holds no code.",))
        pieces = [Piece.of_text(salvage(answer, problem.entry_point), problem)]
    chosen = choose(pieces, problem)
    notes = list(chosen.notes)
    if not blocks:
        notes.append("The reply has no code block; the code was taken from its text.")
    elif len(pieces) > 1:
        notes.append(f"Code block {pieces.index(chosen) + 1} of {len(pieces)} was taken.")
    if chosen.tree is None:
        return Extracted(chosen.code, tuple(notes))
    code, made = with_helpers(chosen.code, chosen, pieces)
    notes += made
    for step in (fit, without_leftovers):
        code, made = step(code, problem)
        notes += made
    return Extracted(code, tuple(notes))
