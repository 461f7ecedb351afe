# Tries: register an end with status 0 for the interpreter's end, and end
# Test: assert f(1) == 2
# Expect: crashed failed
import atexit
import os
import threading

atexit.register(os._exit, 0)
threading._register_atexit(os._exit, 0)


def f(x):
    atexit._run_exitfuncs()
    return 7
