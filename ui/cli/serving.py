"""`serve` and `keys`: the HTTP API without the page, and who may use it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rag.errors import SettingsError
from ui.cli.options import LibraryOption, open_library, settings_for
from ui.cli.words import clean

if TYPE_CHECKING:
    from ranklens.keys import ApiKey

HostOption = Annotated[
    str, typer.Option(metavar="ADDRESS", help="Address of this machine to listen on.")
]
PortOption = Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="Port; 0: any free.")]


def serve(
    ctx: typer.Context,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8600,
    library: LibraryOption = None,
) -> None:
    """Serve the HTTP API without the page.

    Without a key it answers programs on this machine only. Stops at Ctrl-C once the running
    requests have ended.
    """
    from serve.guard import LOOPBACK, name_of
    from serve.running import listening_socket, run

    settings = settings_for(ctx, library)
    with listening_socket(host, port) as listening, open_library(settings, create=True) as opened:
        if name_of(host) not in LOOPBACK:
            _explain(host, keyless=opened.keys.none(), named=bool(settings.hosts()))
        opened.start_worker()
        opened.warm_up()
        address = f"http://{name_of(host)}:{listening.getsockname()[1]}/api"
        print(f"Serving {address} (Ctrl-C stops)", file=sys.stderr)
        run(opened, host, listening)


def _explain(host: str, keyless: bool, named: bool) -> None:
    """Print what is still needed before other machines are answered."""
    if keyless:
        print(
            "No key exists, so nobody but this machine is answered; `ranklens keys add NAME` makes "
            "one",
            file=sys.stderr,
        )
    if not named:
        print(
            f"Requests must name {host} as their host; the option page_hosts "
            "(RANKLENS_PAGE_HOSTS=NAME) adds the names and addresses under which others reach it",
            file=sys.stderr,
        )


def mcp(ctx: typer.Context, library: LibraryOption = None) -> None:
    """Serve the library to one MCP client over stdin and stdout, for reading only.

    The client starts it, and it ends with the client. Other clients can use `/api/mcp` of
    `ranklens serve` or of the page's server.
    """
    with open_library(settings_for(ctx, library)) as opened:
        from serve.mcp.transports import run_stdio

        opened.warm_up()
        run_stdio(opened)


app = typer.Typer(help="Show the keys of the HTTP API, make and revoke them.")


@app.callback(invoke_without_command=True)
def keys(ctx: typer.Context, library: LibraryOption = None) -> None:
    """Show the keys of the HTTP API."""
    if library is not None:
        ctx.find_root().obj = library
    if ctx.invoked_subcommand is None:
        list_keys(ctx)


@app.command(name="list")
def list_keys(ctx: typer.Context, library: LibraryOption = None) -> None:
    """List all keys: name, scope, first characters, when made, last used and revoked."""
    from ranklens.keys import keys_of
    from ui.cli.show import table

    with keys_of(settings_for(ctx, library)) as keys:
        found = keys.all()
    table(("name", "scope", "begins with", "made", "last used", "revoked"), map(_row, found))


@app.command()
def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who it is for.")],
    scope: Annotated[
        Literal["read", "write", "admin"],
        typer.Option(help="What it may do; each scope has those before it."),
    ] = "read",
    account: Annotated[
        str,
        typer.Option(metavar="ACCOUNT", help="Whose it is, if people sign in; it may no more."),
    ] = "",
    library: LibraryOption = None,
) -> None:
    """Make a key and print it; it is shown this once, and kept nowhere."""
    from ranklens.keys import keys_of

    settings = settings_for(ctx, library)
    if settings.has_accounts and not account:
        raise SettingsError("people sign in here, so a key needs --account ACCOUNT: whose it is")
    with keys_of(settings) as keys:
        secret, _ = keys.add(name, scope, account.strip().casefold())
    print(secret)


@app.command()
def revoke(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `keys list` shows it.")],
    library: LibraryOption = None,
) -> None:
    """Make a key useless, at once and for good."""
    from ranklens.keys import keys_of

    with keys_of(settings_for(ctx, library)) as keys:
        keys.revoke(name)
    print(f"revoked: {clean(name)}")


def _row(key: ApiKey) -> tuple[str, ...]:
    days = [f"{at:%Y-%m-%d %H:%M}" if at else "" for at in (key.made, key.used, key.revoked)]
    return (key.name, key.scope, f"{key.public}_…", *days)
