# Tries: leave scratch folders that are hard to remove: deep, locked, odd names, open, mounted over
# Test: assert f() == 'here before'
# Expect: failed
# Runs: 2
import os


def f():
    found = os.listdir(".")
    for _ in range(150):
        os.mkdir("d")
        os.chdir("d")
    os.chdir("/tmp")
    for name in (b"\xff\xfe", b"\n", b"-rf *", b" ", b"x" * 255, "é\u202e".encode()):
        os.mkdir(name)
        open(os.path.join(name, b"file"), "w").close()
        os.chmod(name, 0)
    os.symlink("/", "root")
    os.symlink("loop", "loop")
    return "here before" if found else "left"
