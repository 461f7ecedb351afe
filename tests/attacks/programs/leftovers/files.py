# Tries: leave files in every place that it can write, and find those of an earlier run
# Test: assert f() == 'here before'
# Expect: failed
# Runs: 2
import os
import tempfile

PLACES = (".", "/tmp", "/dev/shm", "/var/tmp", "/run/lock", "/dev/mqueue", "/home", "/root", "/", "/dev", "/box")


def f():
    places = {*PLACES, tempfile.gettempdir(), os.path.expanduser("~"), os.getcwd(), os.path.dirname(__import__("os").__file__)}
    found = [place for place in places if os.path.exists(f"{place}/@MARK@")]
    for place in places:
        for make in (
            lambda: open(f"{place}/@MARK@", "w").write("2"),
            lambda: os.makedirs(f"{place}/.@MARK@/deep"),
            lambda: os.symlink("@MARK@", f"{place}/@MARK@.link"),
            lambda: os.mkfifo(f"{place}/@MARK@.pipe"),
            lambda: os.chmod(place, 0o000) if place not in (".", "/tmp") else None,
        ):
            try:
                make()
            except OSError:
                continue
    return "here before" if found else "left"
