# Tries: hold the scratch file system busy by open, mapped and locked files in children
# Test: assert f() == 'here before'
# Expect: failed
# Runs: 2
import fcntl
import mmap
import os
import time


def f():
    found = os.path.exists("held")
    with open("held", "w+b") as file:
        file.write(b"x" * 4096)
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        mapped = mmap.mmap(file.fileno(), 4096)
        for _ in range(3):
            if os.fork() == 0:
                mapped[0] = 1
                time.sleep(120)
    return "here before" if found else "left"
