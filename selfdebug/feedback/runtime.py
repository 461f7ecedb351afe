"""What a program really did, block by block, for a model to judge (Zhong et al., LDB, Findings of ACL 2024).

Where a program ran more blocks than there is room for, the telling ones are kept: how it ended, the call that failed,
what is new, what is unlike the other rounds, and of loops and recursion the beginning and the end.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from sandbox.types import Trace
from selfdebug.feedback.blocks import Block
from selfdebug.feedback.visits import Call, Visit, fold

MOST = 4000  # characters of a walk
_VALUE = 80  # characters of a value
_LONG = 40  # from so many characters on a value is not told again where it was the last thing told of its block
_ARGUMENTS = 120  # characters of what a call was given
_LINE, _LINES = 120, 12  # characters of a source line, lines of a block
_NAMES = 8  # variables shown at once
_ENDS = 3  # ways of ending shown of one visit
_ROUNDS = 3  # of those that do the same in a block, the first so many and the last so many are shown
_OUTCOMES = {
    "if": ("the condition is false", "the condition is true"),
    "while": ("the condition is false: the loop ends", "the condition is true"),
    "for": ("the loop ends", ""),
}
_EMPTY = frozenset({"None", "[]", "{}", "()", "set()", "''", "0", "0.0", "False", "-1"})


def walk(program: str, trace: Trace, *, most: int = MOST) -> str:
    """What a program did, block by block, in at most so many characters.

    Empty where the program does not parse, or nothing of it was seen to run.
    """
    visits = fold(program, trace.steps, ended_early=trace.skipped > 0)
    if not visits:
        return ""
    text = _Text(program, visits, trace.skipped)
    ranks = _ranks(visits)
    order = sorted(_worth_telling(visits), key=lambda index: (-ranks[index], -index))
    fits, too_many = 0, len(order) + 1
    while too_many - fits > 1:
        count = (fits + too_many) // 2
        fits, too_many = (count, too_many) if len(text.of(order[:count])) <= most else (fits, count)
    return text.of(order[:fits]) if fits else _cut(text.of(order[:1]), most)


def _worth_telling(visits: Sequence[Visit]) -> set[int]:
    """The visits but for those in the middle of many that do the same."""
    alike = defaultdict[object, list[int]](list)
    for index, visit in enumerate(visits):
        alike[visit.block, _doing(visit)].append(index)
    return {index for each in alike.values() for index in [*each[:_ROUNDS], *each[-_ROUNDS:]]}


def _ranks(visits: Sequence[Visit]) -> list[float]:
    """How much each visit tells."""
    failing = _failing_call(visits)
    ordinary = defaultdict[Block, Counter[object]](Counter)
    for visit in visits:
        ordinary[visit.block][_doing(visit)] += 1
    last_of = {visit.block: index for index, visit in enumerate(visits)}
    calls = list(dict.fromkeys(visit.call for visit in visits))
    middle = _in_the_middle(calls)
    rounds: Counter[tuple[Call, Block]] = Counter()
    seen: set[object] = set()
    ranks = []
    for index, visit in enumerate(visits):
        rounds[visit.call, visit.block] += 1
        kind = _doing(visit)
        rank = 10.0 * (index + 1) / len(visits) + max(100 - 30 * (len(visits) - 1 - index), 0)
        rank += 60 * (not any(each is visit.block for each in seen)) + 40 * ((visit.block, kind) not in seen)
        rank += 25 * (last_of[visit.block] == index) + {1: 15, 2: 20, 3: 5}.get(rounds[visit.call, visit.block], 0)
        rank += 30 * (ordinary[visit.block][kind] * 10 <= ordinary[visit.block].total())
        rank += 30 * any(end.startswith("raised") for end in visit.ends) + 25 * (visit.call is failing)
        rank += 10 * (bool(visit.ends) and visit.call.depth == failing.depth + 1) - 30 * (visit.call in middle)
        seen |= {visit.block, (visit.block, kind)}
        ranks.append(rank)
    return ranks


def _failing_call(visits: Sequence[Visit]) -> Call:
    """The innermost call through which the last exception went; that which ended last, where none did."""
    failing = visits[-1].call
    for visit in reversed(visits):
        if not any(end.startswith("raised") for end in visit.ends):
            break
        failing = max(failing, visit.call, key=lambda call: call.depth)
    return failing


def _doing(visit: Visit) -> object:
    """What kind of thing a visit did: which variables it changed, to something or to nothing, and how it ended."""
    changed = tuple((name, text in _EMPTY, text.startswith("-")) for name, text in visit.changes.items())
    return visit.resumes, changed, tuple(end.split(" ", 1)[0] for end in visit.ends)


def _in_the_middle(calls: Iterable[Call]) -> set[Call]:
    """Calls of a function that are neither among its first two nor among its last two."""
    by_function = defaultdict[str, list[Call]](list)
    for call in calls:
        by_function[call.function].append(call)
    return {call for each in by_function.values() for call in each[2:-2]}


class _Text:
    """The text of a walk, or of parts of it."""

    def __init__(self, program: str, visits: Sequence[Visit], skipped: int) -> None:
        self._lines = program.splitlines()
        self._visits = visits
        self._skipped = skipped
        self._one_function = len({visit.block.function for visit in visits}) == 1

    def of(self, shown: Iterable[int]) -> str:
        """The visits of these indices, in their order, with a word on what is left out between them."""
        lines: list[str] = []
        known: dict[Block, dict[str, str]] = {}  # what was told of a block's variables last
        visits = steps = 0
        chosen = set(shown)
        nexts = [*self._visits[1:], None]
        for index, (visit, following) in enumerate(zip(self._visits, nexts, strict=True)):
            steps += visit.gap
            if index not in chosen:
                visits += 1
                continue
            lines += _gap(visits, steps)
            visits = steps = 0
            calls = following is not None and following.begins
            lines += self._visit(visit, known.get(visit.block), _after(visit, calls=calls))
            long = {name: text for name, text in visit.changes.items() if len(text) > _LONG}
            known[visit.block] = {**known.get(visit.block, {}), **visit.before, **long}
        lines += _gap(visits, steps + self._skipped)
        return "\n".join(lines)

    def _visit(self, visit: Visit, told: dict[str, str] | None, after: str) -> list[str]:
        """One visit.

        Args:
            told: What was told of the block's variables before; None if nothing was told of the block.
            after: What it did; empty where the next one tells.
        """
        title = _title(visit.call)
        lines = [f"call {title}"] if visit.begins and title else []
        name = f"[BLOCK-{visit.number}]"
        if visit.resumes and told is not None:
            return [*lines, f"{name} after that call, in {title or 'the program'}: {after}"]
        if told is not None:
            new = {} if visit.block.decides == "for" else dict(visit.before.items() - told.items())
            before = _variables({key: text for key, text in visit.before.items() if key in new})
            lines.append(f"{name} again{', with ' + before if before else ''}{': ' + after if after else ''}")
            return lines
        before = _variables(visit.before)
        lines += [f"{name} {self._where(visit.block)}", *self._source(visit.block)]
        lines += [f"  before: {before}"] if before else []
        return [*lines, f"  after: {after}"] if after else lines

    def _where(self, block: Block) -> str:
        lines = f"line {block.first}" if block.first == block.last else f"lines {block.first}-{block.last}"
        return lines if self._one_function or block.function == "<module>" else f"{lines} of {block.function}"

    def _source(self, block: Block) -> list[str]:
        numbers = [number for part in block.parts for number in range(part.first, part.last + 1)]
        lines = [self._lines[number - 1].rstrip() for number in numbers if number <= len(self._lines)]
        margin = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
        lines = [f"    {_cut(line[margin:], _LINE)}" for line in lines if line]
        if len(lines) > _LINES:
            lines[_LINES - 3 : -2] = [f"    … {len(lines) - _LINES + 1} more lines …"]
        return lines


def _gap(visits: int, steps: int) -> list[str]:
    told = [f"{visits} block{'s' * (visits > 1)}"] if visits else []
    told += [f"{steps} step{'s' * (steps > 1)}"] if steps else []
    return [f"… {' and '.join(told)} left out …"] if told else []


def _title(call: Call) -> str:
    """A call as source text; empty for what is none."""
    if call.function.startswith("<"):
        return ""
    if call.arguments is None:
        return call.function
    given = ", ".join(f"{name}={_cut(text, _VALUE)}" for name, text in call.arguments)
    return f"{call.function}({_cut(given, _ARGUMENTS)})"


def _after(visit: Visit, *, calls: bool) -> str:
    """What a visit did; empty where it did nothing before it called another, which is told next."""
    parts = [_variables(visit.changes)] if visit.changes else []
    parts += [_OUTCOMES[visit.block.decides][visit.held]] if visit.held is not None else []
    ends = visit.ends if len(visit.ends) <= _ENDS else [*visit.ends[: _ENDS - 1], "…", visit.ends[-1]]
    parts += [_cut(end, _VALUE + 20) for end in ends]
    nothing = "…" if visit.cut else "" if calls else "nothing changed"
    return "; ".join(part for part in parts if part) or nothing


def _variables(values: dict[str, str]) -> str:
    shown = [f"{name} = {_cut(text, _VALUE)}" for name, text in list(values.items())[:_NAMES]]
    return ", ".join(shown + [f"… {len(values) - _NAMES} more"] * (len(values) > _NAMES))


def _cut(text: str, most: int) -> str:
    """Shorten visibly, in the middle."""
    if len(text) <= most:
        return text
    tail = most // 4
    head = text[: max(most - tail - 3, 0)].rstrip()
    return f"{head} … {text[-tail:].lstrip() if tail else ''}"[:most]
