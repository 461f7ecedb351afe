# Tries: use temporary files and folders, in every usual place
# Test: assert f('text') == 'text' * 4
# Test: assert g() == ['a', 'b']
# Expect: passed
import os
import shutil
import tempfile
from pathlib import Path


def f(text):
    with tempfile.NamedTemporaryFile("w+") as file, tempfile.TemporaryFile("w+") as other:
        file.write(text)
        file.seek(0)
        other.write(text)
        other.seek(0)
        first = file.read() + other.read()
    with open("/tmp/x", "w") as file:
        file.write(text)
    with open("here.txt", "w") as file:
        file.write(text)
    return first + open("/tmp/x").read() + Path("here.txt").read_text()


def g():
    folder = tempfile.mkdtemp()
    for name in ("b", "a"):
        Path(folder, name).mkdir()
    names = sorted(os.listdir(folder))
    shutil.rmtree(folder)
    return names
