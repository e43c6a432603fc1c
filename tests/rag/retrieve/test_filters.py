"""What people type, and the documents that they mean by it."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import FilterError
from rag.retrieve.filters import Filter, chosen, kind_of, mentioned, resolve
from rag.store.catalogue import Document

NAMES = ["2022 Q3 AAPL.pdf", "2023 Q1 AAPL.pdf", "mars-rovers.pdf", "mars.md", "notes.HTM", "a.txt"]


def document(name, added=datetime(2026, 3, 5, 12, tzinfo=UTC), media_type="x/pdf"):
    return Document(1, name, media_type, 1, "d", None, "ready", "", 1, added, None, None)


HELD = [document(name) for name in NAMES]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("mars.md", "mars.md"),
        ("mars", "mars.md"),  # the whole stem wins over the beginning of another
        ("MARS-R", "mars-rovers.pdf"),
        ("2022 q3", "2022 Q3 AAPL.pdf"),
        ("rov", "mars-rovers.pdf"),
        ("notes.htm", "notes.HTM"),
    ],
)
def test_a_unique_part_of_a_name_is_enough(typed, meant):
    assert resolve(typed, NAMES) == meant


def test_what_fits_several_or_none_is_said():
    with pytest.raises(FilterError, match=r"'AAPL' fits '2022 Q3 AAPL.pdf', '2023 Q1 AAPL.pdf'"):
        resolve("AAPL", NAMES)
    with pytest.raises(FilterError, match=r"no document 'marz.md'.*nearest is 'mars.md'"):
        resolve("marz.md", NAMES)
    with pytest.raises(FilterError, match="it is empty"):
        resolve("x", [])
    with pytest.raises(FilterError, match="no document ''"):
        resolve("", NAMES)


def test_a_name_that_is_far_from_all_gets_some_that_are_there():
    with pytest.raises(FilterError, match=r"it holds '2022 Q3 AAPL.pdf', .* and 1 more$"):
        resolve("budget", NAMES)


def test_a_mistyped_word_of_a_long_name_is_near():
    with pytest.raises(FilterError, match=r"nearest is 'warranty & returns.html'"):
        resolve("waranty", ["mars.md", "warranty & returns.html"])


def test_many_that_fit_are_not_all_listed():
    with pytest.raises(FilterError, match="and 4 more"):
        resolve("file", [f"file {n}.txt" for n in range(9)])


@pytest.mark.parametrize(
    ("question", "text", "names"),
    [
        ("how far did they drive? @rovers", "how far did they drive?", ["mars-rovers.pdf"]),
        ("@mars.md what is red?", "what is red?", ["mars.md"]),
        ("@mars.md: what is red?", "what is red?", ["mars.md"]),
        ("what is red in @mars.md?", "what is red in mars?", ["mars.md"]),
        (
            'revenue in @"2022 Q3" and @"2023 Q1", please',
            "revenue in 2022 Q3 AAPL and 2023 Q1 AAPL, please",
            ["2022 Q3 AAPL.pdf", "2023 Q1 AAPL.pdf"],
        ),
        ("red? @mars @mars.md", "red?", ["mars.md"]),
        ("who is user@example.org?", "who is user@example.org?", []),
        ("what does \\@property do @ noon", "what does @property do @ noon", []),
        ("@mars", "", ["mars.md"]),
    ],
)
def test_names_in_a_question(question, text, names):
    assert mentioned(question, lambda: HELD) == (text, Filter(tuple(names)))


def test_an_unknown_name_in_a_question_is_said_with_a_way_out():
    with pytest.raises(FilterError, match=r"nearest is 'mars.md'.*\\@marss"):
        mentioned("why? @marss", lambda: HELD)


@pytest.mark.parametrize("question", ["a two @-@ year plan", "3 @,@ 000 men", "what is @?"])
def test_signs_after_an_at_name_nothing(question):
    assert mentioned(question, lambda: HELD) == (question, Filter())


@given(st.text("ab @", max_size=12))
def test_a_question_without_a_mark_stays_as_it_is(question):
    asked = question.replace("@", "")
    assert mentioned(asked, lambda: pytest.fail("nothing to look up")) == (asked, Filter())


def test_types_are_suffixes_and_unknown_ones_are_said():
    assert [kind_of(d) for d in HELD] == ["pdf", "pdf", "pdf", "md", "html", "txt"]
    assert kind_of(document("report", media_type="application/pdf")) == "pdf"
    assert chosen(HELD, types=[".PDF", "htm", "pdf"]).types == ("pdf", "html")
    with pytest.raises(FilterError, match=r"type 'xls'; there are html, md, pdf, txt"):
        chosen(HELD, types=["xls"])


def test_every_criterion_must_hold():
    asked = chosen(HELD, ["rovers", "mars.md"], ["pdf"], date(2026, 3, 5))
    assert [d.name for d in HELD if asked.allows(d)] == ["mars-rovers.pdf"]
    assert not chosen(HELD, since=date(2026, 3, 7)).allows(HELD[0])
    assert chosen(HELD).allows(HELD[0])
    assert not chosen(HELD)


def test_a_day_is_the_day_here(monkeypatch):
    late = document("a", datetime(2026, 3, 5, 23, 59, tzinfo=UTC))
    local = late.added.astimezone().date()
    assert Filter(since=local).allows(late)
    assert not Filter(since=date.fromordinal(local.toordinal() + 1)).allows(late)


def test_a_filter_comes_back_from_a_trace():
    asked = Filter(("a.txt", "b"), ("pdf",), date(2026, 1, 2))
    assert Filter.from_setting(asked.as_setting()) == asked
    assert Filter.from_setting(None) == Filter()
    assert asked.words() == ["a.txt", "b", "type pdf", "added since 2026-01-02"]
