# Tries: overflow the stack of C code: repr, json, pickle, ast, deep copies, comparisons
# Test: assert f(0) == 2
# Test: assert f(1) == 2
# Test: assert f(2) == 2
# Test: assert f(3) == 2
# Test: assert f(4) == 2
# Expect: failed error crashed
# Limits: cpu_s=3
import ast
import copy
import json
import pickle
import sys

sys.setrecursionlimit(2**30)
deep = []
for _ in range(10**5):
    deep = [deep]
other = []
for _ in range(10**5):
    other = [other]


def f(x):
    return [
        lambda: json.dumps(deep),
        lambda: pickle.dumps(deep),
        lambda: copy.deepcopy(deep),
        lambda: deep == other,
        lambda: ast.literal_eval("[" * 10**5 + "]" * 10**5),
    ][x]()
