"""No way to solve a problem but to learn what each way is worth: many candidates written afresh, in all words, and
several repairs of the failed ones with each kind of feedback by itself. It does not end where a candidate passes.
"""

from selfdebug.choice import behaviour
from selfdebug.events import Move
from selfdebug.options import Feedback, Phrasing
from selfdebug.state import State, Turn
from selfdebug.strategies.draws import DIVERSE, fresh

_PLAIN = 16  # candidates in plain words, after the first
_OTHERWISE = 4  # in each of the other words
_FAILED = 4  # candidates that are repaired, of different behaviour
_REPAIRS = 2  # of each, with each kind of feedback


def moves(state: State) -> tuple[Move, ...]:
    """First one candidate, then all others that are written afresh, then all repairs; nothing after that."""
    if not state.turns:
        return (fresh(state),)
    if len(state.turns) == 1:
        others = (fresh(state, _OTHERWISE, words) for words in Phrasing if words is not Phrasing.PLAIN)
        return (fresh(state, _PLAIN), *others)
    if any(turn.candidate.parent for turn in state.turns):
        return ()
    ways = [(turn, kinds) for turn in _failed(state) for kinds in _each(state.options.feedback)]
    return tuple(Move(turn.number, kinds, DIVERSE, _REPAIRS) for turn, kinds in ways)


def _failed(state: State) -> list[Turn]:
    """Candidates that fail, each in its own way, in their order."""
    found: dict[object, Turn] = {}
    for turn in state.turns:
        if turn.passed is False:
            found.setdefault(behaviour(turn), turn)
    return list(found.values())[:_FAILED]


def _each(kinds: tuple[Feedback, ...]) -> list[tuple[Feedback, ...]]:
    """Each kind by itself; those that only add something stand beside the failing tests."""
    alone = (Feedback.SIMPLE, Feedback.UNIT_TEST, Feedback.AUTO)
    return [(kind,) if kind in alone else (Feedback.UNIT_TEST, kind) for kind in kinds]
