# Tries: match a regular expression that takes for ever, in C code that no signal interrupts
# Test: assert f() == 2
# Expect: timeout
# Limits: cpu_s=1 wall_s=5
import re


def f():
    return re.match(r"(a+)+$", "a" * 64 + "!")
