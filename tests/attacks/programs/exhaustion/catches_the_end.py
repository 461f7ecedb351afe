# Tries: catch whatever is raised at its limit and go on
# Test: assert f() == 2
# Expect: timeout
# Limits: cpu_s=1 wall_s=5
import signal


def again(*ignored):
    raise KeyboardInterrupt


signal.signal(signal.SIGXCPU, again)


def f():
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
