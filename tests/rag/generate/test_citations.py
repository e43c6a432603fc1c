import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.generate.citations import CitationParser, numbers_in, without_markers
from rag.types import Chunk, Hit

HITS = tuple(Hit(Chunk(f"c{n}", "doc.txt", 0, 4, "text"), n, 1.0 / n) for n in range(1, 6))


def parse(*pieces, hits=HITS):
    parser = CitationParser(hits)
    text = "".join([parser.feed(piece) for piece in pieces] + [parser.finish()])
    return text, parser


@pytest.mark.parametrize(
    ("written", "text", "numbers"),
    [
        ("Sky is blue [1].", "Sky is blue [1].", [1]),
        ("Blue.[1]", "Blue.[1]", [1]),
        ("Blue [1,2]", "Blue [1][2]", [1, 2]),
        ("Blue [1, 2; 3]", "Blue [1][2][3]", [1, 2, 3]),
        ("Blue [1 and 2]", "Blue [1][2]", [1, 2]),
        ("Blue [1][2]", "Blue [1][2]", [1, 2]),
        ("Blue [1] [2].", "Blue [1] [2].", [1, 2]),
        ("Blue [[3]]", "Blue [3]", [3]),
        ("Blue [^4]", "Blue [4]", [4]),
        ("Blue [Source 2]", "Blue [2]", [2]),
        ("Blue [passage 1, passage 2]", "Blue [1][2]", [1, 2]),
        ("Blue 【1】", "Blue [1]", [1]),
        ("Blue 【1†source】.", "Blue [1].", [1]),
        ("Blue 【4:0†report 2.pdf】.", "Blue [4].", [4]),
        ("Blue [1-3]", "Blue [1][2][3]", [1, 2, 3]),
        ("Blue [2–4].", "Blue [2][3][4].", [2, 3, 4]),
        ("Blue [1-3, 5]", "Blue [1][2][3][5]", [1, 2, 3, 5]),
        ("Rated [1-5] by all", "Rated [1-5] by all", []),
        ("Rated 【1–5】 by all", "Rated 【1–5】 by all", []),
        ("Rated [5-1] [2]", "Rated [5-1] [2]", [2]),
        ("From [4-9]", "From [4-9]", []),
        ("Blue [1-3] [4] or", "Blue [1][2][3] [4] or", [1, 2, 3, 4]),
        ("Blue [Sources 1-3] here", "Blue [1][2][3] here", [1, 2, 3]),
        ("Blue 【1-3】 here", "Blue [1][2][3] here", [1, 2, 3]),
        ("**Blue [1-2]** or", "**Blue [1][2]** or", [1, 2]),
        ("on a scale of [1-3] stars [2]", "on a scale of [1-3] stars [2]", [2]),
        ("Blue[1]. Red[2] too", "Blue[1]. Red[2] too", [1, 2]),
        ("Blue[1, 2].", "Blue[1][2].", [1, 2]),
        ("天空是蓝色[1,2]的", "天空是蓝色[1][2]的", [1, 2]),
        ("array[1:3] is [2]", "array[1:3] is [2]", [2]),
        ("John [3:16] says", "John [3:16] says", []),
        ("John 【3:16】.", "John 【3:16】.", []),
        ("matrix[2:4, 1].", "matrix[2:4, 1].", []),
        ("matrix[2, 1] is 0", "matrix[2, 1] is 0", []),
        ("m_[2, 1] is 0", "m_[2, 1] is 0", []),
        ("Blue [2, 1] is", "Blue [2][1] is", [2, 1]),
        ("Blue [1, 7]", "Blue [1]", [1]),
        ("Blue [1, 1]", "Blue [1]", [1]),
        ("Blue [7].", "Blue.", []),
        ("In [2019] he", "In [2019] he", []),
        ("an interval [0, 1]", "an interval [0, 1]", []),
        ("[x] done, [ ] open, [sic]", "[x] done, [ ] open, [sic]", []),
        ("open [1", "open [1", []),
        ("open 【1", "open 【1", []),
        ("[1", "[1", []),
        ("(1) and 1.", "(1) and 1.", []),
        ("[see [2]]", "[see [2]]", [2]),
        ("`a[1]` is [2]", "`a[1]` is [2]", [2]),
        ("``b ` [1]`` is [2]", "``b ` [1]`` is [2]", [2]),
        ("one ` backtick [2]", "one ` backtick [2]", [2]),
        ("one ` here [1]\nand ` there [2]", "one ` here [1]\nand ` there [2]", [1, 2]),
        ("```py\nx[1]\n```\nDone [2]", "```py\nx[1]\n```\nDone [2]", [2]),
        ("```\nx[1]\n", "```\nx[1]\n", []),
        ("````\n```\nx[1]\n````\n[2]", "````\n```\nx[1]\n````\n[2]", [2]),
        ("- item\n  ```\n  x[1]\n  ```\n[2]", "- item\n  ```\n  x[1]\n  ```\n[2]", [2]),
        ("text  \n", "text  \n", []),
        ("", "", []),
    ],
)
def test_the_habits_of_real_models(written, text, numbers):
    result, parser = parse(written)
    assert result == text
    assert [c.number for c in parser.citations] == numbers


