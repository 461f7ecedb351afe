"""A strategy played on recorded draws: the real loop, whose model and sandbox are a bank.

Where a solve asks for a candidate that is written afresh, it gets one that was drawn in the same words, at random and
none twice until all were had. So the first of them are independent draws as the model would make them; a long solve
gets some again, which is to the disadvantage of strategies that draw much. Temperatures above 0 are taken for one.
Where none was drawn in these words, it gets one in any.

Where it asks for a repair, it gets one of that very program by the same feedback, if there is one; else of a program of
the same problem that did the same in all visible tests; else of any. These are not what the model was asked for, nor
are other words; how often they were needed is told. Nothing is paid for what the model would say of rivals at the end,
and it says nothing.
"""

import random
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from benchmarks.simulation.bank import Draw, Recorded
from sandbox.types import Execution, Status
from selfdebug.choice import behaviour
from selfdebug.driver import completed
from selfdebug.errors import InputError
from selfdebug.events import Completed, Execute, Executed, Finish, Generate, Move, Observe, Submitted
from selfdebug.generator import Completion
from selfdebug.loop import begin, step
from selfdebug.options import Options
from selfdebug.problem import Problem
from selfdebug.state import Candidate, State, Turn

EXACT, WORDS, ALIKE, ANY, AGAIN = (
    "as asked",
    "in other words",
    "of a program that did the same",
    "of any program",
    "had before",
)


@dataclass(frozen=True)
class Played:
    """A solve that was played to its end.

    Attributes:
        tokens: What it has spent.
        right: Its answer passes every test, the hidden ones too.
        drawn: How many replies were what was asked for, and how many stood in.
    """

    tokens: int
    right: bool
    drawn: Counter[str] = field(default_factory=Counter)


def play(problem: Problem, recorded: Recorded, options: Options, chance: random.Random) -> Played:
    """Solve a problem with what was drawn for it.

    Raises:
        InputError: The strategy asks for what the bank does not hold.
    """
    deck = _Deck(recorded, chance)
    state, _ = begin(Submitted(problem, options))
    while state.outcome is None:
        for action in state.waiting:
            assert not isinstance(action, Finish)
            state, _ = step(state, deck.answer(state, action))
    best = state.best
    right = best is not None and deck.right(best.candidate.program)
    return Played(state.usage.tokens, right, deck.drawn)


class _Deck:
    """The draws of one problem, given out in a random order."""

    def __init__(self, recorded: Recorded, chance: random.Random) -> None:
        self.drawn: Counter[str] = Counter()
        self._recorded, self._chance = recorded, chance
        self._places = {program.text: place for place, program in enumerate(recorded.programs)}
        self._behaviours = {
            place: _behaviour(place, program.execution) for place, program in enumerate(recorded.programs)
        }
        self._left: dict[Hashable, list[Draw]] = {}

    def right(self, program: str) -> bool:
        return self._recorded.programs[self._places[program]].right

    def answer(self, state: State, action: Generate | Execute | Observe) -> Completed | Executed:
        if isinstance(action, Observe):
            raise InputError("--feedback", action.look, "needs a closer look at runs; a bank does not hold it")
        if isinstance(action, Execute):
            return Executed(action.step, action.program, self._execution(action), action.turn, action.probe)
        if action.purpose.talks:
            return completed(action, Completion(("",), 0, 0, 0.0))
        return completed(action, self._completion(state, action))

    def _execution(self, action: Execute) -> Execution:
        place = self._places.get(action.program)
        if place is None:
            said = "a reply is read otherwise than by the version that recorded it; record the run anew"
            raise InputError("the bank", self._recorded.problem, said)
        program = self._recorded.programs[place]
        found = program.probed if action.probe else program.execution
        return found or Execution(Status.FAILED)

    def _completion(self, state: State, action: Generate) -> Completion:
        most = action.request.sampling.max_new_tokens
        draws = [self._draw(state, action.move) for _ in range(action.request.n)]
        texts = tuple(draw.reply if draw.completion_tokens <= most else "" for draw in draws)
        tokens = sum(min(draw.completion_tokens, most) for draw in draws)
        return Completion(texts, max(draw.prompt_tokens for draw in draws), tokens, 0.0)

    def _draw(self, state: State, move: Move) -> Draw:
        pool, kind = self._pool(state, move)
        self.drawn[kind] += 1
        key = (kind, tuple(map(id, pool)))
        left = self._left.get(key)
        if not left:
            self.drawn[AGAIN] += left is not None and len(pool) > 1
            left = self._left[key] = self._chance.sample(pool, len(pool))
        return left.pop()

    def _pool(self, state: State, move: Move) -> tuple[list[Draw], str]:
        """The draws that may be given out, and how near they are to what was asked for."""
        greedy = move.temperature == 0
        if not move.parent:
            every = [draw for draw in self._recorded.draws if draw.parent < 0]
            asked = [draw for draw in every if draw.phrasing is move.phrasing]
            kind = EXACT if asked else WORDS
            return [draw for draw in asked or every if draw.greedy is greedy] or asked or every, kind
        place = self._places.get(state.turn(move.parent).candidate.program, -1)
        did = self._behaviours.get(place)
        repairs = [draw for draw in self._recorded.draws if draw.parent >= 0]
        told = [draw for draw in repairs if draw.feedback == move.feedback]
        if repairs and not told:
            known = ", ".join(sorted({"+".join(draw.feedback) for draw in repairs}))
            raise InputError("--feedback", "+".join(move.feedback), f"a bank does not hold it; this one holds {known}")
        ways: tuple[tuple[Callable[[Draw], bool], str], ...] = (
            (lambda draw: draw.parent == place and draw.greedy is greedy, EXACT),
            (lambda draw: draw.parent == place, EXACT),
            (lambda draw: self._behaviours[draw.parent] == did, ALIKE),
            (lambda draw: True, ANY),
        )
        for fits, kind in ways:
            if found := [draw for draw in told if fits(draw)]:
                return found, kind
        return [draw for draw in self._recorded.draws if draw.parent < 0], ANY


def _behaviour(place: int, execution: Execution | None) -> object:
    return behaviour(Turn(-place - 1, Candidate("", ""), execution))
