# Tries: poison the interpreter for the next run: modules, caches, built-ins, import paths, byte code
# Test: assert f() == 'here before'
# Expect: failed
# Runs: 2
import builtins
import functools
import json
import linecache
import os
import re
import sys


def f():
    found = [hasattr(builtins, "remembered"), hasattr(json, "remembered"), "@MARK@" in sys.modules, "/@MARK@" in sys.path]
    found += ["@MARK@" in linecache.cache, sys.getrecursionlimit() == 777, len(sys.meta_path) > 5]
    builtins.remembered = json.remembered = functools.remembered = re.remembered = 2
    sys.modules["@MARK@"] = sys
    sys.path.insert(0, "/@MARK@")
    linecache.cache["@MARK@"] = (1, None, ["2"], "x")
    sys.setrecursionlimit(777)
    sys.meta_path[:0] = [type("Finder", (), {"find_spec": lambda *ignored: None})] * 9
    for folder in (os.path.dirname(json.__file__), os.path.dirname(os.__file__)):
        for name in ("__pycache__/json.cpython-311.pyc", "sitecustomize.py", "@MARK@.pth"):
            try:
                with open(os.path.join(folder, name), "w") as file:
                    file.write("remembered = 2")
                found.append(True)
            except OSError:
                continue
    return "here before" if any(found) else "left"
