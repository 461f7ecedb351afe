# Tries: compute with coroutines, tasks, queues and asynchronous generators
# Setup: import asyncio
# Test: assert asyncio.run(f(3)) == [0, 2, 4]
# Test: assert g(4) == 6
# Expect: passed
import asyncio


async def numbers(n):
    for number in range(n):
        await asyncio.sleep(0)
        yield number


async def f(n):
    tasks = [asyncio.create_task(double(number)) async for number in numbers(n)]
    return await asyncio.gather(*tasks)


async def double(x):
    await asyncio.sleep(0.001)
    return 2 * x


def g(n):
    async def total():
        return sum([number async for number in numbers(n)])

    return asyncio.run(total())
