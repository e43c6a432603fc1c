"""An evaluation whose rankings are made up: the reranker puts the relevant passage first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rag.errors import RanklensError, SettingsError
from rag.evaluate.data import Evaluation, Question
from rag.evaluate.experiments.run import evaluate
from rag.settings import Settings
from rag.types import Answer, Chunk, Citation, Stage, Trace, ranked

POOL = 12
CHUNKS = [
    Chunk(f"{i:032}", f"doc <{i % 6}>.txt", 0, 20, f"Passage {i} says <b>this</b> & that.", page=i)
    for i in range(POOL)
]


class FakePipeline:
    """Each retriever orders the pool by chance; fusion is the mean; a reranker knows the answer.

    A second hop always knows it. Questions that say "fall" make the reranker fall back, those that
    say "fail" fail.
    """

    def __init__(
        self,
        settings: Settings,
        asked: list[str] | None = None,
        retrieved: list[str] | None = None,
    ) -> None:
        self.settings = settings
        self.asked = asked if asked is not None else []
        self.retrieved = retrieved if retrieved is not None else []
        self.loaded: list[tuple[str, int]] = []
        """(A reranker that was loaded, how many questions had been asked by then)."""

    def with_settings(self, **changes: Any) -> FakePipeline:
        made = FakePipeline(self.settings.updated(**changes), self.asked, self.retrieved)
        made.loaded = self.loaded
        return made

    def reranker_parts(self) -> list[Any]:
        self.loaded.append((self.settings.reranker, len(self.asked)))
        if self.settings.reranker == "unheard-of":
            raise SettingsError("unknown reranker")
        return []

    def retrieve(self, question: str) -> str:
        self.retrieved.append(question)
        return question

    def rank(self, retrieved: str) -> Trace:
        return self.search(retrieved)

    def widen(self, trace: Trace) -> Trace:
        return trace

    def answer(self, trace: Trace) -> FakeAnswering:
        return FakeAnswering(trace)

    def search(self, question: str) -> Trace:
        self.asked.append(question)
        if "fail" in question:
            raise RanklensError("nothing could be searched")
        if self.settings.reranker == "unheard-of":
            raise SettingsError("unknown reranker")
        number = int(question.split()[-1])
        random = np.random.default_rng(number)
        draws = random.random((2, POOL))
        fell = "fall" in question and self.settings.reranker != "none"
        right = self.settings.reranker != "none" and number % 3 and not fell
        last = draws.sum(axis=0) + (np.arange(POOL) == answer_of(number)) * (9 if right else 0)
        scored = {
            "dense": draws[0], "lexical": draws[1], "fused": draws.sum(axis=0), "reranked": last
        }  # fmt: skip
        if self.settings.hops > 1:
            scored["second-hop"] = last + (np.arange(POOL) == answer_of(number)) * 9
        stages = tuple(
            Stage(
                name,
                ranked(zip(CHUNKS, map(float, scores), strict=True)),
                0.001 * (place + 1) * (80 if name == "reranked" and right else 1),
                fell_back=name == "reranked" and fell,
                details={"calls": 1, "cost_usd": 0.002} if name == "reranked" and right else {},
            )
            for place, (name, scores) in enumerate(scored.items())
        )
        return Trace(question, {"reranker": self.settings.reranker, "top": 5}, stages)


class FakeAnswering:
    """Cites the first two passages that it was given; refuses questions that say "nobody"."""

    def __init__(self, trace: Trace) -> None:
        refused = "nobody" in trace.question
        cited = [] if refused else [hit.chunk.id for hit in trace.evidence[:2]]
        marks = tuple(Citation(n, key, 0, 3) for n, key in enumerate(cited, 1))
        self.answer = Answer("x", marks, "extractive", refused, 0.5, details={"cost_usd": 0.01})

    def __iter__(self) -> Iterator[str]:
        yield "x"


def answer_of(number: int) -> int:
    return number * 5 % POOL


def questions(count: int, words: str = "What about <i>") -> list[Question]:
    return [Question(f"q {i}", f"{words} {i}") for i in range(count)]


def make(count: int = 40, unit: str = "passage", **more: Any) -> Evaluation:
    """Two pipelines, late-interaction and none, over ``count`` questions."""
    grades = {
        q.id: {CHUNKS[answer_of(i)].id if unit == "passage" else CHUNKS[answer_of(i)].document: 2}
        for i, q in enumerate(questions(count))
    }
    variants = more.pop("variants", {"none": {"reranker": "none"}, "late": {"reranker": "auto"}})
    pipeline = more.pop("pipeline", FakePipeline(Settings()))
    asked = more.pop("questions", questions(count))
    return evaluate("made <up>", pipeline, variants, asked, grades, unit, **more)
