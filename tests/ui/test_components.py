"""What the pages draw, as HTML that can be read."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.generate.citations import CitationParser
from rag.journey import movements
from rag.text.labels import duration
from rag.types import Answer, Check, Chunk, Citation, Hit
from ranklens.choices import suggested
from tests.ui.fakes import ALL, FakeDocument, trace_of
from ui.shared import slope
from ui.shared.answer_text import rendered
from ui.shared.frame import plain
from ui.shared.html import macro
from ui.shared.naming import named, snippet
from ui.shared.source_text import alone
from ui.shared.stages import left, number

opener = macro("opener")
HITS = [Hit(ALL[0], 1, 0.9), Hit(ALL[4], 2, 0.5)]
TAG = re.compile(r"<[^>]*>")


def marked(text, quotes):
    return alone(Chunk("i", "d", 0, len(text), text), quotes)


def visible(markup):
    import html

    return html.unescape(TAG.sub("", markup))


def told(text, checks=()):
    """Return the HTML of a complete answer that a model wrote, its citations parsed."""
    parser = CitationParser(HITS)
    text = parser.feed(text) + parser.finish()
    return rendered(
        Answer(text, tuple(parser.citations), "m", False, 0.1, checks=tuple(checks)), HITS
    )


def test_an_answer_is_paragraphs_lists_bold_and_chips():
    out = told("**Keep** at 40 % [1].\n\n- dry\n- cool [2]")
    assert out.startswith("<p><strong>Keep</strong> at 40 %<button")
    assert "<ul><li>dry</li><li>cool<button" in out
    assert out.count('class="rl-cite"') == 2


def test_a_list_needs_no_blank_line_and_keeps_its_numbers():
    out = told("They are:\n2. dry [1]\n\n3. cool,\n   in a **box\n   of tin**\n\nDone.\n- a\n- b")
    assert out.startswith('<p>They are:</p><ol start="2"><li>dry<button')
    assert "<li>cool,\n   in a <strong>box" not in out  # bold ends with its line
    assert "</ol><p>Done.</p><ul><li>a</li><li>b</li></ul>" in out


def test_headings_and_code_are_what_they_are():
    out = told(
        "## Care [2]\nUse `x[1] **y**`:\n```py\nx[1] = '**'\n\n# no\n```\nDone [1]\n```\nopen x[2]"
    )
    assert out.startswith('<p class="heading">Care<button')
    assert "<p>Use <code>x[1] **y**</code>:</p>" in out
    assert "<pre>x[1] = &#39;**&#39;\n\n# no</pre><p>Done<button" in out
    assert out.count("<pre>") == 2


def test_a_marked_sentence_is_marked_around_chips_signs_and_bold():
    text = "- It was **99** frames wide [2]. So\n- there"
    check = Check(0, 31, "doubtful", "why", "by")
    out = told(text, [check])
    assert out.startswith('<ul><li><span class="doubtful" title="why (by)">It was</span> <')
    assert "<strong><span" in out or '<span class="doubtful" title="why (by)"><strong>99' in out
    assert visible(out) == "It was 99 frames wide2. Sothere"
    assert out.count('class="rl-cite"') == 1


def test_a_marker_that_cites_nothing_stays_text():
    out = rendered(Answer("so it says [7] [1]", (), "m", False, 0.1), HITS)
    assert out == "<p>so it says [7] [1]</p>"


def test_a_citation_may_be_there_before_its_characters():
    early = (Citation(1, "x", 9, 12),)
    assert rendered(Answer("so it is", early, "m", False, 0.1), HITS) == "<p>so it is</p>"


TAGS = {"div", "p", "ul", "ol", "li", "strong", "code", "pre", "button", "mark", "span"}
PROSE = st.lists(
    st.sampled_from(["**", "`", "```", "\n", "- ", "1. ", "# ", "[1]", "<b>", "w!x", " ", "~"])
)


@given(st.text(st.characters(codec="utf-8"), max_size=60) | PROSE.map("".join))
def test_no_text_can_become_markup(text):
    out = told(text, [Check(1, 9, "uncited", '"<i>')])
    out += marked(text, ((1, 5),)) + opener(Chunk("i", text, 0, 1, text))
    assert set(re.findall(r"<\s*/?\s*([a-zA-Z!?]+)", out)) <= TAGS


@given(PROSE.map("".join))
def test_no_word_and_no_citation_of_an_answer_is_lost(text):
    out = told(text)
    assert out.count("w!x") == text.count("w!x")
    parser = CitationParser(HITS)
    parser.feed(text), parser.finish()
    assert out.count('class="rl-cite"') == len(parser.citations)
    for tag in TAGS:
        assert len(re.findall(f"<{tag}[ >]", out)) == out.count(f"</{tag}>")


@given(
    st.text("ab<&\"' ", max_size=30), st.lists(st.tuples(st.integers(0, 35), st.integers(0, 35)))
)
def test_marking_changes_nothing_that_is_read(text, quotes):
    assert visible(marked(text, quotes)) == text


def test_overlapping_quotes_are_joined():
    parts = re.findall("<mark>(.*?)</mark>", marked("abcdef", [(1, 3), (2, 5)]))
    assert "".join(parts) == "bcde"


def test_a_label_shows_markdown_literally():
    assert plain("a *b* [c](d) :red[e]") == r"a \*b\* \[c\]\(d\) \:red\[e\]"


TURNED = "pay \u202e001\u202c \u2067now\u2069 to שלום"


def test_no_text_is_turned_round():
    out = told(TURNED) + opener(Chunk("i", TURNED, 0, 1, TURNED)) + plain(TURNED)
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", out)
    assert "pay 001 now to שלום" in visible(out)
    assert visible(marked(TURNED, [(5, 8), (10, 13)])) == "pay 001 now to שלום"
    assert re.findall("<mark>(.*?)</mark>", marked(TURNED, [(5, 8)])) == ["001"]


def test_a_passage_is_named_by_page_or_heading():
    assert named(ALL[2]) == "field-guide · page 3"
    assert named(ALL[5]) == "maintenance · Part 2"
    assert named(ALL[8]) == "warranty & returns"
    assert snippet(Chunk("i", "d", 0, 9, "one\n two  three"), 8) == "one two…"


def test_the_slope_gives_every_passage_one_row_on_each_side():
    plan = slope.layout(movements(trace_of("q")), top=3)
    assert [row.rank for row in plan.left] == sorted(row.rank for row in plan.left)
    assert {row.chunk.id for row in plan.left} == {row.chunk.id for row in plan.right}
    assert sorted(line.right for line in plan.lines) == list(range(len(plan.lines)))
    assert [row.inside for row in plan.right][:4] == [True, True, True, False]


def test_a_passage_from_far_below_gets_the_last_row():
    moves = movements(trace_of("q"))
    plan = slope.layout(moves, top=1)
    assert len(plan.left) <= 2 * slope.FEWEST
    assert max(row.rank for row in plan.right[: slope.FEWEST]) == slope.FEWEST


def test_what_crossed_the_cut_is_drawn_last():
    plan = slope.layout(movements(trace_of("q")), top=3)
    kinds = re.findall(
        r'<i class="([^"]*)"', slope.drawn(plan, "Before", "After").partition("rl-legend")[0]
    )
    crossed = [("entered" in kind or "dropped" in kind) for kind in kinds[:-1]]
    assert any(crossed)
    assert crossed == sorted(crossed)
    assert kinds[-1] == "cut"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0004, "0.4 ms"), (0.0123, "12 ms"), (0.5, "500 ms"), (2.345, "2.35 s")]
)
def test_durations_have_three_figures(seconds, text):
    assert duration(seconds) == text


def test_units_have_decimals_of_their_own():
    assert (number("dense", 0.5), number("lexical", 7.1), number("fused", 0.03)) == (
        "0.500",
        "7.10",
        "0.0300",
    )
    assert (left(59.6), left(5)) == ("1 min 00 s", "5 s")


def test_suggestions_come_only_with_their_documents(tmp_path):
    path = tmp_path / "questions.jsonl"
    path.write_text(
        '{"question": "a?", "suggested": true, "gold": [{"document": "x.pdf"}]}\n\n'
        '{"question": "b?", "gold": [{"document": "x.pdf"}]}\n'
        '{"question": "c?", "suggested": true, "gold": [{"document": "y.pdf"}]}\n'
    )
    assert suggested([FakeDocument("x.pdf")], 5, path) == ["a?"]
    assert suggested([FakeDocument("x.pdf")], 5, tmp_path / "missing.jsonl") == []
