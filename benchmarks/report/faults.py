"""What was wrong with candidates, and how often the next one mended it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.intervals import Interval, wilson
from selfdebug.report import fault
from selfdebug.state import State, Turn

_CLASSES = 14  # most are exceptions' types, of which a candidate may invent any number


@dataclass(frozen=True)
class FaultClass:
    """One kind of fault.

    Attributes:
        seen: Candidates that had it.
        repaired: Of those after which another was written from them: the next one has no fault by the visible tests.
        same, other: The next one has the same fault, or another.
        share: Of the repaired, with its interval; None where none was followed.
    """

    name: str
    seen: int
    repaired: int
    same: int
    other: int
    share: Interval | None

    @property
    def followed(self) -> int:
        """Candidates after which another was written from them."""
        return self.repaired + self.same + self.other


def classes(states: Iterable[State]) -> list[FaultClass]:
    """The kinds of faults of all candidates, the commonest first; rare ones are put together at the end."""
    seen: Counter[str] = Counter()
    became: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for state in states:
        for turn in state.turns:
            name = fault(turn)
            if name in ("", "not run"):
                continue
            seen[name] += 1
            following = _next(state, turn)
            if following:
                after = fault(following)
                became[name]["repaired" if not after else "same" if after == name else "other"] += 1
    kept = [name for name, _ in seen.most_common(_CLASSES if len(seen) <= _CLASSES else _CLASSES - 1)]
    found = [_class(name, seen[name], became[name]) for name in kept]
    rare = [name for name in seen if name not in kept]
    if rare:
        rest = sum((became[name] for name in rare), Counter[str]())
        found.append(_class(f"{len(rare)} others", sum(seen[name] for name in rare), rest))
    return found


def _class(name: str, seen: int, became: Counter[str]) -> FaultClass:
    followed = became.total()
    share = wilson(became["repaired"], followed) if followed else None
    return FaultClass(name, seen, became["repaired"], became["same"], became["other"], share)


def _next(state: State, turn: Turn) -> Turn | None:
    """The first candidate that was made from this one and run."""
    made = (other for other in state.turns if other.candidate.parent == turn.number)
    return next((other for other in made if fault(other) != "not run"), None)
