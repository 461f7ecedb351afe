# Tries: lie through str, repr, format and bytes, with texts that are equal to everything
# Test: assert str(f(1)) == 'two'
# Test: assert repr(f(1)) == 'two'
# Test: assert f'{f(1)}' == 'two'
# Test: assert f'{f(1):>5}' == '  two'
# Test: assert '%s' % f(1) == 'two'
# Test: assert bytes(f(1)) == b'two'
# Test: assert ''.join(map(str, [f(1)])) == 'two'
# Expect: failed error
class Text(str):
    def __eq__(self, other):
        return True

    def __mod__(self, other):
        return self

    __hash__ = str.__hash__


class Bytes(bytes):
    def __eq__(self, other):
        return True

    __hash__ = bytes.__hash__


class Liar:
    def __str__(self):
        return Text("zzz")

    __repr__ = __str__

    def __format__(self, spec):
        return Text("zzz")

    def __bytes__(self):
        return Bytes(b"zzz")


def f(x):
    return Liar()
