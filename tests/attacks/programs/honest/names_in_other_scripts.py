# Tries: use names, texts and keys in other scripts
# Test: assert größe('日本', ñ=2) == 'größe 日本日本'
# Test: assert größe('😀') == 'größe 😀'
# Test: assert größe('\u202e') == 'größe \u202e'
# Expect: passed
def größe(文, *, ñ=1):
    return f"größe {文 * ñ}"
