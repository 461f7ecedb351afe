# Tries: write to standard error without end and without a line's end
# Test: assert f() == 2
# Expect: output_limit
# Limits: output_bytes=65536 cpu_s=2 wall_s=5
import os


def f():
    for _ in range(10**5):
        os.write(2, b"\xff\x00" * 4096)
    return 7
