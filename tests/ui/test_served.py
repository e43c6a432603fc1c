import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from rag.settings import Settings
from serve.guard import Guard
from serve.library import OpenLibrary
from tests.ui.fakes import FakeLibrary
from ui import served


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    """A fake library that the server would open, not open yet."""
    fake = FakeLibrary()
    fake.closed = []
    monkeypatch.setattr(FakeLibrary, "close", lambda self: self.closed.append(self), raising=False)
    monkeypatch.setattr(served, "library", OpenLibrary(lambda: fake, Settings))
    return fake


def run(coroutine):
    """Run it in a thread of its own: the browser tests leave a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result(timeout=30)


def get(path, host="127.0.0.1:8501"):
    app = Starlette(routes=served.routes(), middleware=[Middleware(Guard)])

    async def ask():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            return await client.get(path)

    return run(ask())


def test_metrics_are_served_before_a_library_is_open():
    reply = get("/metrics")
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "# TYPE ranklens_stage_seconds histogram" in reply.text


def test_metrics_answer_to_the_page_s_own_names_only():
    assert get("/metrics", host="localhost:8501").status_code == 200
    assert get("/metrics", host="evil.example").status_code == 403


def test_the_library_is_closed_once_when_the_server_stops(fake):
    assert served.library.get() is served.library.get() is fake

    async def serve():
        async with served.lifespan(None):
            assert fake.closed == []

    run(serve())
    assert fake.closed == [fake]
    assert served.library.if_open is None


def test_the_api_is_served_beside_the_page():
    assert get("/api/health").json() == {"status": "ok"}
    assert get("/api/health", host="evil.example").status_code == 403
