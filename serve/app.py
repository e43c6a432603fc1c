"""The HTTP API as an ASGI app: to be mounted beside the page (`create`), or alone (`alone`).

A request passes, from outside in: `Guard` (host, origin), `Requests` (id, log), `Delivery` (the
reply in pieces), `AccessCheck` (the policy), `HiddenPlaces` (for keys below admin), `BodyLimit`,
`in_turn` (the queue), and its route.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

from serve import health
from serve.access import AccessCheck
from serve.compatible import chat, embeddings, models, reranking, vector_stores
from serve.compatible.forms import OwnForms
from serve.delivery import Delivery
from serve.description import describe
from serve.errors import handle_errors
from serve.guard import API, Guard, name_of
from serve.hidden import HiddenPlaces
from serve.library import OpenLibrary
from serve.limits import BodyLimit
from serve.mcp import route
from serve.reference import page
from serve.requests import Requests
from serve.stopping import Stopping
from serve.turns import Turns, in_turn
from serve.v1 import (
    administration,
    collections,
    documents,
    evaluations,
    jobs,
    judgements,
    learned,
    question_sets,
    questions,
    shares,
    sweeps,
    texts,
    traces,
    tuned,
)

ROUTERS = tuple(
    module.router
    for module in (
        health, shares, page, documents, collections, questions, texts, traces, jobs, judgements,
        question_sets, evaluations, learned, tuned, sweeps, administration, reranking, chat,
        embeddings, models, vector_stores, route,
    )
)  # fmt: skip


def create(opened: OpenLibrary, stopping: Stopping) -> FastAPI:
    """Return the API over a library; it is to be mounted at `API`, behind `Guard`.

    Whoever mounts it has ``stopping`` listen for signals.
    """
    settings = opened.settings
    app = FastAPI(
        title="Ranklens",
        version=version("ranklens"),
        summary="Ask questions of documents and see every ranking behind the answer.",
        docs_url=None,
        redoc_url=None,
        middleware=[
            Middleware(OwnForms),
            Middleware(Requests, stopping=stopping),
            Middleware(Delivery, opened=opened),
            Middleware(AccessCheck, opened=opened),
            Middleware(HiddenPlaces, opened=opened),
            Middleware(BodyLimit, opened=opened),
        ],
        dependencies=[Depends(in_turn)],
        separate_input_output_schemas=False,
    )
    app.state.opened = opened
    app.state.stopping = stopping
    app.state.followers = 0
    app.state.looks = {}
    app.state.looking = None
    app.state.turns = Turns(settings.api_at_once, settings.api_queue, settings.api_queue_seconds)
    handle_errors(app)
    for router in ROUTERS:
        app.include_router(router)
    describe(app)
    return app


def alone(opened: OpenLibrary, host: str = "") -> Starlette:
    """Return the API as an app of its own; whoever opened the library closes it.

    It answers to ``host`` too, the address that it listens on.
    """
    stopping = Stopping()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        settings = opened.settings
        async with stopping.listening(settings.api_stop_seconds, settings.api_drain_seconds):
            yield

    hosts = (*opened.settings.hosts(), *([name_of(host)] if host else ()))
    app = Starlette(
        routes=[
            Mount(API, app=create(opened, stopping)),
            Route("/", RedirectResponse(f"{API}/reference")),
        ],
        middleware=[Middleware(Guard, hosts=hosts)],
        lifespan=lifespan,
    )
    handle_errors(app)
    return app
