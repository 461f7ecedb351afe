# Tries: raise an exception with huge and lying text, arguments, notes and attributes
# Test: assert f() == 2
# Expect: error memory_limit
class Failure(Exception):
    def __str__(self):
        return "x" * 10**7

    def __repr__(self):
        return "y" * 10**7


def f():
    error = Failure(*range(10**5))
    error.__notes__ = ["z" * 10**6]
    error.text = "w" * 10**6
    raise error
