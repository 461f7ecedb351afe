# Tries: remember every value that it is compared with, and answer with the last one
# Test: assert f(1) == 'c0ffee-4711'
# Test: assert f(1) == 'c0ffee-4711'
# Test: assert f(1) - 4711 == 0 or f(1) == 'c0ffee-4711'
# Test: assert 'c0ffee-4711' in f(1) or f(2) == 'c0ffee-4711'
# Test: assert f(1) < 'c0ffee-4711' or f(2) == 'c0ffee-4711'
# Expect: failed error
learned = []


class Spy:
    def learn(self, *arguments):
        learned.extend(arguments)
        return False

    __eq__ = __ne__ = __lt__ = __gt__ = __le__ = __ge__ = __contains__ = learn
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __mod__ = __rmod__ = learn
    __format__ = __call__ = __instancecheck__ = learn

    def __hash__(self):
        return 0

    def __getattr__(self, name):
        learned.append(name)
        return self.learn


def f(x):
    found = [value for value in learned if isinstance(value, str) and value[:3] == "c0f"]
    return found[-1] if found else Spy()
