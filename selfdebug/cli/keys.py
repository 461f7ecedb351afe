"""`selfdebug keys`: who may use the service."""

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from selfdebug.cli.settings import open_store, read_settings
from selfdebug.errors import InputError

if TYPE_CHECKING:
    from datetime import datetime

    from selfdebug.service.records import Key

app = typer.Typer(
    help="Make, list and revoke the service's API keys.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_MAX_NAME = 100
_SCOPES = ("submit", "read", "admin")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose it is, or what it is for; for your own memory.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="submit (and cancel), read, or admin: all of it, on everybody's jobs. May be repeated. "
            "Without it: submit and read.",
        ),
    ] = None,
    rate: Annotated[int, typer.Option(min=0, help="Requests a minute; 0 for no limit.")] = 0,
    concurrent: Annotated[int, typer.Option(min=0, help="Of its jobs, the most that run at once; 0: no limit.")] = 0,
) -> None:
    """Make an API key. It is printed once, on standard output, and kept nowhere."""
    from selfdebug.service.records import Scope

    if not name.strip() or len(name) > _MAX_NAME or not name.isprintable():
        raise InputError("NAME", "", f"expected 1 to {_MAX_NAME} printable characters")
    for given in scope or ():
        if given not in _SCOPES:
            raise InputError("--scope", "", f"expected one of {', '.join(_SCOPES)}, found {given!r}")
    scopes = frozenset(map(Scope, scope or ("submit", "read")))
    with closing(open_store(read_settings())) as store:
        key, secret = store.create_key(name.strip(), scopes, rate, concurrent)
    typer.echo(
        f"selfdebug: made {key.id} ({key.name}: {_scopes(key)}); this is the only time that it is shown", err=True
    )
    typer.echo(secret)


@app.command(name="list")
def list_keys() -> None:
    """List the keys, without their secrets, oldest first."""
    with closing(open_store(read_settings())) as store:
        found = store.keys()
    if not found:
        typer.echo("selfdebug: there is no key; make one with `selfdebug keys create NAME`", err=True)
        return
    rows = [("id", "name", "scopes", "requests a minute", "jobs at once", "made", "revoked"), *map(_row, found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@app.command()
def revoke(key: Annotated[str, typer.Argument(help="Its id, as `selfdebug keys list` shows it.")]) -> None:
    """End a key at once and for ever. Its jobs stay."""
    with closing(open_store(read_settings())) as store:
        revoked = store.revoke(key)
    if revoked is None:
        raise InputError(key[:80], "", "there is no key of this id; `selfdebug keys list` shows those there are")
    typer.echo(f"selfdebug: {revoked.id} ({revoked.name}) is revoked", err=True)


def _scopes(key: "Key") -> str:
    return ", ".join(scope for scope in _SCOPES if scope in key.scopes)


def _row(key: "Key") -> tuple[str, ...]:
    return (
        key.id,
        key.name,
        _scopes(key),
        str(key.rate_per_minute or "any"),
        str(key.concurrent_jobs or "any"),
        _time(key.created_at),
        _time(key.revoked_at),
    )


def _time(at: "datetime | None") -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
