# Tries: print without end while it is loaded
# Test: assert f() == 2
# Expect: output_limit
# Limits: output_bytes=65536 cpu_s=2 wall_s=5
import sys

for _ in range(10**6):
    sys.stdout.write("\x1b[2J" * 1000)


def f():
    return 7
