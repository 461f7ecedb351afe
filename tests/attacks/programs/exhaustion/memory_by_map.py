# Tries: take memory by a private map
# Test: assert f() == 2
# Expect: memory_limit error
# Limits: memory_bytes=67108864
import mmap


def f():
    kept = [mmap.mmap(-1, 2**24, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) for _ in range(12)]
    for memory in kept:
        memory.write(b"x" * 2**24)
    return 7
