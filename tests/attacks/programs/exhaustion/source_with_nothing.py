# Tries: be source that holds null characters and lone surrogates
# Test: assert f() == 2
# Expect: syntax_error
x = "@SURROGATE@@NULL@"


def f():
    return 7
