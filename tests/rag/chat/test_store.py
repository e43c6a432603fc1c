"""Conversations in SQLite: kept, replaced, judged, deleted, exported."""

import threading
import time
from dataclasses import replace

import pytest

from rag.chat.export import literal, markdown
from rag.chat.store import Conversations, titled
from rag.chat.writing import Writing
from rag.errors import RanklensError
from rag.store.catalogue import Catalogue
from rag.types import Answer, Chunk, Citation, Stage, Trace, ranked

CHUNK = Chunk("c1", "sky [1].pdf", 0, 22, "The sky is blue today.", page=4, heading=("Air",))


def trace(question="Why is the sky blue?", text="Blue light scatters [1]."):
    at = text.find("[1]")
    cited = (Citation(1, "c1", at, at + 3, 0, 11),) if at >= 0 else ()
    stages = (Stage("reranked", ranked([(CHUNK, 1.0)]), 0.1),)
    return Trace(question, {"top": 5}, stages, Answer(text, cited, "openai:m", False, 1.0))


@pytest.fixture
def engine(database):
    catalogue = Catalogue(database)
    yield catalogue.engine
    catalogue.close()


@pytest.fixture
def kept(engine):
    return Conversations(engine)


def test_a_conversation_survives_and_each_answer_keeps_its_exact_trace(kept, engine):
    chat = kept.start("Why is the sky blue?")
    kept.add(chat, "Why is the sky blue?", trace())
    kept.add(chat, "And red?", trace("And red? (sky)", "Long way [1]."))
    again = Conversations(engine)
    assert [turn.trace for turn in again.turns(chat)] == [
        trace(),
        trace("And red? (sky)", "Long way [1]."),
    ]
    assert [(c.title, c.turns) for c in again.all()] == [("Why is the sky blue?", 2)]


def test_it_lives_beside_the_catalogue(tmp_path):
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    chat = Conversations(catalogue.engine).start("x")
    Conversations(catalogue.engine).add(chat, "x", trace())
    catalogue.close()
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    assert len(Conversations(catalogue.engine).turns(chat)) == 1
    catalogue.close()


def test_the_one_used_last_comes_first_and_empty_ones_not_at_all(kept):
    one, two = kept.start("one"), kept.start("two")
    kept.start("empty")
    kept.add(one, "1", trace())
    kept.add(two, "2", trace())
    kept.add(one, "3", trace())
    assert [c.title for c in kept.all()] == ["one", "two"]


def test_an_edited_question_takes_the_later_ones_away_and_keeps_the_verdict(kept):
    chat = kept.start("a")
    first, second, _third = (kept.add(chat, q, trace()) for q in "abc")
    kept.judge(second.id, False)
    kept.replace(second, "B", trace(), rest=True)
    assert [(t.place, t.question) for t in kept.turns(chat)] == [(1, "a"), (2, "B")]
    assert [(t.question, t.liked) for t in kept.judged()] == [("b", False)]
    kept.replace(first, "A", trace())
    assert [t.question for t in kept.turns(chat)] == ["A", "B"]
    kept.add(chat, "d", trace())
    assert [t.place for t in kept.turns(chat)] == [1, 2, 3]


def test_recent_questions_stand_newest_first_without_what_was_replaced(kept):
    chat, other = kept.start("First?"), kept.start("Second?")
    first = kept.add(chat, "First?", trace())
    second = kept.add(other, "Second?", trace())
    third = kept.replace(first, "Third?", trace())
    listed = kept.recent()
    assert [(turn, question) for turn, question, _ in listed] == [
        (third.id, "Third?"),
        (second.id, "Second?"),
    ]
    assert listed[0][2] == third.asked
    assert len(kept.recent(most=1)) == 1


def test_rename_judge_and_delete(kept):
    chat = kept.start("x" * 100)
    turn = kept.add(chat, "q", trace())
    kept.rename(chat, "  ")
    kept.rename(chat, "Sky\nand light")
    assert kept.get(chat).title == "Sky and light"
    kept.judge(turn.id, True)
    kept.judge(turn.id, None)
    assert list(kept.judged()) == []
    kept.remove(chat)
    assert (kept.get(chat), kept.turns(chat), kept.turn(turn.id)) == (None, [], None)
    with pytest.raises(RanklensError, match="was deleted"):
        kept.add(chat, "q", trace())


def test_titles_are_cut_between_words():
    assert titled("word " * 30).endswith("word…")
    assert len(titled("word " * 30)) <= 80


class Slow:
    """An answer that waits after its first piece until it is told to go on."""

    thinking = ""

    def __init__(self, error=None):
        self.go, self.text, self.closed, self.error = threading.Event(), "", False, error

    def __iter__(self):
        for piece in ("One. ", "Two."):
            self.text += piece
            yield piece
            self.go.wait(10)
            if self.error:
                raise self.error
            if self.closed:
                return

    def close(self):
        self.closed = True
        self.go.set()

    @property
    def answer(self):
        return Answer(self.text, (), "m", False, 0.1, stopped=self.closed)


def writing(kept, slow, finish=lambda answer, _trace: answer):
    turn = kept.add(kept.start("q"), "q", replace(trace(), answer=None))
    return turn, Writing(kept, turn, slow, finish, lambda _trace: None)


