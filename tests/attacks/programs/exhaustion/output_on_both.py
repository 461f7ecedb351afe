# Tries: write half of the limit and more on each stream, from several processes
# Test: assert f() == 2
# Expect: output_limit
# Limits: output_bytes=65536 cpu_s=2 wall_s=5
import os


def f():
    for descriptor in (1, 2):
        if os.fork() == 0:
            for _ in range(45):
                os.write(descriptor, b"x" * 1000)
            os._exit(0)
    os.wait()
    os.wait()
    return 7
