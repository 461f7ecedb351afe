"""What is most likely to solve the problem for what it costs: writing others afresh, or repairing one that failed.

Each way has a belief that one more draw of it passes every visible test, Beta(wins, losses) from recorded runs, to
which each draw in vain adds a loss. What has the most successes to expect for its share of the budget is drawn next; so
what was often in vain gives way to others.

Drawn afresh are several at once, which share their prompt, begun for the model in every other round, so that it does
not first copy what it is asked to complete. Replies that are begun resemble each other; the other rounds are asked for
plainly.
"""

from collections import Counter
from dataclasses import dataclass

from selfdebug.choice import behaviour
from selfdebug.events import Move
from selfdebug.options import Phrasing
from selfdebug.state import State
from selfdebug.strategies import linear
from selfdebug.strategies.draws import fresh, repair, width


@dataclass(frozen=True)
class _Belief:
    """That one draw passes: successes and failures as if seen before."""

    wins: float
    losses: float

    def after(self, tried: int) -> float:
        """The probability that the next one passes, after so many in vain."""
        return self.wins / (self.wins + self.losses + tried)


# Fitted to runs of the 0.5B model on HumanEval's development half. After a failed first answer 31 of 204 draws passed,
# by problem as a Beta-binomial distribution. Of the repairs of candidates that passed some of the tests 36 of 363 were
# right, of those that passed none 2 of 174, at five times the tokens of one that is written afresh among others.
_AFRESH = _Belief(0.44, 0.75)
_NEAR = _Belief(0.18, 2.0)
_FAR = _Belief(0.02, 2.2)
_REPAIR_TOKENS = 5.0


def moves(state: State) -> tuple[Move, ...]:
    """A lone first candidate, then what is worth most. Without a visible test nothing can be counted: as `linear`."""
    if state.problem.visible is None:
        return linear.moves(state)
    if not state.turns:
        return (fresh(state, phrasing=Phrasing.BEGUN),)
    worths = _worths(state)
    chosen = max(worths, key=lambda number: worths[number])
    return (repair(state, state.turn(chosen)) if chosen else _others(state),)


def _others(state: State) -> Move:
    """Several that are written afresh, in the words that those of the last such round were not."""
    wide = width(state)
    written = sum(not turn.candidate.parent for turn in state.turns)
    return fresh(state, wide, Phrasing.PLAIN if (written - 1) // wide % 2 else Phrasing.BEGUN)


def _worths(state: State) -> dict[int, float]:
    """What each way is worth: the repair of a turn's candidate by its number, 0 for writing afresh.

    Of candidates that did the same in all tests the first one stands for all.
    """
    repaired = Counter(turn.candidate.parent for turn in state.turns)
    worths, price = {0: _AFRESH.after(repaired[0])}, _price(state)
    seen: set[object] = set()
    for turn in state.turns:
        did = behaviour(turn)
        if turn.passed is False and not turn.candidate.repeats and did not in seen:
            seen.add(did)
            worths[turn.number] = (_NEAR if turn.tests_passed else _FAR).after(repaired[turn.number]) / price
    return worths


def _price(state: State) -> float:
    """What a repair takes of what is left of the budget, where a candidate that is written afresh takes 1.

    Each takes the larger of two shares: of the candidates that are left, and of the tokens.
    """
    budget, usage = state.options.budget, state.usage
    if budget.tokens is None:
        return 1.0
    candidate = 1 / max(1, budget.turns - len(state.turns))
    tokens = usage.tokens / len(state.turns) / max(1, budget.tokens - usage.tokens)
    return max(candidate, _REPAIR_TOKENS * tokens) / max(candidate, tokens)
