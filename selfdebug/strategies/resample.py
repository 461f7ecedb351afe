"""Independent samples, nothing told: what any feedback has to beat at the same cost (Olausson et al., ICLR 2024)."""

from selfdebug.events import Move
from selfdebug.state import State
from selfdebug.strategies.draws import fresh


def moves(state: State) -> tuple[Move, ...]:
    """As many as are drawn at once, written afresh."""
    return (fresh(state, state.options.samples),)
