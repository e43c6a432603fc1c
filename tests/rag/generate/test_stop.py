"""Stopping: the server sees within a second that nobody listens any more, whatever it does."""

import threading
import time

import pytest

from rag.generate import generator_for
from rag.generate.answer import Answering
from rag.types import Chunk, Hit
from tests.servers.openai_server import Pause, Reply
from tests.servers.providers import SERVERS, settings_for

# Cohere's client warns about its own use of pydantic when it is first imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:cohere.*")

HITS = (Hit(Chunk("c1", "sky.txt", 0, 5, "Blue."), 1, 1.0),)
BUSY = Reply(status=429, error={"error": {"message": "wait"}}, headers={"retry-after": "15"})


@pytest.fixture(params=SERVERS)
def served(request):
    """A server, and an answer that it is to write."""
    with SERVERS[request.param]() as server:
        settings = settings_for(server, llm_seconds=60.0)
        yield server, Answering(generator_for(settings, None), "Why?", HITS)


def written(answering):
    """Write an answer in a thread of its own, as the page does."""
    thread = threading.Thread(target=lambda: list(answering), daemon=True)
    thread.start()
    return thread


def until(true):
    end = time.monotonic() + 10
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    assert true()


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply(["Blue.", Pause(60), "late"]), "Blue."),
        (Reply(["Blue.", Pause(60, beat=0.5), "late"]), "Blue."),
        (Reply(["late"], delay=60), ""),
        (Reply([Pause(60), "late"]), ""),
    ],
    ids=["between pieces", "kept alive", "no response yet", "no piece yet"],
)
def test_the_server_sees_at_once_that_it_was_stopped(served, reply, text):
    server, answering = served
    server.script(reply)
    thread = written(answering)
    until(lambda: server.requests and answering.text == text)
    time.sleep(0.2)
    stopped = time.monotonic()
    answering.close()
    assert time.monotonic() - stopped < 0.5
    assert server.left.wait(1.0)
    thread.join(1.0)
    assert not thread.is_alive()
    answer = answering.answer
    assert (answer.text, answer.error, answer.stopped) == (text, "", True)


def test_a_wait_before_the_next_try_ends_too(served):
    server, answering = served
    server.script(BUSY)
    thread = written(answering)
    until(lambda: server.requests)
    time.sleep(0.3)
    answering.close()
    thread.join(1.0)
    assert not thread.is_alive()
    assert len(server.requests) == 1
    assert answering.answer.error == ""


def test_a_time_out_hangs_up_too(served):
    server, _ = served
    server.script(Reply(["Blue.", Pause(60), "late"]))
    settings = settings_for(server, llm_seconds=0.5)
    answering = Answering(generator_for(settings, None), "Why?", HITS)
    assert "".join(answering) == "Blue."
    assert "nothing came for 0.5 seconds" in answering.answer.error
    assert server.left.wait(1.0)
