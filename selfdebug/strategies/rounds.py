"""Several candidates side by side, each repaired a few times, then others: the parallel and sequential scaling of S*
(Li et al., "S*: Test Time Scaling for Code Generation", 2025).
"""

from selfdebug.events import Move
from selfdebug.state import State, Turn
from selfdebug.strategies.draws import depth, fresh, phrasing, repair, width

_REPAIRS = 2  # of each candidate


def moves(state: State) -> tuple[Move, ...]:
    """What the round still lacks: candidates, then the repair of each chain that can go on; else a new round.

    The very first candidate is drawn alone: where it passes, nothing more is needed.
    """
    roots = [turn for turn in state.turns if not turn.candidate.parent]
    n = width(state)
    if not roots:
        return (fresh(state),)
    if len(roots) % n:
        return (fresh(state, n - len(roots) % n, phrasing(state)),)
    newest = [_newest(state, root) for root in roots[-n:]]
    open_ones = [turn for turn in newest if not turn.candidate.repeats and depth(state, turn) < _REPAIRS]
    return tuple(repair(state, turn) for turn in open_ones) or (fresh(state, n, phrasing(state)),)


def _newest(state: State, turn: Turn) -> Turn:
    """The end of the chain of repairs that begins with a candidate."""
    for later in state.turns[turn.number :]:
        if later.candidate.parent == turn.number:
            turn = later
    return turn
