"""Draws that several strategies make alike: how freely, in which words, and how many side by side."""

from selfdebug.events import Move
from selfdebug.options import Phrasing
from selfdebug.state import State, Turn

DIVERSE = 0.8  # the least temperature of candidates that shall differ from each other
_REPAIRS = (0.8, 0.6, 0.4)  # by depth: the nearer to the goal, the smaller the steps
_SIDE_BY_SIDE = 4


def fresh(state: State, n: int = 1, phrasing: Phrasing = Phrasing.PLAIN) -> Move:
    """Candidates written afresh. A lone first one is drawn as asked; others shall differ from it and each other."""
    asked = state.options.sampling.temperature
    return Move(temperature=max(asked, DIVERSE) if state.turns or n > 1 else asked, n=n, phrasing=phrasing)


def repair(state: State, turn: Turn, n: int = 1) -> Move:
    """Repairs of a candidate that shall differ from it and each other."""
    options = state.options
    temperature = _REPAIRS[min(depth(state, turn), len(_REPAIRS) - 1)]
    return Move(turn.number, options.feedback, max(options.sampling.temperature, temperature), n)


def depth(state: State, turn: Turn) -> int:
    """How many repairs lie between a candidate and the one written afresh that it comes from."""
    count = 0
    while turn.candidate.parent:
        turn, count = state.turn(turn.candidate.parent), count + 1
    return count


def phrasing(state: State) -> Phrasing:
    """The words for the next candidates that are written afresh: others than the last ones', each in turn."""
    every = tuple(Phrasing)
    last = next(turn for turn in reversed(state.turns) if not turn.candidate.parent)
    return every[(every.index(last.candidate.move.phrasing) + 1) % len(every)]


def width(state: State) -> int:
    """How many candidates a search makes side by side: as asked, else four, which share the model's batches.

    Fewer where those so far tell that the tokens that are left make no more.
    """
    asked = state.options.samples if state.options.samples > 1 else _SIDE_BY_SIDE
    usage, most = state.usage, state.options.budget.tokens
    if most is None or not usage.completion_tokens:
        return asked
    left = most - usage.tokens - usage.prompt_tokens / usage.requests
    return max(1, min(asked, int(left * len(state.turns) / usage.completion_tokens)))
