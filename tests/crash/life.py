"""One life of a library, killed at a write point, and the check after it."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import alembic.command
import chromadb  # noqa: F401 - imported before the fork, as everything slow
from sqlalchemy import Engine, event

import ingest.parse
import ranklens.library
from ingest import child_main
from ingest.messages import Packet
from rag.settings import Settings
from rag.store.vectors import ChromaStore
from ranklens.library import Library
from tests.fakes import WORDS, WordEncoder, words_tokeniser

assert alembic.command
NAMES = tuple(f"{word}.txt" for word in WORDS[:5])
LIMITS = ("memory_mb", "seconds")
WRITES = ("INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "PRAGMA wal")


class NoChild:
    """Reads and cuts in this process: starting another takes longer than a life."""

    answered = 0

    def __init__(self, command: Sequence[str]) -> None: ...

    def ask(
        self, request: Mapping[str, Any], parts: Sequence[bytes] = (), **limits: float
    ) -> Packet:
        header = {name: value for name, value in request.items() if name not in LIMITS}
        return _packet(Packet(header, list(parts)))

    def kill(self) -> None:
        """End nothing: it is no process."""

    def close(self) -> None: ...


def _packet(request: Packet) -> Packet:
    header, parts = child_main._answer(request)
    return Packet(json.loads(json.dumps(header)), list(parts))


words_tokeniser()  # once for all forks
ingest.parse.Child = NoChild  # type: ignore[misc, assignment]
ranklens.library.load_encoder = lambda settings: WordEncoder()  # type: ignore[assignment]


def opened(folder: Path) -> Library:
    return Library.open(
        Settings(
            library=folder / "library", cache=folder / "cache", chunk_tokens=40, min_free_mb=0,
            log_questions=False,
        )
    )  # fmt: skip


def canary(version: int) -> str:
    return f"canary{version:06d}x"


def content(name: str, version: int) -> str:
    """The text of a version of a document: each sentence holds a word that no other version has."""
    mark, word = canary(version), name.split(".")[0]
    sentences = 6 + version % 50
    return " ".join(
        f"The {word} number {n} of {mark} crossed orbit {n} today." for n in range(sentences)
    )


# A life


def lived(folder: Path, seed: int, stop: int, pipe: int) -> None:
    """Change the library until the ``stop``-th write point (0: to the end)."""
    points = WritePoints(stop, pipe)
    points.watch()
    chance = random.Random(seed)
    with opened(folder) as library:
        library.work()
        known = {d.name: _version(library, d.name) for d in _ready(library)}
        for number in range(chance.randrange(2, 5)):
            _change(library, folder, chance, known, seed * 10 + number, pipe)
    os.write(pipe, f"points {points.passed}\n".encode())


def _ready(library: Library) -> list[Any]:
    return [document for document in library.documents() if document.status == "ready"]


def _change(
    library: Library,
    folder: Path,
    chance: random.Random,
    known: dict[str, int],
    version: int,
    pipe: int,
) -> None:
    def note(*words: object) -> None:
        os.write(pipe, (" ".join(map(str, words)) + "\n").encode())

    what = chance.choice(("add", "add", "add", "queue", "remove", "reindex", "reindex all"))
    name = chance.choice(sorted(known)) if known and what != "add" else chance.choice(NAMES)
    if what in ("add", "queue"):
        source = folder / name
        source.write_text(content(name, version))
        note("adding", name, version)
        assert library.enqueue(source).status == "queued"
        note("queued", name, version)
        known[name] = version
        if what == "add":
            assert {o.status for o in library.work()} <= {"added", "replaced"}
            note("added", name, version)
    elif what == "remove" and known:
        note("removing", name)
        library.remove(name)
        note("removed", name)
        del known[name]
    elif known:
        library.reindex([] if what == "reindex all" else [name] if _is_ready(library, name) else [])
        if chance.random() < 0.8:
            library.work()


def _is_ready(library: Library, name: str) -> bool:
    return any(document.name == name for document in _ready(library))


class WritePoints:
    """Counts the places at which something is written, and kills the process at one of them."""

    def __init__(self, stop: int, pipe: int) -> None:
        self.passed = 0
        self._stop = stop
        self._pipe = pipe

    def reach(self, where: str) -> None:
        self.passed += 1
        if self.passed == self._stop:
            os.write(self._pipe, f"killed at {where}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """Put a point before every change in SQLite, and around those of files and of Chroma."""

        def executed(_db: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if statement.lstrip().startswith(WRITES):
                self.reach(" ".join(statement.split()[:3]))

        event.listen(Engine, "before_cursor_execute", executed)
        event.listen(Engine, "commit", lambda _db: self.reach("COMMIT"))
        around: Iterable[tuple[Any, str]] = (
            (os, "fsync"), (os, "open"), (os, "unlink"), (shutil, "move"),
            (Path, "replace"), (Path, "unlink"), (Path, "mkdir"), (Path, "chmod"),
            (ChromaStore, "add"), (ChromaStore, "remove"), (ChromaStore, "reset"),
            (ChromaStore, "close"),
        )  # fmt: skip
        for owner, name in around:
            setattr(owner, name, self._around(getattr(owner, name), f"{owner.__name__}.{name}"))

    def _around(self, function: Callable[..., Any], where: str) -> Callable[..., Any]:
        def called(*arguments: Any, **options: Any) -> Any:
            self.reach(f"before {where}")
            result = function(*arguments, **options)
            self.reach(f"after {where}")
            return result

        return called


# The check


def checked(folder: Path, wanted: dict[str, dict[str, list[int | None]]], pipe: int) -> None:
    """Open the library and report on the pipe what is not as it should be, and what was found."""
    problems: list[str] = []
    with opened(folder) as library:
        problems += _faults(library, wanted["live"], "at the start")
        for outcome in library.work():
            if outcome.status not in ("added", "replaced"):
                problems.append(f"{outcome.name} ended as {outcome.status}: {outcome.reason}")
        if library.progress().problem:
            problems.append(library.progress().problem)
        problems += _faults(library, wanted["final"], "in the end")
        if waiting := [d.name for d in library.documents() if d.status != "ready"]:
            problems.append(f"not ready in the end: {waiting}")
        found = {d.name: _version(library, d.name) for d in _ready(library)}
    problems += _remains(folder / "library", set(found.values()))
    for problem in problems:
        os.write(pipe, f"{problem}\n".encode()[:2000])
    os.write(pipe, f"found {json.dumps(found)}\n".encode())


def _version(library: Library, name: str) -> int:
    return int(library.text(name)[:80].split("canary")[1][:6])


def _faults(library: Library, wanted: dict[str, list[int | None]], when: str) -> list[str]:
    """Return what is lost, half, or a ghost in searches, and what `verify` finds."""
    faults = [f"verify {when}: {problem}" for problem in library.verify().problems]
    live = {d.name: _version(library, d.name) for d in _ready(library)}
    faults += [
        f"{name} {when}: {live.get(name)}, not one of {wanted.get(name)}"
        for name in sorted({*wanted, *live})
        if live.get(name) not in wanted.get(name, [None])
    ]
    for name, version in live.items():
        text = library.text(name)
        if text != content(name, version):
            faults.append(f"{name} {when}: half of its text")
        chunks = library.chunks(name)
        covered = {place for chunk in chunks for place in range(chunk.start, chunk.end)}
        left = [place for place in range(len(text)) if place not in covered]
        if any(not text[place].isspace() for place in left):
            faults.append(f"{name} {when}: half of its chunks")
        found = _found(library, canary(version))
        if {document for document, _ in found} != {name}:
            faults.append(f"{name} {when}: a search finds {found}")
        if not library.file(name).is_file():
            faults.append(f"{name} {when}: its file is lost")
    marks = {canary(version) for version in live.values()}
    for document, text in _found(library, "moon orbit today number"):
        if not any(mark in text for mark in marks):
            faults.append(f"{document} {when}: a ghost in a search: {text[:60]}")
    return faults


def _found(library: Library, query: str) -> set[tuple[str, str]]:
    trace = library.pipeline.with_settings(reranker="none").search(query)
    return {
        (hit.chunk.document, hit.chunk.text)
        for stage in trace.stages
        for hit in stage.hits
        if "canary" not in query or query in hit.chunk.text
    }


def _remains(library: Path, versions: set[int]) -> list[str]:
    """Return the files that hold words of documents that are not in the library."""
    known = {canary(version).encode() for version in versions}
    remains = []
    for path in library.rglob("*"):
        if path.is_file() and path.suffix != ".bin":  # Chroma's graph is given no words
            strange = set(re.findall(rb"canary\d{6}x", path.read_bytes())) - known
            if strange:
                remains.append(f"{path.name} holds {sorted(strange)[:3]} of removed documents")
    return remains
