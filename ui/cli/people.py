"""`users`: who may use a library that people sign in to, what they may, and what they changed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ui.cli.options import LibraryOption, settings_for
from ui.cli.words import clean

if TYPE_CHECKING:
    from ranklens.people import AuditEntry, GrantedRole

AccountArgument = Annotated[
    str, typer.Argument(metavar="ACCOUNT", help="As the provider or the proxy names it; * for all.")
]
InOption = Annotated[
    str | None,
    typer.Option(
        "--collection",
        metavar="NAME",
        help="In this collection; else in all of them, now and later.",
    ),
]

app = typer.Typer(help="Show who may use the library, grant and revoke roles, show the audit log.")


@app.callback(invoke_without_command=True)
def users(ctx: typer.Context, library: LibraryOption = None) -> None:
    """Show who may use the library."""
    if library is not None:
        ctx.find_root().obj = library
    if ctx.invoked_subcommand is None:
        list_users(ctx)


@app.command(name="list")
def list_users(ctx: typer.Context, library: LibraryOption = None) -> None:
    """List accounts and their roles: those of the option admins, then what was granted."""
    from ranklens.people import EVERYWHERE, GrantedRole, people_of
    from ui.cli.show import table

    settings = settings_for(ctx, library)
    with people_of(settings) as people:
        granted, known = people.listed(), people.accounts.all()
    named = [GrantedRole(one, EVERYWHERE, "admin") for one in sorted(settings.admin_accounts())]
    with_role = {one.account for one in (*named, *granted)}
    seen = {one.name: f"{one.seen:%Y-%m-%d %H:%M}" if one.seen else "" for one in known}
    blocked = {one.name for one in known if one.blocked}
    rows = [_row(one, seen, blocked) for one in (*named, *granted)]
    rows += [(one.name, "", "", seen[one.name]) for one in known if one.name not in with_role]
    table(("account", "role", "collection", "last seen"), rows)


@app.command()
def grant(
    ctx: typer.Context,
    account: AccountArgument,
    role: Annotated[
        Literal["viewer", "judge", "editor", "admin"],
        typer.Argument(help="Each role has the rights of those before it."),
    ],
    collection: InOption = None,
    library: LibraryOption = None,
) -> None:
    """Give an account a role, in place of the one that it had there."""
    from ranklens.people import people_of

    settings = settings_for(ctx, library)
    with people_of(settings) as people:
        people.grant(account, role, collection or "")
    print(f"granted: {clean(account)} is {role} in {clean(collection or 'all collections')}")
    if not settings.has_accounts:
        print(
            "Nobody signs in yet: the option sign_in is not set (docs/security.md)", file=sys.stderr
        )


@app.command()
def revoke(
    ctx: typer.Context,
    account: AccountArgument,
    collection: InOption = None,
    library: LibraryOption = None,
) -> None:
    """Take an account's roles, or the one in a collection; it holds within seconds."""
    from ranklens.people import people_of

    with people_of(settings_for(ctx, library)) as people:
        count = people.revoke(account, collection)
    print(f"revoked: {count} of {clean(account)}")


@app.command()
def block(
    ctx: typer.Context,
    account: AccountArgument,
    undo: Annotated[bool, typer.Option("--undo", help="Give its roles back.")] = False,
    library: LibraryOption = None,
) -> None:
    """Take everything from an account, its keys' rights and those of everybody too."""
    from ranklens.people import people_of

    with people_of(settings_for(ctx, library)) as people:
        people.block(account, not undo)
    print(f"{'unblocked' if undo else 'blocked'}: {clean(account)}")


@app.command(name="sign-out")
def sign_out(ctx: typer.Context, library: LibraryOption = None) -> None:
    """Give cookies a new secret: once the pages are restarted, everybody signs in again."""
    from ranklens.cookies import renew
    from ranklens.people import people_of

    settings = settings_for(ctx, library)
    with people_of(settings) as people:
        renew(settings)
        people.accounts.record("", "signed everybody out", "the secret of cookies is a new one")
    print("a new secret signs cookies: restart every page, and everybody signs in again")


@app.command()
def audit(
    ctx: typer.Context,
    most: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="Last entries.")] = 100,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    library: LibraryOption = None,
) -> None:
    """Show who added, removed, shared, granted and changed settings, the newest first."""
    from ranklens.people import audit_as_csv, people_of
    from ui.cli.show import table

    with people_of(settings_for(ctx, library)) as people:
        found = people.accounts.audit(most)
    if csv:
        print(audit_as_csv(found), end="")
        return
    table(("time", "account", "action", "what"), map(_entry, found))


def _row(one: GrantedRole, seen: dict[str, str], blocked: set[str]) -> Sequence[str]:
    role = f"{one.role} (blocked)" if one.account in blocked else one.role
    return (one.account, role, one.collection, seen.get(one.account, ""))


def _entry(one: AuditEntry) -> Sequence[str]:
    return (f"{one.at:%Y-%m-%d %H:%M:%S}", one.account or "(command line)", one.action, one.what)
