"""The real server over real connections: hanging up, the queue, stopping, being killed."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import httpx
import pytest

from ranklens.question_sets import Question
from tests.serve.api_server import ApiServer, serving
from tests.serve.conftest import open_library, served, stock
from tests.servers.openai_server import OpenAIServer, Pause, Reply

SLOW = Reply(["It is ", Pause(60), "red [1]."])
ASKED = {"question": "Which probe landed on the moon?"}


@pytest.fixture(scope="module")
def model() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


def settings_of(model: OpenAIServer) -> dict[str, str]:
    return {"llm_base_url": model.url, "llm_model": "fake", "llm_api_key": model.key}


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory, model: OpenAIServer) -> Iterator[str]:
    """The address of an API that works on one request and lets one more wait for a second."""
    folder = tmp_path_factory.mktemp("narrow")
    options = {"api_at_once": 1, "api_queue": 1, "api_queue_seconds": 1}
    with open_library(folder, **options, **settings_of(model)) as library:
        stock(library, folder)
        with served(library) as address:
            yield f"http://{address}/api"


def ask(address: str, **more: object) -> httpx.Response:
    return httpx.post(f"{address}/v1/ask", json={**ASKED, **more}, timeout=30)


@contextmanager
def sent(address: str, body: dict[str, object], path: str = "/v1/ask") -> Iterator[None]:
    """A question that is sent on a connection, which is closed without waiting for the reply."""
    data = json.dumps(body).encode()
    url = httpx.URL(address)
    head = (
        f"POST {url.path.rstrip('/')}{path} HTTP/1.1\r\nHost: {url.host}:{url.port}\r\n"
        "Accept: application/json, text/event-stream\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    with socket.create_connection((url.host, url.port)) as wire:
        wire.sendall(head.encode() + data)
        yield


def busy(model: OpenAIServer, requests: int = 1) -> None:
    """Wait until so many requests are with the model."""
    end = time.monotonic() + 20
    while len(model.requests) < requests and time.monotonic() < end:
        time.sleep(0.02)
    assert len(model.requests) == requests


@pytest.fixture(autouse=True)
def nothing_asked(model: OpenAIServer) -> None:
    model.requests.clear()
    model.left.clear()


@pytest.mark.parametrize("stream", [True, False])
def test_hanging_up_stops_the_answer_and_frees_the_turn(
    narrow: str, model: OpenAIServer, stream: bool
):
    model.script(SLOW)
    with sent(narrow, {**ASKED, "stream": stream}):
        busy(model)
    assert model.left.wait(10)
    assert ask(narrow).json()["answer"]["text"] == "The passages say so [1]."


def test_who_finds_no_turn_is_told_when_to_come_again(narrow: str, model: OpenAIServer):
    model.script(Reply([Pause(3), "It is red [1]."]))
    with ThreadPoolExecutor(3) as callers:
        first = callers.submit(ask, narrow, stream=True)  # its turn lasts as long as its stream
        busy(model)
        others = [callers.submit(ask, narrow) for _ in range(2)]
        refused = sorted((other.result() for other in others), key=lambda r: r.json()["detail"])
        assert not first.done()
        assert httpx.get(f"{narrow}/health").status_code == 200
        assert httpx.get(f"{narrow}/v1/jobs").status_code == 200
        assert "It is red [1]." in first.result().text
    assert [reply.status_code for reply in refused] == [429, 429]
    assert ["no turn came" in reply.json()["detail"] for reply in refused] == [True, False]
    assert all(int(reply.headers["retry-after"]) >= 1 for reply in refused)
    assert ask(narrow).status_code == 200


def test_who_waits_and_hangs_up_leaves_the_queue(narrow: str, model: OpenAIServer):
    model.script(Reply([Pause(1), "It is red [1]."]))
    with ThreadPoolExecutor(2) as callers:
        first = callers.submit(ask, narrow)
        busy(model)
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{narrow}/v1/search", json=ASKED, timeout=0.1)
        time.sleep(0.3)
        assert callers.submit(ask, narrow).result().status_code == 200  # its place was free
        assert first.result().status_code == 200


def test_a_stop_lets_running_requests_end_within_a_bound(tmp_path: Path, model: OpenAIServer):
    with open_library(tmp_path) as library:
        stock(library, tmp_path)
    options = {"api_stop_seconds": 2, **settings_of(model)}
    with serving(tmp_path / "library", **options) as server, ThreadPoolExecutor(2) as callers:
        model.script(Reply([Pause(1), "It is red [1]."]))
        short = callers.submit(ask, server.address)
        busy(model)
        model.script(SLOW)
        long = callers.submit(ask, server.address)
        busy(model, 2)
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"{server.address}/health", timeout=2)
        assert short.result().json()["answer"]["text"] == "It is red [1]."
        answer = long.result().json()["answer"]
        assert (answer["text"].strip(), answer["stopped"]) == ("It is", True)
        assert server.ended(10) == 0
    with open_library(tmp_path):  # it was closed: nobody holds it
        pass


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A folder with a library whose question set `large` is a reply of 8 MB."""
    with open_library(tmp_path) as library:
        stock(library, tmp_path)
        library.question_sets.put("large", [Question(str(n), "moon " * 4000) for n in range(400)])
    return tmp_path


