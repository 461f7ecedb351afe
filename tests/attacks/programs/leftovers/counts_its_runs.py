# Tries: tell a later run something by what grows: process numbers, which it moves on by forking
# Test: assert f() == 'here before'
# Expect: failed
# Runs: 2
import os


def f():
    found = os.getpid() > 40
    for _ in range(60):
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
    return "here before" if found else "left"
