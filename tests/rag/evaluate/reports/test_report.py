from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from rag.evaluate.measures.figures import figures
from rag.evaluate.reports.changes import most_changed
from rag.evaluate.reports.report import html
from rag.evaluate.reports.verdict import main_comparison, verdict
from tests.rag.evaluate.made import make

VOID = {"meta", "br"}


class Balanced(HTMLParser):
    """Complains about a tag that is not closed where it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("count", [1, 40])
def test_the_report_is_whole_and_needs_nothing_from_elsewhere(count: int):
    page = html(figures(make(count)))
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    assert {"script", "link", "img", "iframe"}.isdisjoint(parser.tags)
    assert not re.search(r"""(?:src|href)=|url\(|@import|https?://""", page)


def test_what_comes_from_outside_is_escaped():
    page = html(figures(make(20)))
    assert "made &lt;up&gt;" in page
    assert "What about &lt;i&gt; " in page
    assert "doc &lt;3&gt;.txt" in page
    for raw in ("made <up>", "<i>", "<b>this", "doc <"):
        assert raw not in page


def test_the_verdict_stands_in_words():
    found = figures(make(40))
    main = main_comparison(found)
    assert main is not None
    assert main.after == ("late", "reranked")
    sentence, figures_after = verdict(main, found).sentence, main.difference.verdict
    page = html(found)
    assert 0 < page.index(sentence) < page.index(figures_after)


def test_the_questions_that_changed_most_show_both_sides():
    found = figures(make(40))
    main = main_comparison(found)
    assert main is not None
    chosen = most_changed(found, main)
    assert len(chosen) == 10, "of 26 that changed"
    assert chosen[0].change == max(one.change for one in chosen) > 0
    for one in chosen:
        relevant = [item for item in one.after.items if item.relevant]
        assert [item.rank for item in relevant] == [1]
        assert one.after.items[0].text.startswith("Passage ")
        assert {item.facts for item in one.before.items} <= {"not judged", "grade 2"}
    assert most_changed(found, found.comparisons[0])[-1].change < 0


def test_a_single_pipeline_and_fallbacks_are_named():
    evaluation = make(6, variants={"late": {"reranker": "auto"}})
    main = main_comparison(figures(evaluation))
    assert main is not None
    assert (main.before[1], main.after[1]) == ("fused", "reranked")
