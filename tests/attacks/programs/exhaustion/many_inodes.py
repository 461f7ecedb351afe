# Tries: make empty files and folders without end
# Test: assert f() == 2
# Expect: scratch_limit
# Limits: scratch_files=200 scratch_bytes=4194304
import os


def f():
    for number in range(5000):
        os.mkdir(f"folder{number}")
        open(f"file{number}", "w").close()
    return 7
