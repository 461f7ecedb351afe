"""No way to solve a problem but to learn what each way is worth: many candidates written afresh, in all words, and
several repairs of the failed ones with each kind of feedback by itself. It does not end where a candidate passes,
unless both that other strategies begin with do: none of those goes on from there.
"""

from selfdebug.choice import behaviour
from selfdebug.events import Move
from selfdebug.options import Feedback, Phrasing
from selfdebug.state import State, Turn
from selfdebug.strategies.draws import DIVERSE, fresh

_DRAWS = {Phrasing.PLAIN: 10, Phrasing.BEGUN: 16, Phrasing.PLAN: 3, Phrasing.EXAMPLES: 3, Phrasing.PARTS: 3}
_TOLD = 4  # in the words that tell how those before failed
_FAILED = 3  # candidates that are repaired, of different behaviour
_REPAIRS = 2  # of each, with each kind of feedback


def moves(state: State) -> tuple[Move, ...]:
    """First the two lone ones, then all others that are written afresh, then all that tells of failures: repairs, and
    some in words of their own; nothing after that.
    """
    asked = state.options.sampling.temperature
    if len(state.turns) < 2:
        return (Move(temperature=asked, phrasing=(Phrasing.PLAIN, Phrasing.BEGUN)[len(state.turns)]),)
    if len(state.turns) == 2:
        both = all(turn.passed for turn in state.turns)
        return () if both else tuple(fresh(state, n, words) for words, n in _DRAWS.items())
    if any(turn.candidate.parent or turn.candidate.move.phrasing is Phrasing.FAILED for turn in state.turns):
        return ()
    ways = [(turn, kinds) for turn in _failed(state) for kinds in _each(state.options.feedback)]
    first = [Move(turn.number, kinds, asked) for turn, kinds in ways if turn.number == 1]
    repairs = (Move(turn.number, kinds, DIVERSE, _REPAIRS) for turn, kinds in ways)
    return (*first, *repairs, fresh(state, _TOLD, Phrasing.FAILED))


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
