"""Faults that the service survives with all its real parts, and at least 50 jobs in flight each time.

`python -m benchmarks.reliability` does the same more often, and tells what it took.
"""

import pytest

from benchmarks.reliability.faults import FAULTS, Fault, run
from benchmarks.reliability.servers import PartMissing
from benchmarks.reliability.site import Parts, Size

from ..service.servers import missing

SIZE = Size(jobs=50, times=2)
ELSEWHERE = (  # no fault; in the workers' own tests; and a killed engine may forget a container, which is its own fault
    "nothing",
    "a job that kills its generate worker",
    "Docker engine killed and restarted",
)


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.name not in ELSEWHERE], ids=lambda fault: fault.name)
async def test_nothing_is_lost_or_doubled(fault: Fault, parts: Parts) -> None:
    try:
        outcome = await run(fault, parts, SIZE)
    except PartMissing as error:
        missing(str(error))
    assert not outcome.wrong, "\n".join(outcome.wrong)
    assert (outcome.lost, outcome.doubled, outcome.left) == (0, 0, 0)
    assert outcome.injected >= SIZE.times
    assert outcome.in_flight >= SIZE.jobs
