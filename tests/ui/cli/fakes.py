"""A library whose every answer can be worked out by hand; nothing is read, encoded or stored."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Engine, create_engine

from ingest.progress import FileOutcome, IndexingProgress
from rag.errors import LibraryError
from rag.retrieve.filters import EVERYTHING, Filter
from rag.settings import Settings
from rag.store.migrate import bring_up_to_date
from rag.types import Answer, Chunk, Stage, Trace, ranked
from ranklens.evaluation_use_cases import EvaluationUseCases

A, B, C = (
    Chunk("a" * 32, "moon.pdf", 0, 11, "The Moon is\nround.", page=2),
    Chunk("b" * 32, "mars.md", 0, 9, "Mars is red."),
    Chunk("c" * 32, "sun.txt", 0, 9, "The Sun shines."),
)


def made_engine() -> Engine:
    """A catalogue's tables, in memory."""
    engine = create_engine("sqlite://")
    bring_up_to_date(engine, Path("catalogue.sqlite"))
    return engine


@dataclass
class FakeDocument:
    name: str
    status: str = "ready"
    pages: int | None = None
    chunks: int = 1
    reason: str = ""
    media_type: str = "text/plain"
    warnings: str = ""
    ocr: str = ""


def fake_trace(question: str, settings: Settings, within: Filter = EVERYTHING) -> Trace:
    """Fusion ranks A, B, C; the reranker C, A, B."""
    stages = (
        Stage("dense", ranked([(A, 0.9), (B, 0.5)]), 0.012),
        Stage("lexical", ranked([(A, 3.0), (C, 2.0)]), 0.001),
        Stage("fused", ranked([(A, 0.03), (B, 0.02), (C, 0.01)]), 0.0002),
        Stage(
            "reranked",
            ranked([(C, 0.8), (A, 0.7), (B, 0.1)]),
            1.5,
            note="the reranker had no time" if settings.reranker == "slow" else "",
            fell_back=settings.reranker == "slow",
        ),
    )
    kept = {"within": within.as_setting()} if within.chooses else {}
    return Trace(question, {"top": settings.top, "threshold": None, **kept}, stages)


@dataclass
class FakeAnswering:
    error: str = ""
    answer: Answer = field(init=False)

    def __iter__(self) -> Iterator[str]:
        yield "It shines "
        yield "[1]."
        self.answer = Answer("It shines [1].", (), "fake", False, 0.25, self.error)


@dataclass
class FakeLibrary(EvaluationUseCases):
    settings: Settings
    held: list[FakeDocument] = field(default_factory=list)
    answer_error: str = ""
    problem: str = ""
    report: Any = None
    interrupt: Callable[[], None] | None = None
    closed: bool = False
    queued: list[str] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    last: IndexingProgress = field(default_factory=IndexingProgress)
    engine: Engine = field(default_factory=made_engine)

    @property
    def index(self) -> Any:
        catalogue = SimpleNamespace(engine=self.engine)
        return SimpleNamespace(catalogue=catalogue, one_version=nullcontext)

    @property
    def collections(self) -> Any:
        """The default collection, which holds everything."""
        ready = [document for document in self.held if document.status == "ready"]
        return SimpleNamespace(
            asked=lambda name="": name or "default",
            documents=lambda name: SimpleNamespace(ready=ready),
            names=lambda: ["default"],
            of_documents=lambda: {document.name: ("default",) for document in self.held},
            ensure=lambda name: name,
            number=lambda name: 1,
        )

    @property
    def pipeline(self) -> Any:
        return self.pipeline_within(EVERYTHING)

    def pipeline_within(self, within: Filter) -> Any:
        return SimpleNamespace(
            search=lambda question: fake_trace(question, self.settings, within),
            widen=lambda trace: trace,
            answer=lambda trace: FakeAnswering(self.answer_error),
            within=self.pipeline_within,
            asked_within=within,
        )

    def __enter__(self) -> FakeLibrary:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self.closed = True

    def documents(self, collection: str = "") -> list[FakeDocument]:
        return self.held

    def enqueue(
        self, path: Path, name: str = "", password: str = "", collection: str = ""
    ) -> FileOutcome:
        """Files that say "known" are unchanged; all others are queued."""
        if path.read_text("utf-8") == "known":
            return FileOutcome(name, "unchanged", "the same bytes are already in the library")
        self.queued.append(name)
        self.passwords.append(password)
        return FileOutcome(name, "queued")

    def work(
        self, on_progress: Callable[[IndexingProgress], None], stop: threading.Event
    ) -> list[FileOutcome]:
        """Names with "bad" in them fail; every other gives two chunks and takes two seconds."""
        done = IndexingProgress(documents_total=len(self.queued), running=True)
        for name in self.queued:
            if self.interrupt:
                self.interrupt()
            if stop.is_set():
                break
            outcome = (
                FileOutcome(name, "failed", "it is broken")
                if "bad" in name
                else FileOutcome(name, "added", chunks=2)
            )
            done = replace(
                done,
                documents_done=done.documents_done + 1,
                chunks_done=done.chunks_done + outcome.chunks,
                chunks_total=2 * len(self.queued),
                seconds=done.seconds + 2,
                outcomes=(*done.outcomes, outcome),
            )
            on_progress(done)
        self.last = replace(done, running=False, problem=self.problem)
        return list(done.outcomes)

    def progress(self) -> IndexingProgress:
        return self.last

    def attached(self, name: str) -> list[str]:
        return []

    def document(self, name: str) -> FakeDocument:
        self.refuse_unknown([name])
        return next(d for d in self.held if d.name == name)

    def remove_all(self, names: Sequence[str]) -> list[str]:
        self.held = [d for d in self.held if d.name not in names]
        return list(names)

    def remove(self, name: str) -> None:
        self.refuse_unknown([name])
        self.held = [d for d in self.held if d.name != name]

    def reindex(self, names: Sequence[str] = ()) -> list[str]:
        self.refuse_unknown(names)
        self.queued = [d.name for d in self.held if not names or d.name in names]
        return self.queued

    def refuse_unknown(self, names: Sequence[str]) -> None:
        if unknown := set(names) - {d.name for d in self.held}:
            raise LibraryError(f"there is no document {unknown}")

    def verify(self) -> Any:
        return self.report

    rebuild = verify
