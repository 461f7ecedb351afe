"""The command line: thin commands over the library, one message and one exit status for whatever goes wrong.

Exit status: 0 done (solved, passed), 1 not solved, 2 bad input or usage, 3 no model or no sandbox, 130 interrupted.
"""

import os
import sys

import click
import typer

from sandbox.errors import SandboxError
from selfdebug.cli import models
from selfdebug.cli.bench import bench
from selfdebug.cli.grade import grade
from selfdebug.cli.run import run
from selfdebug.cli.solve import replay, schema, solve
from selfdebug.errors import InputError, SelfDebugError

app = typer.Typer(
    name="selfdebug",
    help="Let a language model write code, run it, and repair it until its tests pass.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(solve)
app.command()(replay)
app.command()(run)
app.command()(grade)
app.command()(bench)
app.command()(schema)
app.add_typer(models.app, name="models")


def main() -> None:
    """Run the command line and end the process with its exit status."""
    sys.exit(_run())


def _run() -> int:
    try:
        return int(app(standalone_mode=False) or 0)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except InputError as error:
        return _say(str(error), 2)
    except (SelfDebugError, SandboxError) as error:
        return _say(str(error), 3)
    except (KeyboardInterrupt, click.Abort):
        return _say("interrupted", 130)
    except BrokenPipeError:
        # Whoever read our output has left; without this, closing standard output at exit would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _say(message: str, status: int) -> int:
    typer.echo(f"selfdebug: {message}", err=True)
    return status
