"""Prints what the project and the extras named on the command line need, a line each, for pip's `--requirement`.

So that an image's layer of libraries is built anew when those change, and not with every change of the project.
"""

import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
print(*project["dependencies"], sep="\n")
for extra in sys.argv[1:]:
    print(*project["optional-dependencies"][extra], sep="\n")
