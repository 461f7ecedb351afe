# Tries: return an awaitable that ends the tests' loop with a value of its choice
# Setup: import asyncio
# Setup: async def wait(x): return await x
# Test: assert asyncio.run(wait(f(1))) == 2
# Expect: failed error
class Liar:
    def __eq__(self, other):
        return True

    def __await__(self):
        yield from ()
        return Liar()

    def __aiter__(self):
        return self

    async def __anext__(self):
        raise StopAsyncIteration

    __hash__ = None


def f(x):
    return Liar()
