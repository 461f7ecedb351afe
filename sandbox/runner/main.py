"""Entry of the runner. Makes its own folder a package, and nothing beside it importable."""

import importlib
import os
import sys
import types

_PACKAGE = "selfdebug_runner"


def main() -> None:
    """Serve jobs until standard input ends."""
    if sys.flags.hash_randomization and sys.executable:
        # The same program must get the same verdict each time, also where it shows the order of a set.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        command = [sys.executable, "-s", "-S", "-P", "-B", os.path.abspath(__file__)]
        os.execve(sys.executable, command, {**environment, "PYTHONHASHSEED": "0"})
    os.environ.pop("PYTHONHASHSEED", None)
    package = types.ModuleType(_PACKAGE)
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules[_PACKAGE] = package
    supervisor = importlib.import_module(f"{_PACKAGE}.supervisor")
    sys.exit(supervisor.serve())


if __name__ == "__main__":
    main()
