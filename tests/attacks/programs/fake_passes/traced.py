# Tries: trace and profile every later call, and change what is returned on its way
# Test: assert f(1) == 2
# Expect: failed error timeout crashed tampered
import ctypes
import sys
import threading


def trace(frame, event, argument):
    if event == "return" and frame.f_code.co_name != "trace":
        for name in list(frame.f_locals):
            if name in ("result", "value", "answer"):
                frame.f_locals[name] = True
        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
    return trace


def f(x):
    threading.settrace(trace)
    sys.setprofile(trace)
    sys.settrace(trace)
    frame = sys._getframe()
    while frame is not None:
        frame.f_trace = trace
        frame = frame.f_back
    return 7
