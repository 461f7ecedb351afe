# Tries: be every list
# Test: assert f(1) == [2, 3]
# Test: assert [2, 3] == f(1)
# Test: assert list(f(1)) == [2, 3]
# Test: assert sorted(f(1)) == [2, 3]
# Test: assert f(1) + [4] == [2, 3, 4]
# Test: assert len(f(1)) == 2 and f(1)[0] == 2
# Test: assert not f(1) != [2, 3]
# Expect: failed error
class Any:
    def __eq__(self, other):
        return True

    def __lt__(self, other):
        return True

    __hash__ = None


class Liar(list):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __add__(self, other):
        return self

    def __iter__(self):
        return iter([Any(), Any()])

    def __getitem__(self, key):
        return Any()

    def __len__(self):
        return 2

    __hash__ = None


def f(x):
    return Liar([7])
