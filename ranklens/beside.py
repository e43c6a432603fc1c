"""What a comparison of pipelines shows beside the rankings: answers, and a picture of both."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.evaluate.data import Question
from rag.evaluate.experiments.pipelines import Variants
from rag.evaluate.experiments.run import SHOWN
from rag.evaluate.experiments.side_by_side import PipelineOutcome, SideBySide
from rag.evaluate.measures.metrics import PRIMARY
from rag.evaluate.reports.changes import ChangedQuestion, FirstItems, RankedItem
from rag.retrieve.expand import FEEDBACK, chosen
from rag.settings import SHAPES_ANSWER, Settings
from rag.settings.reranking import needs_trust
from rag.text.sentences import sentences
from rag.types import Answer, Hit

if TYPE_CHECKING:
    from ranklens.comparing import SideBySideGrades


def one_writer(settings: Settings, pipelines: Variants) -> dict[str, dict[str, Any]]:
    """Return pipelines whose answers the first one's model writes.

    Answers then differ by their rankings alone.
    """
    shaping = settings.shaping(SHAPES_ANSWER).keys()
    first = next(iter(pipelines.values()), {})
    writer = {name: value for name, value in first.items() if name in shaping}
    return {
        name: {n: value for n, value in options.items() if n not in shaping} | writer
        for name, options in pipelines.items()
    }


def stays_here(settings: Settings, pipelines: Variants, answers: bool = False) -> bool:
    """Whether these pipelines call no service: then a link may start them without a click."""
    return not any(
        _calls_out(settings.updated(**options), answers) for options in pipelines.values()
    )


def _calls_out(settings: Settings, answers: bool) -> bool:
    asks_model = bool({*chosen(settings.expansion)} - {FEEDBACK})
    writes = answers and settings.generator not in ("extractive", "auto")
    model = bool(settings.llm_model) and (answers or asks_model)
    rerankers = f"{settings.reranker},{settings.rerank_fallbacks}"
    return needs_trust(rerankers) or writes or model


@dataclass(frozen=True, slots=True)
class AnswerBeside:
    """A pipeline's answer beside another's; ``only`` are the ranges that no other one has."""

    side: PipelineOutcome
    answer: Answer
    only: tuple[tuple[int, int], ...]


def answers_beside(made: SideBySide) -> list[AnswerBeside]:
    """Return the answers of pipelines side by side, with the sentences in which they differ."""
    held = [(side, side.trace.answer) for side in made.sides if side.trace and side.trace.answer]
    whole = [_bare(answer, (0, len(answer.text))) for _, answer in held]
    return [
        AnswerBeside(side, answer, tuple(
            span for span in sentences(answer.text)
            if (words := _bare(answer, span))
            and not any(words in other for n, other in enumerate(whole) if n != at)
        ))
        for at, (side, answer) in enumerate(held)
    ]  # fmt: skip


def _bare(answer: Answer, span: tuple[int, int]) -> str:
    """Return a sentence's words without markers, signs and the size of letters."""
    text = list(answer.text)
    for mark in answer.citations:
        text[mark.start : mark.end] = " " * (mark.end - mark.start)
    words = "".join(text[span[0] : span[1]]).replace("*", " ").casefold()
    return " ".join(words.split())


def as_change(
    made: SideBySide, found: SideBySideGrades, labels: Mapping[str, str]
) -> ChangedQuestion | None:
    """Return the first two pipelines as a question before and after; None if one failed."""
    done = [side for side in made.sides if side.trace]
    if len(done) < 2:
        return None
    before, after = done[:2]
    ranks = {hit.chunk.id: hit.rank for hit in before.last}
    values = found.scores.sides if found.scores and not found.scores.missing else {}
    sides = [
        FirstItems(
            labels[side.name],
            values.get(side.name, math.nan),
            tuple(_item(hit, found.relevant, was) for hit in side.last[:SHOWN]),
        )
        for side, was in ((before, None), (after, ranks))
    ]
    return ChangedQuestion(Question("q", made.question), PRIMARY, *sides)


def _item(hit: Hit, relevant: Collection[str], ranks: Mapping[str, int] | None) -> RankedItem:
    chunk = hit.chunk
    was = None if ranks is None else ranks.get(chunk.id)
    new = "new" if ranks is not None and was is None else ""
    return RankedItem(
        hit.rank, chunk.document, chunk.page, chunk.text, new, chunk.id in relevant, chunk.id, was
    )
