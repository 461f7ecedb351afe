# Tries: fill the channel of a whole program with a frame that never ends
# Suite: stdio
# Input: "1\n"
# Output: "2\n"
# Expect: output_limit timeout failed tampered memory_limit
# Limits: wall_s=3 cpu_s=2
import os

os.write(3, (2**31).to_bytes(4, "big"))
for _ in range(2000):
    os.write(3, b"x" * 2**16)
