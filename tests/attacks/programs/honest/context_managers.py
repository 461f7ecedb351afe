# Tries: be context managers that the tests enter and leave, with and without an exception
# Suite: check
# Entry: manager
# Source: def check(candidate):
# Source:     opened = candidate()
# Source:     with opened as found:
# Source:         assert found == [] and opened.items == []
# Source:     assert opened.items == ['closed']
# Expect: passed
import contextlib


class manager:
    def __init__(self):
        self.items = []

    def __enter__(self):
        return self.items

    def __exit__(self, *ignored):
        self.items.append("closed")
