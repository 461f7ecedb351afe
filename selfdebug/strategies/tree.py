"""A search over all candidates so far, each an arm of a bandit: Thompson sampling decides which is repaired next (REx:
Tang et al., "Code Repair with LLMs gives an Exploration-Exploitation Tradeoff", NeurIPS 2024).

The belief that a candidate is worth repairing is Beta(1 + C h, 1 + C (1 - h) + N): h is the share of the visible tests
that it passes, N how often it was repaired in vain. To write afresh is one more arm; its h is the mean of those that
were. Candidates that did the same in all tests are one arm.
"""

import random
from collections import Counter
from dataclasses import dataclass

from selfdebug.choice import behaviour
from selfdebug.events import Move
from selfdebug.state import State, Turn
from selfdebug.strategies.draws import fresh, phrasing, repair, width

_C = 4.0  # tries after which the share of tests no longer decides


@dataclass(frozen=True)
class _Arm:
    turn: Turn | None  # None: afresh
    share: float
    tried: int


def moves(state: State) -> tuple[Move, ...]:
    """As many draws as are made side by side, after a lone first candidate; each counts as in vain for the next."""
    if not state.turns:
        return (fresh(state),)
    arms, chance = _arms(state), random.Random(f"{state.options.sampling.seed} {len(state.turns)}")
    drawn: Counter[int] = Counter()
    for _ in range(width(state)):
        beliefs = [_belief(arm, drawn[index], chance) for index, arm in enumerate(arms)]
        drawn[beliefs.index(max(beliefs))] += 1
    return tuple(_move(state, arms[index], n) for index, n in sorted(drawn.items()))


def _arms(state: State) -> list[_Arm]:
    groups: dict[object, list[Turn]] = {}
    written = [turn for turn in state.turns if not turn.candidate.parent]
    for turn in state.turns:
        if turn.execution is not None and not turn.candidate.repeats:
            groups.setdefault(behaviour(turn), []).append(turn)
    repaired = Counter(turn.candidate.parent for turn in state.turns)
    afresh = _Arm(None, sum(map(_share, written)) / len(written), len(written))
    return [
        afresh,
        *(_Arm(group[0], _share(group[0]), sum(repaired[turn.number] for turn in group)) for group in groups.values()),
    ]


def _share(turn: Turn) -> float:
    tests = len(turn.execution.tests) if turn.execution else 0
    return turn.tests_passed / tests if tests else 0.0


def _belief(arm: _Arm, drawn: int, chance: random.Random) -> float:
    return chance.betavariate(1 + _C * arm.share, 1 + _C * (1 - arm.share) + arm.tried + drawn)


def _move(state: State, arm: _Arm, n: int) -> Move:
    return repair(state, arm.turn, n) if arm.turn else fresh(state, n, phrasing(state))
