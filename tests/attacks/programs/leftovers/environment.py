# Tries: leave the answer in the environment, the working folder, limits, names and clocks of the process
# Test: assert f() == 'here before'
# Expect: failed
# Runs: 2
import ctypes
import os
import resource
import signal
import sys
import time

libc = ctypes.CDLL(None)


def f():
    found = [os.environ.get("REMEMBERED"), libc.getenv(b"REMEMBERED"), hasattr(sys, "remembered")]
    found += [resource.getrlimit(resource.RLIMIT_CORE)[0] == 7, signal.getsignal(signal.SIGUSR2) != signal.SIG_DFL]
    found += [os.umask(0o001) == 0o001, time.tzname[0] == "XYZ", os.getcwd().endswith("deeper"), os.nice(0) == 3]
    os.environ["REMEMBERED"] = "2"
    libc.setenv(b"REMEMBERED", b"2", 1)
    sys.remembered = os.remembered = 2
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    os.environ["TZ"] = "XYZ"
    time.tzset()
    os.makedirs("deeper", exist_ok=True)
    os.chdir("deeper")
    os.nice(3)
    return "here before" if any(found) else "left"
