# Tries: read the tests' questions in a thread before the runner's agent does, and answer in its place
# Test: assert f(1) == 2
# Test: assert f(2) == 3
# Test: assert f(3) == 4
# Expect: failed tampered timeout
# Limits: wall_s=2
import json
import os
import threading


def steal():
    while True:
        size = int.from_bytes(os.read(3, 4), "big")
        question = json.loads(os.read(3, size))
        body = json.dumps({"a": question["q"], "v": [7], "n": [], "m": {}}).encode()
        os.write(3, len(body).to_bytes(4, "big") + body)


def f(x):
    threading.Thread(target=steal, daemon=True).start()
    return 7
