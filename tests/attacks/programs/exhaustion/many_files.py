# Tries: fill the disk with files, each below the limit
# Test: assert f() == 2
# Expect: scratch_limit
# Limits: file_bytes=1048576 scratch_bytes=4194304
def f():
    for number in range(12):
        with open(str(number), "wb") as file:
            file.write(b"x" * 2**19 * 2)
    return 7
