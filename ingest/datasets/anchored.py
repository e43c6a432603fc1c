"""Quotes and marks from files become judgements of a library's documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import PurePath

from ingest.datasets.base import Gold
from rag.evaluate.data import Question
from rag.evaluate.faults import read_rows
from rag.evaluate.judgements.files import DocumentText, TextOf, placed
from rag.evaluate.judgements.record import Judgement
from rag.store.catalogue import Catalogue

# A file may name a document with its folder and suffix, or without either.
FORMS: tuple[Callable[[PurePath], str], ...] = (str, lambda path: path.name, lambda path: path.stem)


def texts(catalogue: Catalogue) -> TextOf:
    """Return how to look up a document by the name that a file gives it; each is read once.

    Its own name wins, then the name without folder, then without suffix, each if one document
    alone is called so.
    """
    ready = {document.name: document for document in catalogue.documents("ready")}
    called: list[dict[str, list[str]]] = [{} for _ in FORMS]
    for name in ready:
        for form, found in zip(FORMS, called, strict=True):
            found.setdefault(form(PurePath(name)), []).append(name)

    @cache
    def text_of(given: str) -> DocumentText | None:
        names = [given] if given in ready else next((f[given] for f in called if given in f), [])
        if len(names) > 1:
            raise ValueError(
                f"{given!r} could be {' or '.join(map(repr, names[:5]))}; write which one"
            )
        stored = catalogue.document_text(ready[names[0]].id) if names else None
        return DocumentText(names[0], ready[names[0]].digest, stored[0]) if stored else None

    return text_of


def judgements_from(
    golds: Sequence[Gold], questions: Sequence[Question], text_of: TextOf, judge: str
) -> list[Judgement]:
    """Return the judgements that quotes stand for; raises `RanklensError` that names every fault.

    A quote is looked for in the document's present text, nearest to its place first. Without a
    quote the document as a whole is judged.
    """
    words = {question.id: question.text for question in questions}

    def placed_gold(gold: Gold) -> Judgement:
        try:
            return placed(
                text_of, words[gold.question], gold.document, gold.grade, judge,
                gold.quote, gold.start, source="import",
            )  # fmt: skip
        except ValueError as error:
            raise ValueError(f"question {gold.question}: {error}") from None

    return read_rows(_source(golds), ((gold.line, gold) for gold in golds), placed_gold)


def _source(golds: Sequence[Gold]) -> str:
    if any(gold.quote for gold in golds):
        return "the questions' quotes"
    return "the judged documents (queries.jsonl alone brings the questions without them)"
