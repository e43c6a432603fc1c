from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.text.passages import is_row, parts


def texts(text):
    return [text[span.start : span.end] for span in parts(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One is here. Two is there.", ["One is here.", "Two is there."]),
        ("Dr. Smith met J. R. Jones. They left.", ["Dr. Smith met J. R. Jones.", "They left."]),
        ("It cost 3.5 million. Much.", ["It cost 3.5 million.", "Much."]),
        ("See e.g. the U.S. case. Ok then.", ["See e.g. the U.S. case.", "Ok then."]),
        ("“Go!” She left? yes", ["“Go!”", "She left? yes"]),
        ("A line that a page\nhas wrapped here.", ["A line that a page\nhas wrapped here."]),
        ("Heading\n\nText below.", ["Heading", "Text below."]),
        ("Heading\nText below.", ["Heading", "Text below."]),
        ("- first item\n- second item", ["- first item", "- second item"]),
        ("Name: Ann; Age: 4\nName: Bob; Age: 5", ["Name: Ann; Age: 4", "Name: Bob; Age: 5"]),
        ("水は青い。空も青い。", ["水は青い。", "空も青い。"]),
        ("", []),
        (" \n \n", []),
    ],
)
def test_sentences_by_hand(text, expected):
    assert texts(text) == expected


def test_a_long_wrapped_paragraph_stays_together():
    text = "The quick brown fox jumps over the lazy dog and then it\nRuns away. End."
    assert len(texts(text)) == 2


def test_what_never_ends_is_cut():
    assert max(len(piece) for piece in texts("word " * 1000)) <= 700


def test_rows_are_told_from_sentences():
    assert is_row("Planet: Mars; Moons: 2")
    assert not is_row("He said: go; then she left.")
    kinds = [span.kind for span in parts("A sentence.\nPlanet: Mars; Moons: 2\nMars | 2")]
    assert kinds == ["sentence", "row", "cells"]


@settings(deadline=None)
@given(st.text(alphabet="aB .!?\n:;-1。é", max_size=120))
def test_spans_are_in_order_and_hold_every_character_that_is_no_space(text):
    found = parts(text)
    covered = {i for span in found for i in range(span.start, span.end)}
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert {i for i, letter in enumerate(text) if not letter.isspace()} <= covered


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Activision Blizzard, Inc.\n\nWe bought it.", ["heading", "sentence"]),
        ("Our Many Risks\n\nThere are risks.", ["heading", "sentence"]),
        ("AMAZON.COM, INC. CONSOLIDATED STATEMENTS", ["heading"]),
        ("Note 2 – Revenue\n\nIt grew.", ["heading", "sentence"]),
        ("# Title\n\nText.", ["heading", "sentence"]),
        ("5 Error codes\nCode: E1; Meaning: stuck", ["heading", "row"]),
        ("5.10. /var/log : Log files\n\nThey are here.", ["heading", "sentence"]),
        ("9.2.2 lintian-brush\n\nIt mends.", ["heading", "sentence"]),
        ("03.05.24 Dentist\nText follows here.", ["sentence", "sentence"]),
        ("§ 4 Kaution\nSie ist fällig.", ["heading", "sentence"]),
        ("Notice periods\nTime | Notice\nYear | 1 week", ["heading", "cells", "cells"]),
        ("4 dogs live here\nThey bark.", ["sentence", "sentence"]),
        ("Risks, including:\n\n• war;\n\n• taxes.", ["lead", "item", "item"]),
        ("WiFi password: hunter2\nText follows here.", ["sentence", "sentence"]),
        ("Opens at 9\nText follows here.", ["sentence", "sentence"]),
        ("Mars has two moons", ["sentence"]),
        ("Total | 5\nMore text.", ["cells", "sentence"]),
    ],
)
def test_headings_leads_and_items_are_told_from_sentences(text, kinds):
    assert [span.kind for span in parts(text)] == kinds
