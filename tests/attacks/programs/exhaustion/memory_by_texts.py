# Tries: take memory by multiplying texts and joining them
# Test: assert f() == 2
# Expect: memory_limit
# Limits: memory_bytes=67108864
def f():
    text = "\U0001f600"
    for _ in range(26):
        text += text
    return 7
