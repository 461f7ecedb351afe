# Tries: overflow the parser by source that is nested too deeply
# Test: assert f() == 2
# Expect: syntax_error
x = @NESTED@
