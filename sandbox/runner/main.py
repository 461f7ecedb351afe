"""Entry of the runner. Makes its own folder a package, and nothing beside it importable."""

import importlib
import os
import sys
import types

_PACKAGE = "selfdebug_runner"


def main() -> None:
    """Serve jobs until standard input ends.

    The argument is `boxed`, in a box whose `/tmp` is its own, or `open`, without walls between candidate and machine.
    """
    if sys.argv[1:] not in (["boxed"], ["open"]):
        raise SystemExit("usage: main.py boxed|open")
    if sys.flags.hash_randomization:
        # The same program must get the same verdict each time, also where it shows the order of a set.
        raise SystemExit("the runner must be started with PYTHONHASHSEED=0")
    os.environ.pop("PYTHONHASHSEED", None)
    package = types.ModuleType(_PACKAGE)
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules[_PACKAGE] = package
    serve = importlib.import_module(f"{_PACKAGE}.serve")
    sys.exit(serve.serve(isolate=sys.argv[1] == "boxed"))


if __name__ == "__main__":
    main()
