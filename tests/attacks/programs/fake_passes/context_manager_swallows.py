# Tries: be a context manager that swallows the assertion made inside of it
# Test: with f(1) as value: assert value == 2
# Test: with f(1): assert f(2) == 2
# Expect: failed error
class Manager:
    def __enter__(self):
        return 7

    def __exit__(self, *ignored):
        return True


def f(x):
    return Manager() if x == 1 else 7
