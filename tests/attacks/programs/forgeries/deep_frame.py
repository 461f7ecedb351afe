# Tries: exhaust the reader's stack with a frame of nested lists
# Test: assert f(1) == 2
# Expect: tampered
import os


def f(x):
    body = b"[" * 200_000 + b"]" * 200_000
    os.write(3, len(body).to_bytes(4, "big"))
    while body:
        body = body[os.write(3, body) :]
    return 7
