# Tries: compute in a child process and wait for it
# Test: assert f(20) == 400
# Test: assert f(3) == 9
# Expect: passed
import os


def f(x):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, str(x * x).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as file:
        return int(file.read())
