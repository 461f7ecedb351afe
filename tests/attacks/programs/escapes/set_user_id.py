# Tries: become another user by a set-user-id program that it makes
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import os
import shutil
import sys


def f():
    gained = []
    try:
        shutil.copy(sys.executable, "python")
        os.chmod("python", 0o6755)
    except OSError:
        return gained
    child = os.fork()
    if child == 0:
        try:
            os.execv("./python", ["python", "-I", "-S", "-c", "import os; os._exit(os.getuid() != os.geteuid())"])
        except OSError:
            os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1:
        gained.append("set-user-id")
    return gained
