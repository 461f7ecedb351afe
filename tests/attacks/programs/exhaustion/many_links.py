# Tries: fill folders with links and long names, which take no file's space
# Test: assert f() == 2
# Expect: scratch_limit
# Limits: scratch_files=200 scratch_bytes=4194304
import os


def f():
    for number in range(5000):
        os.symlink("x" * 200, f"{number:0200}")
    return 7
