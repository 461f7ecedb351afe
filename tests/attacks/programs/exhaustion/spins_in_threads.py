# Tries: spin in threads that hold no lock, in C code
# Test: assert f() == 2
# Expect: timeout
# Limits: cpu_s=1 wall_s=6
import hashlib
import threading


def work():
    for _ in range(60):
        hashlib.pbkdf2_hmac("sha256", b"x", b"y", 200_000)


def f():
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
