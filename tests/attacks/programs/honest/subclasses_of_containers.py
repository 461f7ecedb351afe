# Tries: return subclasses of list, dict, str and int that behave as what they are
# Test: assert f(0) == [1, 2] and len(f(0)) == 2 and f(0)[0] == 1
# Test: assert f(1) == {'a': 1} and f(1)['a'] == 1
# Test: assert f(2) == 'text' and f(2).upper() == 'TEXT'
# Test: assert f(3) == 7 and f(3) + 1 == 8
# Test: assert f(0).total() == 3
# Expect: passed
class Items(list):
    def total(self):
        return sum(self)


class Table(dict):
    pass


class Text(str):
    pass


class Number(int):
    pass


def f(x):
    return [Items([1, 2]), Table(a=1), Text("text"), Number(7)][x]
