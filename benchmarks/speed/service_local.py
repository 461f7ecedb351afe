"""The local driver on the jobs of the service benchmark, in a process of its own.

`python -m benchmarks.speed.service_local MODEL JOBS AT_ONCE BOXES` prints one JSON object.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence

from benchmarks.speed.service_jobs import jobs
from benchmarks.speed.service_meter import Account
from sandbox.select import open_sandbox
from selfdebug.driver import solve
from selfdebug.generators.select import open_generator
from selfdebug.service.records import NewJob


async def main(account: Account, model: str, count: int, at_once: int, boxes: int) -> None:
    """Solve so many jobs, so many at once, and say what it took."""
    generator, sandbox, places = open_generator(model), open_sandbox(boxes=boxes), asyncio.Semaphore(at_once)

    async def one(job: NewJob) -> bool:
        async with places:
            return (await solve(job.problem, job.options, generator=generator, sandbox=sandbox)).solved

    async def each(chosen: Sequence[NewJob]) -> list[bool]:
        return await asyncio.gather(*map(one, chosen))

    own = {"local": os.getpid()}
    try:
        chosen = jobs(count, model)
        await each(chosen[:4])  # imports, and what is kept from run to run
        before, began = account.spent(own), time.perf_counter()
        solved = await each(chosen)
        seconds, used = time.perf_counter() - began, account.spent(own).since(before)
    finally:
        await sandbox.close()
        await generator.close()
    print(json.dumps({"seconds": seconds, "own_s": used.own_s, "boxes_s": used.boxes_s, "solved": sum(solved)}))


if __name__ == "__main__":
    with Account.opened() as opened:
        asyncio.run(main(opened, sys.argv[1], *map(int, sys.argv[2:5])))
