# Tries: return proxies and references whose target is gone or lies
# Test: assert f(0) == 2
# Test: assert f(1) == 2
# Test: assert f(2) == 2
# Expect: failed error
import weakref


class Liar:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


kept = Liar()


def f(x):
    return [lambda: weakref.proxy(kept), lambda: weakref.ref(kept), lambda: weakref.proxy(Liar())][x]()