@contextmanager
def unread(address: str) -> Iterator[socket.socket]:
    """A connection that asks for a large reply and does not read it."""
    url = httpx.URL(address)
    head = (
        f"GET {url.path.rstrip('/')}/v1/question-sets/large HTTP/1.1\r\n"
        f"Host: {url.host}:{url.port}\r\n\r\n"
    )
    with socket.socket() as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        wire.connect((url.host, url.port))
        wire.sendall(head.encode())
        assert wire.recv(12) == b"HTTP/1.1 200"
        yield wire


def read(wire: socket.socket) -> int:
    """Return how many bytes come until the end."""
    return sum(len(data) for data in iter(lambda: wire.recv(1 << 20), b""))


def test_a_reply_holds_its_turn_until_it_is_taken_or_given_up(large: Path):
    options = {"api_at_once": 1, "api_queue": 0, "api_reply_seconds": 1}
    with open_library(large, **options) as library, served(library) as host:
        address = f"http://{host}/api"
        with unread(address) as wire:
            time.sleep(0.3)
            assert httpx.post(f"{address}/v1/search", json=ASKED, timeout=30).status_code == 429
            time.sleep(3)
            assert httpx.post(f"{address}/v1/search", json=ASKED, timeout=30).status_code == 200
            assert read(wire) < 8_000_000
        whole = httpx.get(f"{address}/v1/question-sets/large", timeout=30)
        assert len(whole.json()) == 400


def held(server: ApiServer, wire: socket.socket) -> bool:
    """Whether a server still has its end of a connection open."""
    ports = f"{server.port:04X} {wire.getsockname()[1]:04X}".split()
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ends = {row[9] for row in rows if [end[-4:] for end in row[1:3]] == ports}
    found: set[str] = set()
    for file in Path(f"/proc/{server.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.add(os.readlink(file))
    return any(f"socket:[{inode}]" in found for inode in ends)


def wait_until(happens: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not happens() and time.monotonic() < end:
        time.sleep(0.1)
    assert happens()


def refuses(server: ApiServer) -> bool:
    """Whether a server takes no new requests: it has heard the signal to stop."""
    try:
        return httpx.get(f"{server.address}/v1/jobs", timeout=10).status_code == 503
    except httpx.HTTPError:
        return True


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_connection_of_a_caller_that_does_not_read_is_cut(large: Path):
    options = {"api_reply_seconds": 1, "api_stop_seconds": 60}
    with serving(large / "library", **options) as server:
        with unread(server.address) as wire:
            assert held(server, wire)
            wait_until(lambda: not held(server, wire))
        with unread(server.address):  # a second signal does not wait for it either
            server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: refuses(server))
            time.sleep(1.2)  # a signal that comes sooner is taken for an echo of the first
            server.process.send_signal(signal.SIGTERM)
            assert server.ended(20) == -signal.SIGTERM


def test_a_stop_waits_for_no_caller_that_does_not_read(large: Path):
    with serving(large / "library", api_stop_seconds=1) as server, unread(server.address):
        server.process.send_signal(signal.SIGTERM)
        assert server.ended(8) == 0
    with open_library(large):  # it was closed: nobody holds it
        pass


LIVES, CALLS, DEADLINE = 3, int(os.environ.get("CALLS", "30")), 20.0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_requests_of_a_server_that_is_killed_between_them(tmp_path: Path):
    """Each reply comes in time and is no fault; what was acknowledged outlives every kill.

    `make kills` sends a thousand.
    """
    acknowledged: set[str] = set()

    def call(server: ApiServer, number: int) -> int:
        address = f"{server.address}/v1"
        with httpx.Client(timeout=DEADLINE) as client:
            if number % 20 == 0:
                name = f"{server.port}-{number}.md"
                text = f"The moon {name} is near mars. " * 40
                files = [("files", (name, io.BytesIO(text.encode())))]
                reply = client.post(f"{address}/documents", files=files)
                if reply.json()[0]["status"] == "queued":
                    acknowledged.add(name)
            elif number % 3:
                reply = client.post(f"{address}/search", json=ASKED)
            else:
                reply = client.post(f"{address}/ask", json=ASKED | {"stream": number % 2 == 0})
        return reply.status_code

    counted: Counter[int] = Counter()
    for _ in range(LIVES):
        with serving(tmp_path / "library", api_queue=1000) as server:
            with ThreadPoolExecutor(8) as callers:
                counted.update(callers.map(partial(call, server), range(CALLS)))
            server.process.kill()
    assert set(counted) <= {200, 202, 409}  # 409: nothing was indexed yet
    assert counted[200] > LIVES * CALLS / 2
    with serving(tmp_path / "library") as server:
        followed = httpx.get(f"{server.address}/v1/indexing/events", timeout=60)
        assert "event: done" in followed.text
        rows = httpx.get(f"{server.address}/v1/documents", timeout=10).json()
        assert {row["name"] for row in rows if row["status"] == "ready"} == acknowledged
        job = httpx.post(f"{server.address}/v1/verify", timeout=30).json()["id"]
        httpx.get(f"{server.address}/v1/jobs/{job}/events", timeout=60)
        result = httpx.get(f"{server.address}/v1/jobs/{job}/result", timeout=30)
        assert result.json()["problems"] == []
