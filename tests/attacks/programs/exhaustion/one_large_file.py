# Tries: write one file that is too large
# Test: assert f() == 2
# Expect: file_size_limit
# Limits: file_bytes=1048576 scratch_bytes=16777216
def f():
    with open("large", "wb") as file:
        for _ in range(8):
            file.write(b"x" * 2**20)
    return 7
