# Tries: see, signal and trace processes outside
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import os


def f():
    reached = []
    for process in (@HOST_PID@, @HOST_PID@ - 1, 4_000_000):
        try:
            os.kill(process, 0)
            reached.append(process)
        except OSError:
            pass
        for act in (os.getpgid, os.getsid, os.sched_getaffinity, os.pidfd_open):
            try:
                act(process)
                reached.append(process)
            except OSError:
                continue
    listed = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return reached + [process for process in listed if process not in (1, os.getpid())]
