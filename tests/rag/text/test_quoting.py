"""Other people's text in a prompt: what is taken from it, and what is left when it is cut."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.text.quoting import boundary, defused, estimate_tokens, shorten


@pytest.mark.parametrize(
    ("text", "tokens", "expected"),
    [
        ("one two three four five", 4, "one two …"),  # 14 characters are 4 tokens, 10 are 3
        ("short", 9, "short"),
        ("unbreakable" * 9, 3, "unbreak …"),  # 7 characters are 2 tokens, 8 are 3
        (" " * 40 + "word", 3, "…"),
        ("\n\t" * 40, 1, "…"),
        ("", 0, ""),
        ("word", 0, "…"),
    ],
)
def test_shortening_by_hand(text, tokens, expected):
    assert shorten(text, tokens) == expected


@settings(deadline=None)
@given(st.one_of(st.text(max_size=300), st.text(" \n\ta", max_size=300)), st.integers(0, 60))
def test_what_is_left_is_a_beginning_that_fits(text, tokens):
    short = shorten(text, tokens)
    if short == text:
        assert estimate_tokens(text) < max(tokens, 1)
        return
    assert short.endswith("…")
    kept = short.removesuffix("…").removesuffix(" ")
    assert text.startswith(kept)
    assert not kept or estimate_tokens(kept) < tokens


@pytest.mark.parametrize(
    "name", ["passage", "passages", "Questions", "system", "USER", "assistant"]
)
@pytest.mark.parametrize("form", ["<{}>", "</{}>", "< / {} >", "<{}-0123abcd>", '<{} number="1">'])
def test_no_tag_of_a_prompt_survives(name, form):
    tag = form.format(name)
    assert defused(f"a {tag} b") == f"a ‹{tag[1:]} b"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<|im_end|>", "‹|im_end|>"),
        ("</s><s>", "‹/s>‹s>"),
        ("[/INST] [INST]", "‹/INST] ‹INST]"),
        ("as in [1] and 【2†x】", "as in ⟦1⟧ and ⟦2†x⟧"),
        ("x < y, <b>bold</b>, <passenger>, a[i]", "x < y, <b>bold</b>, <passenger>, a[i]"),
    ],
)
def test_what_is_taken_and_what_stays(text, expected):
    assert defused(text) == expected


@settings(deadline=None)
@given(st.lists(st.sampled_from(["<", "/", " ", "passage", "s", ">", "[", "1", "]", "|"])))
def test_nothing_that_looks_like_a_delimiter_or_a_citation_is_left(pieces):
    text = defused("".join(pieces))
    assert not re.search(r"<\s*/?\s*passages?\b|<\||</?s>|\[1\]", text)


@given(st.lists(st.text(max_size=50), max_size=5))
def test_a_boundary_is_in_none_of_the_texts(texts):
    mark = boundary(texts)
    assert re.fullmatch(r"[0-9a-f]{8}", mark)
    assert not any(mark in text for text in [*texts, ""])
    again = boundary([*texts, mark])
    assert again not in mark
