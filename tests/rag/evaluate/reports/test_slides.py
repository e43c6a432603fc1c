"""Slides: every picture is whole SVG, holds what it should, and nothing runs out of it."""

import math
import re
from dataclasses import replace

import pytest
from defusedxml import ElementTree

from rag.evaluate.data import Question
from rag.evaluate.measures.figures import figures
from rag.evaluate.reports.changes import most_changed
from rag.evaluate.reports.slides import (
    MOST,
    changed_count,
    measured,
    question_slide,
    shortened,
    slides,
    wrapped,
)
from rag.evaluate.reports.verdict import main_comparison
from tests.rag.evaluate.made import make


def texts(svg):
    return [element.text or "" for element in ElementTree.fromstring(svg).iter() if element.text]


def test_each_changed_question_has_a_slide_and_the_summary_is_last():
    found = figures(make(12))
    made = slides(found)
    assert 2 < len(made) <= 13
    *asked, summary = made
    for slide, shown in ((one, texts(svg)) for one in asked for svg in (one.svg, one.upright)):
        assert "Without reranking" in shown
        assert any(text.startswith("nDCG@10 0.") for text in shown)
        assert "What about <i>" in " ".join(shown)
        assert "the first relevant passage is" in slide.title
    for svg in (summary.svg, summary.upright):
        shown = " ".join(texts(svg))
        assert "Higher: " in shown
        assert "made <up> · 12 questions" in shown
    assert summary.title.startswith("Reranking with late put the right passage higher for")


def test_every_question_that_changed_has_a_slide_if_that_is_wanted():
    found = figures(make(60))
    changed = changed_count(found)
    assert changed > MOST
    assert len(slides(found)) == MOST + 1
    assert len(slides(found, None)) == changed + 1


def test_cards_move_from_where_they_stood():
    found = figures(make(12))
    svg = slides(found)[0].svg
    (from_,) = set(re.findall(r"--from:(-?\d+)px", svg.split('class="card"')[1]))
    assert int(from_) > 0 or "▲" not in svg
    assert svg.count('class="card"') == 5
    upright = slides(found)[0].upright.split('class="card"')[1:]
    assert len(upright) == 5
    assert all(int(re.search(r"--from:(-?\d+)px", one)[1]) < 0 for one in upright[:1])  # from above


def test_a_question_without_judgements_has_no_words_about_relevance():
    found = figures(make(12))
    judged = most_changed(found, main_comparison(found))[0]
    unjudged = replace(judged, after=replace(judged.after, value=math.nan))
    for changed, shown in ((judged, True), (unjudged, False)):
        slide = question_slide(changed)
        assert ("relevant" in slide.title) is shown
        for svg in (slide.svg, slide.upright):
            assert ("judged relevant" in " ".join(texts(svg))) is shown


def test_hostile_words_and_letters_that_xml_cannot_hold_do_no_harm():
    found = figures(make(12))
    changed = most_changed(found, main_comparison(found))[0]
    words = "</svg><script>alert(1)</script> & \x00\x1b\ufffe\u202e end"
    slide = question_slide(replace(changed, question=Question("q", words)))
    for svg in (slide.svg, slide.upright):
        assert "<script" not in svg
        assert "</svg><script>alert(1)</script> & \ufffd end" in " ".join(texts(svg))


@pytest.mark.parametrize(
    "text",
    [
        "short",
        "a b " * 80,
        "x" * 300,
        "電池は四十パーセントで保管する。" * 12,
        "",
        "one " + "y" * 90,
    ],
)
def test_lines_fit_and_keep_their_words(text):
    lines = wrapped(text, 40, 3)
    assert len(lines) <= 3
    assert all(measured(line) <= 40 for line in lines)
    kept = "".join(lines).replace(" ", "")
    whole = text.replace(" ", "")
    assert whole.startswith(kept.rstrip("…"))
    assert (kept == whole) or kept.endswith("…")
    assert shortened("a" * 50, 10) == "a" * 9 + "…"
