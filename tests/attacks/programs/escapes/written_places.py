# Tries: write anywhere but in scratch
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import os
import sys
import sysconfig


def f():
    written = []
    folders = ["/", "/box", "/etc", "/usr", "/lib", "/var", "/run", "/proc", "/sys", "/dev", "/home", "/root", "/opt"]
    folders += [*sys.path, *sysconfig.get_paths().values(), os.path.dirname(os.__file__), os.path.dirname(sys.executable)]
    folders += ["/var/tmp", "/box/runner", "/box/site", "/dev/pts", "/dev/mqueue", "/run/lock", "/mnt"]
    for folder in folders:
        if os.path.isdir(folder):
            try:
                os.close(os.open(f"{folder}/@MARK@", os.O_CREAT | os.O_WRONLY))
                written.append(folder)
            except OSError:
                continue
    for path in (sys.executable, os.__file__, "/box/runner/main.py", "/proc/self/exe"):
        try:
            with open(path, "ab") as file:
                file.write(b"")
            written.append(path)
        except OSError:
            continue
    return written
