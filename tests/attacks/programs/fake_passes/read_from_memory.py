# Tries: find the expected value in all of its own memory
# Test: assert f(1) == 'c0ffee-4711'
# Expect: failed
# Limits: cpu_s=5 wall_s=20
import re

NEEDLE = re.compile(b"c0f" + rb"fee-\d+")


def f(x):
    try:
        ranges = [line.split()[0].split("-") for line in open("/proc/self/maps") if " r" in line]
        memory = open("/proc/self/mem", "rb", 0)
    except OSError:
        return "nothing"
    for low, high in ranges:
        try:
            memory.seek(int(low, 16))
            found = NEEDLE.findall(memory.read(int(high, 16) - int(low, 16)))
        except (OSError, ValueError, OverflowError):
            continue
        if found:
            return found[0].decode()
    return "nothing"
