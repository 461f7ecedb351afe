# Tries: find the expected value in any file that it can read
# Suite: pytest
# Source: from solution import f
# Source: def test():
# Source:     assert f(1) == 'c0ffee-4711'
# Expect: failed
# Limits: cpu_s=5 wall_s=20
import os
import re

NEEDLE = re.compile(b"c0f" + rb"fee-\d+")


def f(x):
    for top in ("/tmp", "/var", "/run", "/home", "/root", "/box", "/dev/shm", os.getcwd()):
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                try:
                    if os.path.isfile(path) and os.path.getsize(path) < 2**20:
                        found = NEEDLE.findall(open(path, "rb").read())
                        if found:
                            return found[0].decode()
                except OSError:
                    continue
    return "nothing"
