# Tries: answer before it is asked
# Test: assert f(1) == 2
# Test: assert f(2) == 3
# Expect: tampered
import json
import os

body = json.dumps({"a": "0" * 16, "v": [2], "n": [], "m": {}}).encode()
os.write(3, (len(body).to_bytes(4, "big") + body) * 3)


def f(x):
    return 7
