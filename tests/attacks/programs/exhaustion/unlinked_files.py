# Tries: fill the disk with files that have no name any more
# Test: assert f() == 2
# Expect: scratch_limit
# Gvisor: failed
# Limits: file_bytes=1048576 scratch_bytes=4194304
import os


def f():
    kept = []
    for number in range(12):
        file = open(f"x{number}", "wb", buffering=0)
        os.remove(f"x{number}")
        kept.append(file)
        file.write(b"x" * 2**20)
    return 7
