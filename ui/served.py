"""What the page's server does beside the page: the API, `/metrics`, and closing the library.

Light to import: the server imports it before it listens.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from rag.errors import SettingsError
from rag.settings import Settings, load_settings
from serve.guard import API
from serve.library import OpenLibrary
from serve.stopping import Stopping, end

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.datastructures import Headers
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from ranklens.library import Library

COMMAND = "ranklens run"


def _open() -> Library:
    """Open the library for all sessions and the API, and index in the background.

    Secrets of Streamlit become environment variables when they are loaded.
    """
    import streamlit as st

    import ranklens
    from ui.shared.collector import spare

    st.secrets.load_if_toml_exists()
    library = ranklens.open(command=COMMAND)
    library.start_worker()
    library.warm_up(lambda: spare("warm-up"))
    return library


def settings() -> Settings:
    """Return the settings that the server starts with: the defaults if there is a fault in them."""
    try:
        return load_settings()
    except SettingsError:  # the page shows it; until then only this machine may open the page
        return Settings()


library = OpenLibrary(_open, settings)
stopping = Stopping()


def routes() -> list[BaseRoute]:
    """Return what is served beside the page; `serve.guard` decides to whom, as for every route."""
    return [Route("/metrics", _metrics), Mount(API, app=_api)]


async def _api(scope: Scope, receive: Receive, send: Send) -> None:
    await (await run_in_threadpool(_created))(scope, receive, send)


@cache
def _created() -> FastAPI:
    """Make the API at its first request: FastAPI takes a third of a second to import."""
    from serve import app

    return app.create(library, stopping)


async def _metrics(request: Request) -> Response:
    return await run_in_threadpool(_rendered, request.headers)


def _rendered(headers: Headers) -> Response:
    from ranklens import monitoring

    if library.settings.has_accounts:
        from serve.access import is_admin

        if not is_admin(library.get(), headers):
            return Response("This needs an administrator's key.\n", 401)
    return Response(monitoring.metrics(library.if_open), media_type=monitoring.TEXT)


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Close what is open when the server stops: a signal ends the process without `atexit`."""
    held = library.settings
    async with stopping.listening(held.api_stop_seconds, held.api_drain_seconds, _give_up):
        yield
    await run_in_threadpool(_close)


def _give_up() -> None:
    """End the process: Streamlit's server waits for clients that do not read without end."""
    _close()
    end()


def _close() -> None:
    if (monitoring := sys.modules.get("ranklens.monitoring")) is not None:
        monitoring.close()
    library.close()
