# Tries: leave another program behind, which ignores every signal
# Test: assert f() == 'here before'
# Expect: failed
# Runs: 2
import os
import sys

CODE = "import signal, time\nfor n in range(1, 65):\n  try: signal.signal(n, signal.SIG_IGN)\n  except (OSError, ValueError): pass\ntime.sleep(120)"


def f():
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", CODE, "@MARK@"])
    return "left"