def test_an_answer_is_kept_though_nobody_watches(kept):
    slow = Slow()
    turn, made = writing(kept, slow, lambda answer, _: replace(answer, details={"checked": True}))
    assert kept.turn(turn.id).trace.answer is None
    slow.go.set()
    assert [so_far.text for so_far in made.follow()][-1:] in ([], ["One. Two."])
    assert kept.turn(turn.id).trace.answer.text == "One. Two."
    assert kept.turn(turn.id).trace.answer.details == {"checked": True}


def test_what_has_arrived_is_kept_when_it_is_stopped(kept):
    turn, made = writing(kept, Slow())
    next(so_far for so_far in made.follow() if so_far.text)
    made.stop()
    assert made.done
    assert kept.turn(turn.id).trace.answer.text == "One. "
    assert kept.turn(turn.id).trace.answer.stopped


def test_what_nobody_foresaw_ends_the_answer_too(kept):
    slow = Slow(ZeroDivisionError())
    turn, made = writing(kept, slow)
    slow.go.set()
    list(made.follow())
    assert "Unexpected error" in kept.turn(turn.id).trace.answer.error


@pytest.mark.parametrize("error", [OSError("no room"), RanklensError("the disk is full")])
def test_a_store_that_fails_ends_the_answer_too(kept, monkeypatch, error):
    def fails(*_):
        raise error

    monkeypatch.setattr(kept, "complete", fails)
    slow = Slow()
    turn, made = writing(kept, slow)
    slow.go.set()
    seen = list(made.follow())
    assert made.done
    assert made.unkept.text == seen[-1].text == "One. Two."
    assert "could not be saved" in made.unkept.error
    assert ("the disk is full" in made.unkept.error) is isinstance(error, RanklensError)
    assert kept.turn(turn.id).trace.answer is None


def test_one_that_fails_when_an_answer_is_stopped_does_not_break_the_page(kept, monkeypatch):
    monkeypatch.setattr(kept, "complete", lambda *_: 1 / 0)
    _, made = writing(kept, Slow())
    next(so_far for so_far in made.follow() if so_far.text)
    made.stop()
    assert made.done
    assert made.unkept.text == "One. "


def test_who_shows_an_answer_slowly_is_not_asked_to_for_every_word(kept):
    class Quick(Slow):
        def __iter__(self):
            for _ in range(400):
                self.text += "word "
                yield "word "
                time.sleep(0.002)

    _, made = writing(kept, Quick())
    shown = 0
    for _so_far in made.follow():
        time.sleep(0.02)
        shown += 1
    assert shown < 25  # a quarter of the time at most; 40 without a pause


def test_an_export_has_questions_answers_and_the_cited_sources(kept):
    chat = kept.start("Sky <b>")
    text = "Blue <img src=x> light [1].\n\n- ![p](http://e.example/p.png)"
    kept.add(chat, "Why # is it?", trace(text=text))
    told = markdown(kept.get(chat), kept.turns(chat))
    assert told.startswith("# Sky \\<b\\>\n\n## Why \\# is it?\n")
    assert "Blue \\<img src=x\\> light [1]." in told
    assert "- \\!\\[p\\](http\\://e.example/p.png)" in told
    assert "- [1] sky \\[1\\].pdf, page 4, Air: “The sky is”" in told


def test_literal_text_is_not_turned_round():
    assert literal("pay \u202e001\u202c now") == "pay 001 now"


def test_literal_text_makes_no_link():
    assert literal("www.e.example a@b.c https://x") == "www\\.e.example a\\@b.c https\\://x"


def test_conversations_are_found_by_their_words_and_pinned_ones_come_first(kept):
    sky, sea = kept.start("Sky"), kept.start("Sea")
    kept.add(sky, "Why is the sky blue?", trace())
    kept.add(sea, "Why is the sea 100% salty?", trace("Why?", "Rivers bring salt [1]."))
    assert [c.id for c in kept.all()] == [sea, sky]
    kept.pin(sky, True)
    assert [(c.id, c.pinned) for c in kept.all()] == [(sky, True), (sea, False)]
    assert [c.id for c in kept.all("RIVERS sea")] == [sea]
    assert [c.id for c in kept.all("scatters")] == [sky]
    assert [c.id for c in kept.all("100%")] == [sea]
    assert kept.all("%_%") == []
    kept.pin(sky, False)
    assert [c.id for c in kept.all()] == [sea, sky]


def test_a_reason_is_kept_with_a_verdict(kept):
    turn = kept.add(kept.start("x"), "x", trace())
    kept.judge(turn.id, False, "wrong year")
    assert (kept.turn(turn.id).liked, kept.turn(turn.id).why) == (False, "wrong year")
    kept.judge(turn.id, None)
    assert (kept.turn(turn.id).liked, kept.turn(turn.id).why) == (None, "")


def test_bold_words_stay_bold_in_an_export(kept):
    chat = kept.start("x")
    kept.add(chat, "x", trace(text="**Rayleigh**: it *scatters* 2 ** 3 [1]."))
    text = markdown(kept.get(chat), kept.turns(chat))
    assert r"**Rayleigh**: it \*scatters\* 2 \*\* 3 [1]." in text
