# Tries: call functions, methods, classes and objects that the tests pass
# Setup: import operator
# Setup: seen = []
# Setup: class Account:
# Setup:     def __init__(self): self.money = 1
# Setup:     def add(self, n): self.money += n; return self.money
# Test: assert f(lambda x: x + 1, 1) == 2
# Test: assert f(seen.append, 7) is None and seen == [7]
# Test: assert f(operator.neg, 1) == -1 and f(str, 5) == '5' and f(len, 'abc') == 3
# Test: assert f(Account().add, 2) == 3
# Test: assert attribute(Account()) == 1
# Test: assert guarded(lambda: 1 / 0) == 'ZeroDivisionError'
# Test: assert guarded(lambda: {}['x']) == 'KeyError'
# Test: assert sorted(['bb', 'a'], key=size) == ['a', 'bb']
# Expect: passed
def f(function, argument):
    return function(argument)


def attribute(account):
    return account.money


def guarded(function):
    try:
        return function()
    except (ArithmeticError, LookupError) as error:
        return type(error).__name__


def size(text):
    return len(text)
