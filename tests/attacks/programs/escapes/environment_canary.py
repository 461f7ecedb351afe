# Tries: find the host's environment in its own and in that of every process
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import ctypes
import glob
import os


def f():
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_char_p
    seen = [repr(dict(os.environ)), repr(libc.getenv(b"SELFDEBUG_CANARY"))]
    for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
        try:
            seen.append(open(path, "rb").read().decode("latin-1"))
        except OSError:
            continue
    print(*seen)
    return [text for text in seen if "CANARY" in text]
