# Tries: read files that lie in the host's folders: temporary ones, the home, the working folder
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import glob
import os


def f():
    found = []
    for path in "@FILES@".split("|"):
        for way in (path, f"/proc/self/root{path}", f"/proc/1/root{path}", f"/..{path}", f"/proc/1/cwd/../../..{path}"):
            try:
                with open(way) as file:
                    found.append(file.read())
                    print(found[-1])
            except OSError:
                continue
        found += glob.glob(os.path.dirname(path) + "/*canary*")
    return found
