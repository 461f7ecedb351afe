# Tries: find descriptors that lead out of the box: files, folders, sockets, devices
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import os
import stat


def f():
    found = []
    for number in range(4, 1024):
        try:
            os.fstat(number)
            found.append(number)
        except OSError:
            continue
    for number in range(3):
        mode = os.fstat(number).st_mode
        if stat.S_ISDIR(mode) or stat.S_ISBLK(mode) or os.isatty(number):
            found.append(number)
        for path in ("..", "../..", "../../../etc/passwd"):
            try:
                os.close(os.open(path, os.O_RDONLY, dir_fd=number))
                found.append((number, path))
            except OSError:
                continue
    return found
