"""Thumbs become suggestions: kept apart, taken back, and anchored where the text is now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.chat.store import Conversations
from rag.evaluate.judgements.feedback import JUDGE, follow
from rag.evaluate.judgements.store import JudgementStore
from rag.store.catalogue import Catalogue
from rag.types import Answer, Chunk, Citation, Stage, Trace, ranked
from tests.rag.evaluate.libraries import put

TEXT = "one two three four five six seven eight nine ten eleven twelve"
Q = "Which numbers?"


@pytest.fixture
def catalogue(database: Path | str) -> Iterator[Catalogue]:
    opened = Catalogue(database)
    yield opened
    opened.close()


def answered(chunks: list[Chunk], *cites: int) -> Trace:
    stage = Stage("reranked", ranked((c, -i) for i, c in enumerate(chunks)), 0.0)
    citations = tuple(Citation(i + 1, chunks[i].id, 0, 3) for i in cites)
    return Trace(Q, {"top": 3}, (stage,), Answer("so [1]", citations, "fake", False, 0.0))


def test_a_thumb_up_suggests_the_cited_passages_and_can_be_taken_back(catalogue: Catalogue):
    chunks, held = put(catalogue, "a.txt", TEXT), JudgementStore(catalogue)
    kept = Conversations(catalogue.engine)
    chat = kept.start(Q)
    first = kept.add(chat, Q, answered(chunks, 0, 2, 0))
    second = kept.add(chat, "And again?", answered(chunks, 1))
    for turn in (first, second):
        kept.judge(turn.id, True)
    assert follow(held, kept, Q) == 3
    assert [(o.quote, o.grade, o.judge, o.source) for o in held.all()] == [
        (chunks[i].text, 2, JUDGE, "feedback") for i in (0, 2, 1)
    ]
    assert held.qrels().grades == {}
    kept.judge(first.id, None)
    assert follow(held, kept, Q) == 1
    assert [one.quote for one in held.all()] == [chunks[1].text]
    kept.judge(second.id, False)
    assert follow(held, kept, Q) == 0
    assert kept.disliked() == [Q]
    assert [turn.id for turn in kept.judged("Another?")] == []


def test_peoples_grades_stay_when_a_thumb_is_taken_back(catalogue: Catalogue):
    chunks, held = put(catalogue, "a.txt", TEXT), JudgementStore(catalogue)
    held.grade(Q, chunks[0], 3, "ada")
    assert held.remove_all(Q, "feedback") == 0
    assert len(held.all()) == 1


def test_a_passage_of_an_earlier_version_is_looked_for_in_the_present_one(catalogue: Catalogue):
    chunks, held = put(catalogue, "a.txt", TEXT), JudgementStore(catalogue)
    kept = Conversations(catalogue.engine)
    turn = kept.add(kept.start(Q), Q, answered(chunks, 0, 1))
    put(catalogue, "a.txt", "zero " + TEXT.replace("six", "6"))
    held.refresh()
    kept.judge(turn.id, True)
    assert follow(held, kept, Q) == 1
    (one,) = held.all()
    assert (one.start, one.end, one.quote) == (5, 5 + chunks[0].end, chunks[0].text)
