# Tries: find the expected value in what /proc tells of every process: memory, arguments, environment, descriptors
# Test: assert f(1) == 'c0ffee-4711'
# Expect: failed
# Limits: cpu_s=5 wall_s=20
import glob
import os
import re

NEEDLE = re.compile(b"c0f" + rb"fee-\d+")
FILES = ("cmdline", "environ", "comm", "maps", "stack", "syscall", "wchan", "auxv", "fdinfo/*", "fd/*", "task/*/comm")


def f(x):
    for folder in glob.glob("/proc/[0-9]*"):
        for file in FILES:
            for path in glob.glob(f"{folder}/{file}"):
                try:
                    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
                    found = NEEDLE.findall(os.read(descriptor, 2**20))
                    os.close(descriptor)
                except OSError:
                    continue
                if found:
                    return found[0].decode()
        if folder == f"/proc/{os.getpid()}":
            continue
        try:
            ranges = [line.split()[0].split("-") for line in open(f"{folder}/maps")]
            memory = open(f"{folder}/mem", "rb", 0)
            for low, high in ranges:
                memory.seek(int(low, 16))
                found = NEEDLE.findall(memory.read(int(high, 16) - int(low, 16)))
                if found:
                    return found[0].decode()
        except (OSError, ValueError, OverflowError):
            continue
    return "nothing"
