# Tries: be iterated over for ever, be very long, and never be found in
# Test: assert 2 in f(1)
# Expect: timeout
# Limits: wall_s=2 cpu_s=1
class Endless:
    def __iter__(self):
        return self

    def __next__(self):
        return 7

    def __len__(self):
        return 2**62


def f(x):
    return Endless()
