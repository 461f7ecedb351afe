"""What came of a fault, and whether anything was lost, doubled or left behind."""

import statistics
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from benchmarks.reliability.model import TURNS, program
from benchmarks.reliability.record import At, Record
from selfdebug.events import Submitted
from selfdebug.service.records import Status
from selfdebug.trajectory import fold, from_json

_KINDS = ["submitted", *["completed", "executed"] * TURNS, "graded"]
_LIFE, _DEADLY_LIFE = ["queued-running", "running-solved"], ["queued-running", "running-failed"]


@dataclass
class Outcome:
    """What came of one fault.

    Attributes:
        jobs: Accepted.
        injected: How often the fault was done.
        in_flight: The fewest jobs that were accepted and not ended when it was.
        lost: Accepted jobs that did not end, or ended otherwise than solved.
        doubled: Jobs with a doubled or missing turn or event, with two ends, or accepted twice.
        left: Processes that outlived the service.
        again: Requests to the model beyond one for each turn.
        resumed_s: For each time, the seconds from when the fault was over until the next result of a step was written,
            of the kind that the fault had stopped.
        recovered_s: The same, until every job that had been in flight had moved on. Both include the ordinary work.
        wrong: What was found, for a reader; empty where all is well.
    """

    fault: str
    jobs: int = 0
    injected: int = 0
    in_flight: int = 0
    lost: int = 0
    doubled: int = 0
    left: int = 0
    again: int = 0
    resumed_s: list[float] = field(default_factory=list)
    recovered_s: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def judge(self, accepted: Mapping[str, int], record: Record, deadly: Set[int] = frozenset()) -> None:
        """Look at each job, and at whether there are others.

        Args:
            accepted: The number of each job that the service has acknowledged, by its id.
            deadly: The numbers of those that have to fail, because they kill whoever works on them.
        """
        self.jobs = len(accepted)
        positions, lines, noted = record.positions(), record.lines(), record.noted()
        for job, number in accepted.items():
            at = positions.get(job)
            if number in deadly and at and at.status is Status.FAILED and list(noted[job]) == _DEADLY_LIFE:
                continue
            if at is None or at.status is not Status.SOLVED:
                self.lost += 1
                self.wrong.append(f"job {job} was accepted, and is {at or 'not there'}")
                continue
            flaws = list(_flaws(number, at, lines[job], noted[job]))
            self.doubled += bool(flaws)
            self.wrong += [f"job {job}: {flaw}" for flaw in flaws]
        unasked = positions.keys() - accepted.keys()
        self.doubled += len(unasked)
        self.wrong += [f"job {job} was accepted for nobody, or twice" for job in unasked]
        self.wrong += [f"still held: {each}" for each in record.held()]

    def row(self) -> str:
        """A row of the table."""
        counts = (self.jobs, self.injected, self.in_flight, self.lost, self.doubled, self.left, self.again)
        cells = [self.fault, *map(str, counts), _span(self.resumed_s), _span(self.recovered_s)]
        return f"| {' | '.join(cells)} |"


HEADING = """\
| fault | jobs | faults | in flight, at least | lost | doubled | left behind | asked again | work resumed, s \
| all moved on, s |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


def _span(seconds: Sequence[float]) -> str:
    """The median and the longest."""
    return f"{statistics.median(seconds):.1f}, {max(seconds):.1f}" if seconds else "-"


def _flaws(number: int, at: At, lines: Sequence[tuple[int, str]], noted: Sequence[str]) -> list[str]:
    flaws = []
    if list(noted) != _LIFE:
        flaws.append(f"its states were {noted}")
    if [seq for seq, _ in lines] != list(range(at.version)):
        flaws.append(f"it has events {[seq for seq, _ in lines]}, and {at.version} were expected")
    events = [from_json(line) for _, line in lines]
    if [event.kind for event in events] != _KINDS:
        flaws.append(f"its events are {[event.kind for event in events]}")
    if not events or not isinstance(events[0], Submitted):
        return flaws
    state = fold(events)
    written = [turn.candidate.program.strip() for turn in state.turns]
    if written != [program(number, turn) for turn in range(1, TURNS + 1)]:
        flaws.append(f"its candidates are {written}")
    if [turn.number for turn in state.turns if turn.execution is None]:
        flaws.append("not every candidate was run")
    if state.outcome is None:
        flaws.append("its events do not come to an end")
    times = [event.at_s for event in events]
    if times != sorted(times):
        flaws.append(f"its times do not rise: {times}")
    return flaws
