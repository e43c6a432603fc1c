"""What a route is given: `Opened`, the library as its caller may see and change it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from rag.errors import Refused
from ranklens import Library
from ranklens.members import member_of
from ranklens.saved_settings import refresh
from serve.library import OpenLibrary
from serve.policy import Caller


async def _opened(request: Request) -> Library:
    opened: OpenLibrary = request.app.state.opened
    library = opened.if_open
    if library is None:
        library = await run_in_threadpool(opened.get)
    if library.given.database_url.get_secret_value():
        await run_in_threadpool(refresh, library)
    return as_seen(request, library)


def as_seen(request: Request, library: Library) -> Library:
    """Return the library for who calls; with sign-in nobody gets it as a whole."""
    if not library.given.has_accounts:
        return library
    caller: Caller | None = request.scope.get("state", {}).get("caller")
    if caller is None or not caller.account:
        raise Refused("this needs the key of an account")
    return member_of(library, caller.account, caller.most)


Opened = Annotated[Library, Depends(_opened)]
