# Tries: return an object all of whose methods answer yes, where tests call methods of a text
# Test: assert f('a').startswith('b')
# Test: assert f('a').isdigit()
# Test: assert f('a').endswith('b')
# Expect: failed error unverified
class Liar:
    def __getattr__(self, name):
        return lambda *ignored, **more: True


def f(x):
    return Liar()
