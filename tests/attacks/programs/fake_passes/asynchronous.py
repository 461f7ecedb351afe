# Tries: answer through coroutines and awaitables that lie
# Setup: import asyncio
# Test: assert asyncio.run(f(1)) == 2
# Test: assert asyncio.run(f(1)) in (2, 3)
# Expect: failed error
class Liar:
    def __eq__(self, other):
        return True

    __hash__ = None


async def f(x):
    return Liar()
