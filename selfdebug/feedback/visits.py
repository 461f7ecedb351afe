"""Folds the steps of a trace into visits of basic blocks: what each began with, what it changed, and how it ended."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.types import TraceStep
from selfdebug.feedback.blocks import Block, Part, parameters, split

# Calls that are only a part of what their block does.
_INNER = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "<lambda>"})
_DEFINED = ("<function ", "<class ", "<module ")  # values that tell nothing of what went wrong
_WORDS = {"return": "returned", "yield": "yielded", "raise": "raised"}


@dataclass(eq=False)
class Call:
    """One call of a function of the program.

    Attributes:
        arguments: What it was given; None where its beginning is not in the trace.
        variables: What is known to be in its variables by now, while a trace is read.
    """

    function: str
    depth: int
    arguments: tuple[tuple[str, str], ...] | None = None
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Visit:
    """One run of a block, or what is left of it after a call that it made.

    Attributes:
        number: Of the block: by the order of their first runs, from 1.
        before: What was in the variables that the block names.
        changes: What is in the variables that it changed, afterwards.
        ends: How it ended, if not by going on: `returned 3`, `raised KeyError('a')`.
        begins: With it its call begins.
        resumes: It goes on after a call.
        held: Whether what its block decides was so; None where that was not seen.
        cut: The trace lacks what came right after it.
        gap: How many steps right before it are not in the trace.
    """

    block: Block
    number: int
    call: Call
    before: dict[str, str]
    changes: dict[str, str] = field(default_factory=dict)
    ends: list[str] = field(default_factory=list)
    begins: bool = False
    resumes: bool = False
    held: bool | None = None
    cut: bool = False
    gap: int = 0


def fold(program: str, steps: Iterable[TraceStep], *, ended_early: bool = False) -> list[Visit]:
    """The visits of a program's blocks, in order; none where it does not parse. Definitions are left out.

    Args:
        ended_early: Whether the program did more than the steps tell.
    """
    folder = _Folder(program)
    last: TraceStep | None = None
    for step in steps:
        folder.take(step)
        last = step
    if last is not None and (ended_early or last.event in ("line", "call")):
        folder.cut()
    return [visit for visit in folder.visits if visit.ends or not visit.block.defines]


class _Folder:
    """Takes steps one by one."""

    def __init__(self, program: str) -> None:
        self._blocks: dict[tuple[str, int], Block] = {}
        for block in split(program):
            for part in block.parts:
                for line in range(part.first, part.last + 1):
                    self._blocks.setdefault((block.function, line), block)
        self._parameters = parameters(program)
        self._functions = {name for name, _ in self._parameters}
        self._numbers: dict[Block, int] = {}
        self._calls: dict[int, Call] = {}  # those that are open, by depth
        self._waiting: dict[str, list[Call]] = {}  # generators that have yielded
        self._at: dict[Call, tuple[Visit, int]] = {}  # where each call is: its visit, and the part of that block
        self._begun: set[Call] = set()
        self._gap = 0
        self.visits: list[Visit] = []

    def take(self, step: TraceStep) -> None:
        """Take the next step."""
        if step.skipped:
            self._gap += step.skipped
            self.cut()
            self._at.clear()
        if step.function in _INNER:
            return
        for depth in [depth for depth in self._calls if depth > step.depth]:
            del self._calls[depth]
        if step.event == "call":
            self._begin(step)
            return
        call = self._calls.get(step.depth)
        if call is None or call.function != step.function:
            call = self._calls[step.depth] = Call(step.function, step.depth)
        self._change(call, step.changed)
        if step.event == "line":
            self._run(call, step.line)
        else:
            self._end(call, step)

    def cut(self) -> None:
        """What came right after the latest visit is not known."""
        if self.visits:
            self.visits[-1].cut = True

    def _begin(self, step: TraceStep) -> None:
        """A call begins, or a generator goes on."""
        waiting = self._waiting.get(step.function)
        if waiting and not step.changed:
            self._calls[step.depth] = waiting.pop()
            return
        taken = self._parameters.get((step.function, step.line))
        given = None if taken is None else tuple(pair for pair in step.changed if pair[0] in taken)
        self._calls[step.depth] = call = Call(step.function, step.depth, given)
        self._change(call, step.changed)

    def _change(self, call: Call, changed: Iterable[tuple[str, str]]) -> None:
        """Variables have changed by the line that ran last in a call."""
        new = {name: text for name, text in changed if not text.startswith(_DEFINED)}
        call.variables.update(new)
        shown = {name: text for name, text in new.items() if text}
        if shown and call in self._at:
            self._now(call).changes.update(shown)

    def _now(self, call: Call) -> Visit:
        """The visit to which what happens now in a call belongs: a new one where others have come in between."""
        visit, part = self._at[call]
        if visit is not self.visits[-1]:
            visit = Visit(visit.block, visit.number, call, {}, resumes=True, gap=self._gap)
            self._put(visit, part)
        return visit

    def _put(self, visit: Visit, part: int) -> None:
        self._gap = 0
        self._at[visit.call] = visit, part
        self.visits.append(visit)

    def _run(self, call: Call, line: int) -> None:
        """A line of a call is about to run."""
        block = self._blocks.get((call.function, line))
        if block is None:
            self._at.pop(call, None)
            return
        index = block.part_at(line)
        visit, at = self._at.get(call, (None, 0))
        if visit is not None and visit.block is block and not _is_anew(block, at, index):
            self._at[call] = visit, max(at, index)
            return
        if visit is not None and visit.block.decides:
            visit.held = visit.block.body[0] <= line <= visit.block.body[1]
            for name in visit.block.targets if visit.held else ():
                if name in call.variables:  # also where it holds the same as in the round before
                    visit.changes[name] = call.variables[name]
        self._visit(call, block, index)

    def _visit(self, call: Call, block: Block, part: int) -> None:
        number = self._numbers.setdefault(block, len(self._numbers) + 1)
        before = {name: text for name in block.names if (text := call.variables.get(name))}
        begins = call.arguments is not None and call not in self._begun
        self._begun.add(call)
        self._put(Visit(block, number, call, before, begins=begins, gap=self._gap), part)

    def _end(self, call: Call, step: TraceStep) -> None:
        """A call ends, or an exception passes through it."""
        if call not in self._at and call.function in self._functions:
            alone = Block(call.function, (Part(step.line, step.line),))  # of a function that has nothing but a text
            block = self._blocks.get((call.function, step.line), alone)
            self._visit(call, block, block.part_at(step.line))
        told = f"{_WORDS.get(step.event, step.event)} {step.value}"
        body = step.event == "return" and call.function not in self._functions  # the top level, or that of a class
        if call in self._at and not body:
            ends = self._now(call).ends
            if told not in ends:
                ends.append(told)
        if step.event == "yield":
            self._waiting.setdefault(call.function, []).append(call)
        if step.event != "raise":
            self._calls.pop(step.depth, None)


def _is_anew(block: Block, at: int, index: int) -> bool:
    """Whether a line of the part `index`, after one of the part `at`, begins another run of its block."""
    part = block.parts[index]
    if part.closes:
        return False
    return index < at or (index == at and part.first == part.last and not part.repeats)
