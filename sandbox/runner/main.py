"""Entry of the runner. Makes its own folder a package, and nothing beside it importable."""

import importlib
import os
import sys
import types

_PACKAGE = "selfdebug_runner"


def main() -> None:
    """Serve jobs until standard input ends."""
    package = types.ModuleType(_PACKAGE)
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules[_PACKAGE] = package
    supervisor = importlib.import_module(f"{_PACKAGE}.supervisor")
    sys.exit(supervisor.serve())


if __name__ == "__main__":
    main()
