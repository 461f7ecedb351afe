# Tries: send escape sequences to whatever terminal shows the output
# Test: assert f() == 2
# Expect: failed
import sys

SEQUENCES = "\x1b]0;@MARK@\x07\x1b[2J\x1b[31m\x1b]52;c;QQ==\x07\x1bP+q544e\x1b\\\x9b31m\r\b\x00\x0e\u202e\ufeff"


def f():
    for stream in (sys.stdout, sys.stderr):
        stream.write(SEQUENCES * 10)
        stream.flush()
    raise_later = type(SEQUENCES[:8], (Exception,), {"__str__": lambda self: SEQUENCES})
    return [SEQUENCES, raise_later(SEQUENCES)]
