"""How many may follow something at a time, and that they share what is looked at."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.testclient import TestClient

from serve import events
from serve.app import create
from serve.library import OpenLibrary
from serve.stopping import Stopping
from tests.serve.conftest import MakeClient, open_library


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
        first = events.follow(request, "work", look)
        assert b"progress" in await anext(first)
        with pytest.raises(HTTPException) as refused:
            events.admit(request)
        assert refused.value.status_code == 429
        await first.aclose()
        events.admit(request)

    asyncio.run(check())
    monkeypatch.setattr(events, "MOST", 0)
    assert api.get("/api/v1/indexing/events").status_code == 429


def test_all_who_follow_the_same_share_its_looks(stocked, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(events, "LOOK", 0.05)
    app = create(OpenLibrary(lambda: stocked, lambda: stocked.settings), Stopping())
    request = Request({"type": "http", "app": app})
    looks: list[float] = []

    async def look() -> tuple[bool, object]:
        looks.append(time.monotonic())
        await asyncio.sleep(0.01)
        return len(looks) == 5, len(looks)

    async def followed(what: str) -> list[bytes]:
        return [one async for one in events.follow(request, what, look)]

    async def check() -> list[list[bytes]]:
        return await asyncio.gather(*(followed("work") for _ in range(20)))

    found = asyncio.run(check())
    assert all(one[-1].startswith(b"event: done") for one in found)
    assert len(looks) <= 6  # a follower that saw the end late may look once more
    assert min(b - a for a, b in pairwise(looks)) >= 0.05
    assert not app.state.looks


def test_a_follower_that_leaves_ends_no_look_of_the_others(stocked):
    app = create(OpenLibrary(lambda: stocked, lambda: stocked.settings), Stopping())
    request = Request({"type": "http", "app": app})

    async def look() -> tuple[bool, object]:
        await asyncio.sleep(0.05)
        return True, "found"

    async def check() -> bytes:
        first = asyncio.create_task(anext(events.follow(request, "work", look)))
        second = asyncio.create_task(anext(events.follow(request, "work", look)))
        await asyncio.sleep(0.01)
        first.cancel()
        return await second

    assert b"found" in asyncio.run(check())


def test_a_stream_ends_with_the_key_of_who_follows(
    tmp_path: Path, client_of: MakeClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(events, "CHECK_SECONDS", 0.0)
    with open_library(tmp_path) as library:
        secret, key = library.keys.add("follower")
        job = library.jobs.start("measure", "Measuring", lambda job: job.stop.wait(60))
        api = client_of(library, secret)
        with ThreadPoolExecutor(1) as thread:
            reply = thread.submit(api.get, f"/api/v1/jobs/{job.id}/events")
            while not library.keys.all()[0].used:  # not let in yet
                time.sleep(0.01)
            library.keys.revoke(key.name)
            text = reply.result(30).text
        assert job.running
        assert "event: done" not in text
        job.end()
        job.thread.join()
