# Tries: open files until there are no more descriptors
# Test: assert f() == 2
# Expect: open_files_limit
# Limits: open_files=32
def f():
    kept = []
    for _ in range(200):
        kept.append(open("/dev/null"))
    return 7
