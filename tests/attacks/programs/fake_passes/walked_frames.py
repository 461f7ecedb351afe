# Tries: walk up the frames and change every local and global name that holds a result or a question
# Test: assert f(1) == 2
# Expect: failed error tampered crashed
import ctypes
import sys


def f(x):
    frame = sys._getframe(1)
    while frame is not None:
        for names in (frame.f_locals, frame.f_globals):
            for name in list(names):
                if name in ("result", "answer", "status", "passed", "expected", "question"):
                    names[name] = True
        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(1))
        frame = frame.f_back
    return 7
