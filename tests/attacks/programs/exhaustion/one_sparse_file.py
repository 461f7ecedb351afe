# Tries: make a file of a terabyte that holds nothing
# Test: assert f() == 2
# Expect: file_size_limit
# Limits: file_bytes=1048576 scratch_bytes=16777216
import os


def f():
    with open("sparse", "wb") as file:
        os.truncate(file.fileno(), 2**40)
    return 7
