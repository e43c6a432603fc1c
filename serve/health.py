"""Whether the server answers, and whether it is to be sent requests.

The two routes that need neither a key nor an open library.
"""

from __future__ import annotations

import asyncio
import logging

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from rag.errors import RanklensError
from ranklens import readiness
from serve.bodies import ApiRoute
from serve.library import OpenLibrary

log = logging.getLogger(__name__)

router = APIRouter(tags=["server"], route_class=ApiRoute)


class Health(BaseModel):
    """That the server answers."""

    status: str = "ok"


class Ready(BaseModel):
    """That the server is to be sent requests."""

    status: str = "ready"


@router.head("/health", include_in_schema=False)
@router.get("/health", summary="Whether the server answers")
async def health() -> Health:
    """Answer as soon as the server listens, whether or not a library is open."""
    return Health()


@router.head("/ready", include_in_schema=False)
@router.get("/ready", summary="Whether the server is to be sent requests")
async def ready(request: Request) -> Ready:
    """Answer 200 once the library is open and its database answers, else 503.

    The first call opens the library. From SIGTERM on it is 503, while requests are still answered
    for `api_drain_seconds`: a load balancer sends no more by then.
    """
    app = request.app
    if app.state.stopping.leaving():
        raise _unready("The server is stopping.")
    if not app.state.looking or app.state.looking.done():
        look = run_in_threadpool(_is_ready, app.state.opened)
        app.state.looking = asyncio.ensure_future(look)
    elif app.state.opened.if_open is None:  # no thread more for each call meanwhile
        raise _unready("The library is being opened.")
    if not await asyncio.shield(app.state.looking):
        raise _unready("The library cannot be used; details are in the server log.")
    return Ready()


def _unready(detail: str) -> HTTPException:
    return HTTPException(503, detail, {"Retry-After": "5"})


def _is_ready(opened: OpenLibrary) -> bool:
    """Return whether the library is open and answers; the reply does not say why it does not."""
    try:
        readiness.check(opened.get())
    except RanklensError as error:
        log.warning("not ready: %s", error)
        return False
    return True
