# Tries: hand out liars from descriptors, properties, slots and class attributes
# Test: assert f(1).value == 2
# Test: assert f(1).other == 2
# Test: assert f(1).slot == 2
# Test: assert f(1).method() == 2
# Expect: failed error
class Liar:
    def __eq__(self, other):
        return True

    __hash__ = None


class Descriptor:
    def __get__(self, instance, owner):
        return Liar()


class Holder:
    __slots__ = ("slot",)
    value = Descriptor()

    @property
    def other(self):
        return Liar()

    def method(self):
        return Liar()


def f(x):
    holder = Holder()
    holder.slot = Liar()
    return holder
