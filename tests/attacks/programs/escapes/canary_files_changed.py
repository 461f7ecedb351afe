# Tries: write to, remove, link to and rename the host's files
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import os
import shutil


def f():
    done = []
    for path in "@FILES@".split("|"):
        for act in (
            lambda: open(path, "r+").write("x"),
            lambda: os.remove(path),
            lambda: os.rename(path, path + "2"),
            lambda: os.link(path, "linked"),
            lambda: os.truncate(path, 0),
            lambda: os.chmod(path, 0o777),
            lambda: os.utime(path),
            lambda: shutil.rmtree(os.path.dirname(path)),
        ):
            try:
                act()
                done.append(path)
            except OSError:
                continue
    return done
