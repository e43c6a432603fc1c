"""Quotes and marks from files become judgements of a library's documents."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from ingest.datasets.base import Gold
from rag.evaluate.data import Question
from rag.evaluate.faults import raise_faults
from rag.evaluate.judgement import Judgement
from rag.evaluate.locate import locate
from rag.evaluate.trec import TextOf
from rag.store.catalogue import Catalogue


def texts(catalogue: Catalogue) -> TextOf:
    """Return how to look up a document's digest and text; each is read once."""

    @cache
    def text_of(name: str) -> tuple[str, str] | None:
        for document in catalogue.documents("ready", name=name):
            stored = catalogue.document_text(document.id)
            return (document.digest, stored[0]) if stored else None
        return None

    return text_of


def judgements_from(
    golds: Sequence[Gold], questions: Sequence[Question], text_of: TextOf, judge: str
) -> list[Judgement]:
    """Return the judgements that quotes stand for; raises `RanklensError` that names every fault.

    A quote is looked for in the document's present text, nearest to its place first.
    """
    words = {question.id: question.text for question in questions}
    made, faults = [], []
    for gold in golds:
        held = text_of(gold.document)
        span = locate(gold.quote, held[1], gold.start, loose=True) if held else None
        if held is None or span is None:
            why = "its quote is not there" if held else "its document is not in the library"
            faults.append(f"question {gold.question}: {why} ({gold.document})")
            continue
        quote = held[1][slice(*span)]
        made.append(
            Judgement(
                words[gold.question], gold.document, held[0], *span, quote, gold.grade, judge,
                "import",
            )
        )  # fmt: skip
    raise_faults("the questions' quotes", faults)
    return made
