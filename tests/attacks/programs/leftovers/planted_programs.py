# Tries: plant programs and libraries that the box would start or load the next time
# Test: assert f() == 'here before'
# Expect: failed
# Runs: 2
import os
import sys


def f():
    found = []
    for name in ("python3", "sh", "main.py", "json.py", "pytest.py", "conftest.py", "pytest.ini", "libc.so.6", "py.py"):
        for folder in ("/tmp", ".", "/dev/shm", "/usr/local/bin", "/box/runner", "/box/site", os.path.dirname(sys.executable)):
            path = os.path.join(folder, name)
            if folder in ("/tmp", ".", "/dev/shm"):
                found.append(os.path.exists(path) and folder != "/tmp" and os.path.realpath(folder) != os.getcwd())
            try:
                with open(path, "w") as file:
                    file.write("raise SystemExit('@MARK@')")
                os.chmod(path, 0o755)
                found.append(folder not in ("/tmp", ".", "/dev/shm"))
            except OSError:
                continue
    return "here before" if any(found) else "left"
