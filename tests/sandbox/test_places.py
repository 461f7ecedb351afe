"""Who gets the next free place."""

import asyncio

import pytest

from sandbox.box import ProcessBox
from sandbox.boxed import BoxedSandbox
from sandbox.bubblewrap import Bubblewrap
from sandbox.places import Places
from sandbox.types import AssertSuite, Suite


class Line:
    """Tasks that wait for a place, and the order in which they had it."""

    def __init__(self, number: int) -> None:
        self.places = Places[str](number, lambda name: not name.startswith("begun"))
        self.order: list[str] = []
        self.inside = self.most = 0

    async def visit(self, name: str) -> None:
        async with self.places.place(name):
            self.order.append(name)
            self.inside += 1
            self.most = max(self.most, self.inside)
            await asyncio.sleep(0)
            self.inside -= 1

    async def start(self, name: str) -> "asyncio.Task[None]":
        task = asyncio.create_task(self.visit(name))
        await asyncio.sleep(0)
        return task


async def test_no_more_than_there_are_places() -> None:
    line = Line(3)
    await asyncio.gather(*(line.visit(str(number)) for number in range(20)))
    assert line.most == 3
    assert len(line.order) == 20


async def test_who_has_begun_comes_first_and_nobody_waits_for_ever() -> None:
    line = Line(1)
    async with line.places.place("first"):
        tasks = [await line.start(f"new {number}") for number in range(3)]
        tasks += [await line.start(f"begun {number}") for number in range(20)]
    await asyncio.gather(*tasks)
    kinds = [name.split()[0] for name in line.order]
    assert kinds == ["begun"] * 8 + ["new"] + ["begun"] * 8 + ["new"] + ["begun"] * 4 + ["new"]
    for kind in ("new", "begun"):
        numbers = [int(name.split()[1]) for name in line.order if name.startswith(kind)]
        assert numbers == sorted(numbers)


@pytest.mark.parametrize("late", [False, True])
async def test_who_goes_away_leaves_the_place_to_others(late: bool) -> None:
    line = Line(1)
    async with line.places.place("first"):
        gone = await line.start("begun and gone")
        other = await line.start("other")
        if not late:
            gone.cancel()
    if late:  # the place was just given to it
        gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    async with asyncio.timeout(10.0):
        await other
        await line.visit("last")
    assert line.order == ["other", "last"]


class Counted(Bubblewrap):
    """Counts its boxes."""

    started = 0

    def box(self, suite: Suite) -> ProcessBox:
        self.started += 1
        return super().box(suite)


@pytest.mark.sandbox
async def test_many_jobs_at_once_need_a_box_each_and_no_more() -> None:
    backend = Counted()
    sandbox = BoxedSandbox(backend, 1)

    async def turns() -> None:
        async with sandbox.job() as job:
            for _ in range(3):
                assert (await job.run("def f(): return 1", AssertSuite(("assert f() == 1",)))).passed

    await asyncio.gather(*(turns() for _ in range(10)))
    await sandbox.close()
    assert backend.started == 10