def test_citations_know_their_characters_and_their_chunk():
    text, parser = parse("Blue 【2†source】, red [[1]].")
    assert [text[c.start : c.end] for c in parser.citations] == ["[2]", "[1]"]
    assert [c.chunk_id for c in parser.citations] == ["c2", "c1"]


def test_markers_that_cite_nothing_are_counted():
    assert parse("a [7], b [1], c [9]")[1].unknown == 2
    assert parse("a [1]", hits=())[0] == "a"


def test_prose_is_not_held_back():
    parser = CitationParser(HITS)
    assert parser.feed("The sky ") == "The sky"
    assert parser.feed("is [") == " is"
    assert parser.feed("1") == ""
    assert parser.feed("]. It") == " [1]. It"


def test_a_range_waits_for_what_shows_whether_a_clause_ends():
    parser = CitationParser(HITS)
    assert parser.feed("Blue [1-2]") == "Blue"
    assert parser.feed(" ") == ""
    assert parser.feed("or [1-2]. ") == " [1-2] or [1][2]."
    parser = CitationParser(HITS)
    assert parser.feed("Blue [1-2]" + " " * 100).startswith("Blue [1][2]")


def test_a_whole_range_stays_if_the_text_breaks_off():
    parser = CitationParser(HITS)
    assert parser.feed("Blue [1-2]") + parser.cut_off() == "Blue [1][2]"


def test_a_bracket_that_never_closes_does_not_stop_the_stream():
    parser = CitationParser(HITS)
    assert len(parser.feed("[" + "word " * 100)) > 300


def test_an_absurd_range_stays_small():
    assert len(numbers_in("[1-9999]")) <= 100


def test_markers_can_be_taken_out():
    assert without_markers("The speed[3] was 【1†x】high [sic].") == "The speed was high [sic]."


MARKS = [
    "[1]",
    "[",
    "]",
    "[[",
    "]]",
    "[2-4]",
    "[12",
    "【",
    "】",
    "†",
    "^",
    ":",
    ",",
    "-",
    "`",
    "```",
]
WORDS = ["1", "2", "7", "0", "word", "and", "source", "é", " ", "  ", "\n", "~", ">"]
FRAGMENTS = st.lists(st.sampled_from(MARKS + WORDS), max_size=25).map("".join)


@settings(deadline=None)
@given(FRAGMENTS | st.text(max_size=40), st.data())
def test_any_split_gives_the_same_result(text, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole, reference = parse(text)
    split, parser = parse(*pieces)
    letters, by_letter = parse(*text)
    assert split == letters == whole
    assert parser.citations == by_letter.citations == reference.citations
    assert parser.unknown == by_letter.unknown == reference.unknown
    for citation in parser.citations:
        assert whole[citation.start : citation.end] == f"[{citation.number}]"


@settings(deadline=None)
@given(FRAGMENTS, st.data())
def test_what_was_emitted_is_never_taken_back(text, data):
    parser, so_far = CitationParser(HITS), ""
    for letter in text:
        so_far += parser.feed(letter)
        for citation in parser.citations:
            assert so_far[citation.start : citation.end] == f"[{citation.number}]"


def test_a_range_that_a_passage_holds_is_quoted_from_it():
    scale = Hit(Chunk("c6", "doc.txt", 0, 20, "Grades are [1-3] here"), 6, 0.1)
    text, parser = parse("Grades are [1-3] here [6].", hits=(*HITS, scale))
    assert text == "Grades are [1-3] here [6]."
    assert [citation.number for citation in parser.citations] == [6]
