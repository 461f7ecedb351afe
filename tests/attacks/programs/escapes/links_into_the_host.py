# Tries: plant links to the host's files in scratch, under names that a careless host might follow
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import os


def f():
    reached = []
    for path in "@FILES@".split("|"):
        for number, name in enumerate(("stdout", "stderr", "result.json", "core", "solution.py", "output", "coverage")):
            link = f"{name}.{len(os.listdir('.'))}"
            os.symlink(path, link)
            os.symlink(path, f"/dev/shm/{link}")
            for mode in ("r", "r+"):
                try:
                    with open(link, mode) as file:
                        reached.append(file.name)
                except OSError:
                    continue
            try:
                os.link(link, f"hard{number}")
                reached.append(os.stat(f"hard{number}"))
            except OSError:
                continue
    return reached
