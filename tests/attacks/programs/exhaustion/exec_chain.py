# Tries: become another program from a thread, over and over
# Test: assert f() == 2
# Expect: crashed timeout
# Limits: cpu_s=1 wall_s=3
import os
import sys
import threading

CODE = "import os, sys; n = int(sys.argv[1]); os.execv(sys.executable, [*sys.orig_argv[:-1], str(n - 1)]) if n else 0"


def become():
    os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", CODE, "50"])


def f():
    threading.Thread(target=become).start()
    threading.Event().wait(2)
    return 7
