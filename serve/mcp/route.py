"""The route of the Model Context Protocol, below the policy and the queue of all routes."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Body, Request, Response
from starlette.concurrency import run_in_threadpool

from serve.bodies import ApiRoute
from serve.dependencies import Opened
from serve.work import when_gone

router = APIRouter(tags=["mcp"], route_class=ApiRoute)


@router.post("/mcp", include_in_schema=False)
async def mcp(
    request: Request, library: Opened, _message: Annotated[Any, Body()] = None
) -> Response:
    """Answer one message; a call is cancelled when its caller hangs up.

    ``_message`` has FastAPI read the body before the request waits for its turn.
    """
    # Half a second to import, which a server that no MCP client calls does not spend.
    transports = await run_in_threadpool(import_module, "serve.mcp.transports")
    body = await request.body()
    with anyio.CancelScope() as scope:
        async with when_gone(request, scope.cancel):
            reply: Response = await transports.answer(library, request.scope, body)
            return reply
    return Response(status_code=499)  # nobody is there to read it
