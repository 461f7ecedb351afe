"""`selfdebug serve`."""

from typing import Annotated

import typer

from selfdebug.cli import choices
from selfdebug.cli.settings import not_installed, read_settings


def serve(
    host: Annotated[
        str, typer.Option(help="Where to listen. Any but this machine's loopback needs an API key.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes any that is free.")] = 8000,
    model: Annotated[
        str | None, typer.Option(help="The model of jobs that name none; as for solve. SELFDEBUG_MODEL.")
    ] = None,
    sandbox: Annotated[
        str | None, typer.Option(help="bubblewrap, docker, or none: UNPROTECTED. SELFDEBUG_SANDBOX.")
    ] = None,
    runtime: choices.Runtime = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Serve jobs over REST, with a web page to watch them, until interrupted.

    Jobs are kept under SELFDEBUG_STATE, and those that are not finished go on at the next start. With
    SELFDEBUG_REDIS_URL the work is left to Celery workers.
    """
    levels = ("debug", "info", "warning", "error")
    if log_level.lower() not in levels:
        raise typer.BadParameter(f"{log_level!r} is none of {', '.join(levels)}", param_hint="--log-level")
    settings = read_settings(model=model, sandbox=sandbox, runtime=runtime)
    try:
        from selfdebug.service import logs, server, tracing
    except ImportError as error:
        raise not_installed(error) from error
    logs.configure(level=log_level.upper())
    tracing.configure("selfdebug-api")
    server.serve(settings, host, port, lambda address: typer.echo(f"selfdebug serves on {address}"))
