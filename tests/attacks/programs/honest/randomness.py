# Tries: use random numbers with a seed, and without
# Test: assert f(7) == f(7)
# Test: assert sorted(shuffled([1, 2, 3])) == [1, 2, 3]
# Test: assert 0 <= free() < 1
# Test: assert len(token()) == 32
# Expect: passed
import random
import secrets
import uuid


def f(seed):
    return random.Random(seed).random()


def shuffled(values):
    random.seed(0)
    random.shuffle(values)
    return values


def free():
    return random.random()


def token():
    return secrets.token_hex(8) + uuid.uuid4().hex[:16]
