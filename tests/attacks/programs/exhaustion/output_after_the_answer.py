# Tries: flood the output from a thread while its answer is on its way
# Test: assert f() == 2
# Expect: output_limit failed
# Limits: output_bytes=65536 cpu_s=2 wall_s=5
import os
import threading


def flood():
    for _ in range(10**5):
        os.write(1, b"x" * 4096)


def f():
    threading.Thread(target=flood, daemon=True).start()
    return 7
