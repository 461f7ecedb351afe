# Tries: find the expected output by looking into memory, files and descriptors
# Suite: stdio
# Input: "1\n"
# Output: "c0ffee-4711\n"
# Expect: failed
# Limits: cpu_s=5 wall_s=20
import glob
import os
import re

NEEDLE = re.compile(b"c0f" + rb"fee-\d+")
input()
for number in range(64):
    try:
        for found in NEEDLE.findall(os.pread(number, 2**20, 0)):
            print(found.decode())
    except OSError:
        continue
for path in glob.glob("/proc/[0-9]*/fd/*") + glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/tmp/**", recursive=True):
    try:
        for found in NEEDLE.findall(os.read(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 2**20)):
            print(found.decode())
    except OSError:
        continue
try:
    memory = open("/proc/self/mem", "rb", 0)
    for line in open("/proc/self/maps"):
        low, high = (int(part, 16) for part in line.split()[0].split("-"))
        try:
            memory.seek(low)
            for found in NEEDLE.findall(memory.read(high - low)):
                print(found.decode())
        except (OSError, ValueError, OverflowError):
            continue
except OSError:
    pass
