"""How the next candidates are made: one pure policy a module, from what a solve knows to the moves that it wants next.

A policy is asked when all that was wanted before is there. It may want several moves at once, which then share the
model's batches; what the budget does not allow is left out, and where it wants none the solve is over.
"""

from collections.abc import Callable

from selfdebug.events import Move
from selfdebug.options import Strategy
from selfdebug.state import State
from selfdebug.strategies import adaptive, linear, resample, rounds, survey, tree
from selfdebug.strategies.linear import focus

__all__ = ["enough", "focus", "moves"]

_POLICIES: dict[Strategy, Callable[[State], tuple[Move, ...]]] = {
    Strategy.LINEAR: linear.moves,
    Strategy.RESAMPLE: resample.moves,
    Strategy.ROUNDS: rounds.moves,
    Strategy.TREE: tree.moves,
    Strategy.ADAPTIVE: adaptive.moves,
    Strategy.SURVEY: survey.moves,
}


def moves(state: State) -> tuple[Move, ...]:
    """What the solve's strategy wants done next."""
    return _POLICIES[state.options.strategy](state)


def enough(state: State) -> bool:
    """Whether a solve in which a candidate passes is over."""
    return state.options.strategy is not Strategy.SURVEY
