"""How many may follow something at a time."""

from __future__ import annotations

import asyncio

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.testclient import TestClient

from serve import events
from serve.app import create
from serve.library import OpenLibrary
from serve.stopping import Stopping


def test_one_more_follower_than_there_may_be_is_refused(
    stocked, api: TestClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(events, "MOST", 1)
    app = create(OpenLibrary(lambda: stocked, lambda: stocked.settings), Stopping())
    request = Request({"type": "http", "app": app})

    async def look() -> tuple[bool, object]:
        return False, {"done": 1}

    async def check() -> None:
        events.admit(request)
        first = events.follow(request, look)
        assert b"progress" in await anext(first)
        with pytest.raises(HTTPException) as refused:
            events.admit(request)
        assert refused.value.status_code == 429
        await first.aclose()
        events.admit(request)

    asyncio.run(check())
    monkeypatch.setattr(events, "MOST", 0)
    assert api.get("/api/v1/indexing/events").status_code == 429
