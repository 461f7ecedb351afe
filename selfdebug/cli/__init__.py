"""The command line: thin commands over the library, one message and one exit status for whatever goes wrong.

Exit status: 0 done (solved, passed), 1 not solved, 2 bad input or usage, 3 no model or no sandbox, 130 interrupted.
"""

import gc
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from sandbox.errors import SandboxError
from selfdebug.errors import InputError, SelfDebugError

_COMMANDS = {  # in the order of the help; each is imported when it is asked for
    "solve": "selfdebug.cli.solve:solve",
    "replay": "selfdebug.cli.solve:replay",
    "run": "selfdebug.cli.run:run",
    "grade": "selfdebug.cli.grade:grade",
    "bench": "selfdebug.cli.bench:bench",
    "compare": "selfdebug.cli.compare:compare",
    "report": "selfdebug.cli.report:report",
    "schema": "selfdebug.cli.solve:schema",
    "models": "selfdebug.cli.models:app",
    "doctor": "selfdebug.cli.doctor:doctor",
    "serve": "selfdebug.cli.serve:serve",
    "keys": "selfdebug.cli.keys:app",
    "submit": "selfdebug.cli.remote:submit",
    "status": "selfdebug.cli.remote:status",
    "watch": "selfdebug.cli.remote:watch",
    "cancel": "selfdebug.cli.remote:cancel",
}


class _Commands(TyperGroup):
    """Imports a command's module only when that command is run, or all are listed: judging needs no model code."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(module), attribute)
        if not isinstance(found, typer.Typer):
            single = typer.Typer(context_settings=_CONTEXT, add_completion=False, pretty_exceptions_enable=False)
            single.command(cmd_name)(found)
            found = single
        command = typer.main.get_command(found)
        command.name = cmd_name
        return command


_USAGE_ERROR: Any = typer.BadParameter.__base__  # click's own, wherever this typer keeps click
_CONTEXT = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(
    name="selfdebug",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings=_CONTEXT,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # takes time, and nothing else needs it

        typer.echo(f"selfdebug {version('selfdebug')}")
        raise typer.Exit


_Version = Annotated[
    bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
]


@app.callback()
def _root(version: _Version = False) -> None:
    """Let a language model write code, run it, and repair it until its tests pass."""


def main() -> None:
    """Run the command line and end the process with its exit status."""
    status = _run()
    gc.freeze()  # the end of the process would otherwise search for garbage in all that was imported
    sys.exit(status)


def _run() -> int:
    try:
        with _begun(sys.argv[1:]) as begun:
            status = int(app(standalone_mode=False, obj=begun) or 0)
        # What click makes of an interrupt differs by version; the user sees the same message each time.
        return _say("interrupted", 130) if status == 130 else status
    except typer.Exit as error:
        return error.exit_code
    except _USAGE_ERROR as error:
        error.show()
        return 2
    except InputError as error:
        return _say(str(error), 2)
    except (SelfDebugError, SandboxError) as error:
        return _say(str(error), 3)
    except (KeyboardInterrupt, typer.Abort):
        return _say("interrupted", 130)
    except BrokenPipeError:
        # Whoever read our output has left; without this, closing standard output at exit would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _begun(arguments: list[str]) -> AbstractContextManager[Any]:
    """What a command needs that takes long, on its way; it becomes the context's `obj`."""
    if arguments[:1] != ["run"]:
        return nullcontext()
    from selfdebug.cli.ahead import begin

    return begin(arguments[1:])


def _say(message: str, status: int) -> int:
    typer.echo(f"selfdebug: {message}", err=True)
    return status
