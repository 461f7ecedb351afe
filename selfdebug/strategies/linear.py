"""The paper's chain: the newest candidate is repaired, again and again (Chen et al., 2023)."""

from selfdebug.choice import best
from selfdebug.events import Move
from selfdebug.state import State, Turn
from selfdebug.strategies.draws import fresh


def moves(state: State) -> tuple[Move, ...]:
    """First `samples` candidates, then the repair of the newest, beginning with the best of those."""
    options = state.options
    if not state.turns:
        return (fresh(state, options.samples),)
    return (Move(focus(state).number, options.feedback, _temperature(state)),)


def focus(state: State) -> Turn:
    """The candidate that comes next: the newest repair, or else the best so far."""
    newest = state.turns[-1]
    return newest if newest.candidate.parent else state.turn(best(state.turns) or newest.number)


def _temperature(state: State) -> float:
    """As asked; but a greedy model that repeats itself goes on so. Each repeat makes the next draw freer, up to 1."""
    asked = state.options.sampling.temperature
    repeats = sum(turn.candidate.repeats > 0 for turn in state.turns)
    return max(asked, min(0.6 + 0.2 * repeats, 1.0)) if repeats else asked
