from rag.inspect.reading import Readings, readings
from rag.models.encoder import Reading
from rag.rerank import table
from rag.rerank.base import Entry
from rag.rerank.late_interaction import LateInteraction
from tests.fakes import OverlapReranker, WordEncoder


class Short(WordEncoder):
    max_tokens = 4

    def token_spans(self, text):
        return super().token_spans(text)[: self.max_tokens]


def test_late_interaction_tells_what_it_has_no_vector_for(pipeline, chunks, monkeypatch):
    short = Entry("short", "", lambda _context: LateInteraction(Short()))
    monkeypatch.setitem(table.TABLE, "short", short)
    asked = pipeline.with_settings(reranker="hybrid:short")
    # "sky" and two words; "sky" and five words, of which four tokens are read.
    found = readings(asked, "mars", [chunks["m1"], chunks["m3"]])
    assert found == Readings("short", (Reading(3, 3, 0, 4), Reading(4, 6, 0, 4)))
    assert found.passages[1].share == 4 / 6


def test_one_that_cannot_tell_says_nothing(pipeline, chunks):
    assert readings(pipeline, "mars", [chunks["m1"]]) is None
    assert readings(pipeline.with_settings(reranker="none"), "mars", [chunks["m1"]]) is None
    assert not hasattr(OverlapReranker(), "reading")


def test_an_empty_text_is_read():
    assert Reading(0, 0, 0, 4).share == 1.0
