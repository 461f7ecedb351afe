# Tries: answer twice: with the number of the question, and once more by itself
# Test: assert f(1) == 2
# Expect: tampered failed
import json
import os
import sys


def number():
    frame = sys._getframe()
    while frame is not None:
        question = frame.f_locals.get("question")
        if isinstance(question, dict) and "q" in question:
            return question["q"]
        frame = frame.f_back


def f(x):
    for value in (7, 8, True):
        body = json.dumps({"a": number(), "v": [value], "n": [], "m": {}}).encode()
        os.write(3, len(body).to_bytes(4, "big") + body)
    return 7
