# Tries: handle texts that are no valid Unicode
# Test: assert f('\ud800') == '\ud800\udc00'
# Test: assert len(f('\ud800')) == 2
# Test: assert f('a\x00') == 'a\x00\udc00'
# Expect: passed
def f(text):
    print(repr(text), text)
    return text + "\udc00"
