# Tries: answer with a generator that takes values, ends with a result, and is closed
# Suite: check
# Entry: f
# Source: def check(candidate):
# Source:     generator = candidate()
# Source:     assert next(generator) == 0
# Source:     assert generator.send(5) == 5
# Source:     assert generator.send(2) == 7
# Source:     generator.close()
# Source:     assert list(generator) == []
# Expect: passed
def f():
    total = 0
    while True:
        total += yield total
