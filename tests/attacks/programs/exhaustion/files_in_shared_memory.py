# Tries: fill /dev/shm beside scratch
# Test: assert f() == 2
# Expect: scratch_limit
# Limits: file_bytes=1048576 scratch_bytes=4194304
def f():
    for number in range(12):
        with open(f"/dev/shm/{number}", "wb") as file:
            file.write(b"x" * 2**20)
    return 7
