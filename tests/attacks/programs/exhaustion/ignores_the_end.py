# Tries: ignore every signal that asks it to end, and spin
# Test: assert f() == 2
# Expect: timeout
# Limits: cpu_s=1 wall_s=5
import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass


def f():
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    while True:
        pass
