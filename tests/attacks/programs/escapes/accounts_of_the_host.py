# Tries: list the accounts of the host
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import pwd


def f():
    names = {entry.pw_name for entry in pwd.getpwall()}
    try:
        names |= {line.partition(":")[0] for line in open("/etc/passwd")}
    except OSError:
        pass
    return sorted(names - {"nobody", "root", "sandbox", "runner", "box"}) if len(names) > 25 else []
