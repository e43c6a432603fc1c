"""A library of three short documents whose rankings can be worked out by hand."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import numpy as np

from ingest.parsed import BlockSpan, Parsed
from rag.chat.store import Turn
from rag.retrieve.filters import EVERYTHING, Filter, mentioned
from rag.settings import Settings
from rag.store.analyse import analyser
from rag.store.catalogue import Catalogue
from rag.store.collections import Collections
from rag.types import Answer, Chunk, Citation, Hit, Stage, Trace, ranked
from ranklens.jobs import Jobs
from ranklens.records import Records
from tests.fakes import WordEncoder

HOSTILE = "<script>alert(1)</script> ![pixel](http://evil.example/p.png) **bold** [link](http://evil.example)"

TEXTS = {
    "field-guide.pdf": [
        "Batteries keep best at forty percent charge.",
        "Cold cuts their capacity by a third below zero.",
        "Warm them in a jacket pocket before use.",
        "A swollen battery must never be charged again.",
    ],
    "maintenance.md": [
        "Clean the lens with a dry cloth.",
        "Seals are replaced every second year.",
        "The battery door has two seals.",
        HOSTILE,
    ],
    "warranty & returns.html": [
        "The warranty covers two years from purchase.",
        "Water damage is not covered.",
        "Batteries are covered for six months.",
        "Send returns to the address on the invoice.",
    ],
}


def text_of(name: str) -> str:
    return "\n\n".join(TEXTS[name])


def chunks_of(name: str) -> list[Chunk]:
    chunks, start = [], 0
    for place, text in enumerate(TEXTS[name], 1):
        page = place if name.endswith(".pdf") else None
        heading = ("Care", f"Part {place}") if name.endswith(".md") else ()
        id_ = f"{list(TEXTS).index(name)}{place}".zfill(32)
        chunks.append(Chunk(id_, name, start, start + len(text), text, page, heading))
        start += len(text) + 2
    return chunks


ALL = [chunk for name in TEXTS for chunk in chunks_of(name)]


def catalogue_of(names: Sequence[str]) -> Catalogue:
    """Return a catalogue of its own with these documents ready, their chunks those of ALL."""
    folder = tempfile.mkdtemp(prefix="ranklens-fake-")
    catalogue = Catalogue(Path(folder) / "catalogue.sqlite")
    weakref.finalize(catalogue, shutil.rmtree, folder, ignore_errors=True)
    for name in names:
        document_id = catalogue.add_document(name, len(text_of(name)), "0" * 64)
        catalogue.update_document(document_id, status="indexing", text=text_of(name), spans=[])
        chunks = chunks_of(name)
        catalogue.add_chunks(document_id, 0, chunks, np.zeros((len(chunks), 2), np.float32))
        catalogue.publish(document_id, 0.0)
    return catalogue


def hits(order: Sequence[int], step: float, best: float) -> tuple[Hit, ...]:
    """Rank chunks of ALL by their places in it, scores falling from ``best`` by ``step``."""
    return ranked((ALL[i], best - step * n) for n, i in enumerate(order))


FUSED = (0, 1, 2, 6, 10, 3, 7, 8, 4, 5)
RERANKED = (10, 0, 3, 1, 8, 2, 6, 7, 5, 4)


def trace_of(question: str, **settings: Any) -> Trace:
    """10 is first after reranking (from 5th), 3 enters the top 3, and 1 and 2 drop out of it."""
    settings = {"top": 3, "pool": 10, "reranker": "late-interaction", "threshold": None} | settings
    plain = settings["reranker"] == "none"
    fell = settings["reranker"] == "cross-encoder"
    note = "the weights are not on this machine; kept the fused order" if fell else ""
    order = FUSED if plain or fell else RERANKED
    return Trace(
        question,
        settings,
        (
            Stage("dense", hits((0, 2, 1, 6, 10, 3, 7, 8), 0.05, 0.71), 0.012),
            Stage("lexical", hits((1, 0, 2, 10, 6, 4, 5), 0.8, 11.2), 0.002),
            Stage("fused", hits(FUSED, 0.0011, 0.0325), 0.0004),
            Stage("reranked", hits(order, 0.07, 0.93), 0.180, note, fell),
        ),
    )


class FakeAnswering:
    thinking = ""

    def __init__(self, trace: Trace, pause: float = 0.0) -> None:
        self.trace, self.pause, self.text, self.stopped = trace, pause, "", False

    def __iter__(self) -> Iterator[str]:
        first, second = self.trace.evidence[:2]
        for piece in (first.chunk.text, " [1]", "\n\nThen: ", second.chunk.text, " [2]"):
            time.sleep(self.pause)
            if self.stopped:
                return
            self.text += piece
            yield piece

    @property
    def answer(self) -> Answer:
        cited = []
        for number, quote in ((1, (0, 9)), (2, (None, None))):
            at = self.text.find(f"[{number}]")
            if at >= 0:
                chunk = self.trace.evidence[number - 1].chunk
                cited.append(Citation(number, chunk.id, at, at + 3, *quote))
        return Answer(self.text, tuple(cited), "extractive", False, 0.021, stopped=self.stopped)

    def close(self) -> None:
        self.stopped = True


@dataclass
class FakePipeline:
    settings: Settings
    pause: float = 0.0
    searched: list[dict[str, Any]] = field(default_factory=list)
    asked_within: Filter = EVERYTHING

    def within(self, asked_within: Filter) -> FakePipeline:
        return replace(self, asked_within=asked_within)

    def mentioned(self, question: str) -> tuple[str, Filter]:
        return mentioned(question, lambda: [FakeDocument(name) for name in TEXTS])

    def until(self, stop: threading.Event) -> FakePipeline:
        return self

    def with_settings(self, **changes: Any) -> FakePipeline:
        return replace(self, settings=self.settings.updated(**changes))

    def reranker_parts(self) -> list[Any]:
        return []

    def search(self, question: str) -> Trace:
        shaping = self.settings.shaping("ranking")
        self.searched.append(shaping)
        if self.asked_within.chooses:
            shaping["within"] = self.asked_within.as_setting()
        if self.asked_within.collection:
            shaping["collection"] = self.asked_within.collection
        return trace_of(question, **shaping)

    def search_many(self, questions: Sequence[str]) -> list[Trace]:
        return [self.search(question) for question in questions]

    def retrieve(self, question: str) -> str:
        return question

    def rank(self, retrieved: str) -> Trace:
        return self.search(retrieved)

    def widen(self, trace: Trace) -> Trace:
        return trace

    def answer(self, trace: Trace) -> FakeAnswering:
        return FakeAnswering(trace, self.pause)


@dataclass
class FakeDocument:
    name: str
    status: str = "ready"
    reason: str = ""
    media_type: str = "text/plain"
    size: int = 2048
    digest: str = "0" * 64
    pages: int | None = None
    chunks: int = 4
    added: datetime = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
    indexed: datetime | None = datetime(2025, 3, 1, 12, 1, tzinfo=UTC)
    warnings: str = ""
    ocr_confidence: float | None = None
    ocr: str = ""
    parent: str = ""


@dataclass
class FakeProgress:
    documents_done: int = 0
    documents_total: int = 0
    chunks_done: int = 0
    chunks_total: int = 0
    seconds: float = 0.0
    current: str = ""
    outcomes: tuple[Any, ...] = ()
    running: bool = False
    problem: str = ""
    pictures_done: int = 0
    pictures_total: int = 0
    seconds_left: float | None = None
    stopped: bool = False
    waits: bool = False

    @property
    def rate(self) -> float:
        return self.chunks_done / self.seconds if self.seconds else 0.0


@dataclass
class FakeOutcome:
    name: str
    status: str
    reason: str = ""
    chunks: int = 0


@dataclass
class FakeLibrary(Records):
    settings: Settings = field(default_factory=Settings)
    names: Sequence[str] = tuple(TEXTS)
    pause: float = 0.0

    def __post_init__(self) -> None:
        self.encoder = WordEncoder()
        self.jobs = Jobs()
        catalogue = catalogue_of(self.names)
        self.index = SimpleNamespace(
            catalogue=catalogue,
            collections=Collections(catalogue),
            analyser_of=lambda chunks=(), languages=None: analyser("english"),
        )
        if not self.settings.model_fields_set & {"library"}:
            folder = Path(self.index.catalogue.engine.url.database).parent
            self.settings = self.settings.updated(library=folder)
        self.pipeline = FakePipeline(self.settings, self.pause)
        self.state = FakeProgress()
        self.calls: list[tuple[str, ...]] = []
        self.held = [FakeDocument(n, pages=4 if n.endswith(".pdf") else None) for n in self.names]

    def pipeline_in(self, collection: str = "") -> FakePipeline:
        return self.pipeline.within(EVERYTHING.inside(self.collections.asked(collection)))

    def documents(self, collection: str = "") -> list[FakeDocument]:
        return sorted(self.held, key=lambda d: d.name)

    def enqueue(
        self, path: Path, name: str = "", password: str = "", collection: str = ""
    ) -> FakeOutcome:
        self.calls.append(("enqueue", name, password))
        known = any(d.name == name for d in self.held)
        if known and not password:
            return FakeOutcome(name, "unchanged", "the same bytes are in the library")
        self.held = [d for d in self.held if d.name != name]
        self.held.append(FakeDocument(name, "queued", chunks=0, indexed=None))
        return FakeOutcome(name, "queued")

    def enqueue_upload(
        self, name: str, data: IO[bytes], password: str = "", collection: str = ""
    ) -> FakeOutcome:
        return self.enqueue(Path(name), name, password)

    def start_worker(self) -> None: ...

    def stop_work(self) -> None:
        self.calls.append(("stop",))

    def resume_work(self) -> None:
        self.calls.append(("resume",))

    def progress(self) -> FakeProgress:
        return self.state

    def attached(self, name: str) -> list[str]:
        return []

    def remove(self, name: str) -> bool:
        self.calls.append(("remove", name))
        self.held = [d for d in self.held if d.name != name]
        return True

    def reindex(self, names: Sequence[str] = ()) -> list[str]:
        self.calls.append(("reindex", *names))
        return list(names)

    def chunks(self, name: str) -> list[Chunk]:
        return chunks_of(name) if name in TEXTS else []

    def text(self, name: str) -> str:
        return text_of(name)

    def parsed(self, name: str) -> Parsed:
        spans, start = [], 0
        for place, text in enumerate(TEXTS[name], 1):
            page = place if name.endswith(".pdf") else None
            spans.append(BlockSpan(start, start + len(text), "paragraph", 0, page))
            start += len(text) + 2
        kind = "application/pdf" if name.endswith(".pdf") else "text/plain"
        return Parsed(
            kind, len(spans) if name.endswith(".pdf") else None, text_of(name), tuple(spans)
        )

    def file(self, name: str) -> Path:
        return Path(name)

    def work(self, *_: Any, stop: threading.Event | None = None) -> list[FakeOutcome]:
        return []


def answered(library: FakeLibrary, turn: Turn) -> Turn:
    """The turn once its answer is written."""
    for _ in library.writings[turn.id].follow():
        pass
    done = library.conversations.turn(turn.id)
    assert done
    return done
