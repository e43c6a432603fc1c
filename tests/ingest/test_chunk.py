import time
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ingest.chunk import chunk
from ingest.loaders.base import Block, Page
from ingest.loaders.text import text_blocks
from ingest.parsed import assemble


def words(texts):
    """Count words: a reader can do so by hand."""
    return [len(text.split()) for text in texts]


def chunks(pages, limit=20, overlap=0, count=words, digest="d", most=10**6):
    parsed = assemble("text/plain", pages)
    return parsed, chunk(
        parsed,
        document="a.txt",
        digest=digest,
        count_tokens=count,
        limit=limit,
        overlap=overlap,
        most=most,
    )


def one_page(*blocks):
    return [Page(None, blocks)]


def heading(text, level=1):
    return Block(text, "heading", level)


def test_heading_paths_and_findable_headings():
    body = "word " * 14 + "end."
    _, made = chunks(
        one_page(
            heading("One"),
            Block(body),
            heading("Two", 2),
            Block(body),
            heading("Three"),
            Block(body),
        ),
        limit=18,
    )
    assert [c.heading for c in made] == [(), ("One",), ()]
    assert [c.text.split("\n")[0] for c in made] == ["One", "Two", "Three"]


def test_a_chunk_that_goes_on_has_its_whole_path():
    _, made = chunks(one_page(heading("One"), heading("Two", 2), Block("A b c d. " * 10)), limit=16)
    assert made[0].text.startswith("One\n\nTwo\n\nA b c d.")
    assert {c.heading for c in made[1:]} == {("One", "Two")}


def test_small_sections_go_together_under_the_same_heading():
    _, made = chunks(
        one_page(heading("Top"), heading("A", 2), Block("one."), heading("B", 2), Block("two.")),
        limit=20,
    )
    assert [c.text for c in made] == ["Top\n\nA\n\none.\n\nB\n\ntwo."]
    full = "word " * 15 + "end."
    _, made = chunks(one_page(heading("A", 2), Block(full), heading("B", 1), Block(full)), limit=20)
    assert [c.text.split("\n")[0] for c in made] == ["A", "B"]


def test_never_across_pages():
    _, made = chunks([Page(1, (Block("one."),)), Page(2, (Block("two."),))])
    assert [(c.page, c.text) for c in made] == [(1, "one."), (2, "two.")]


def test_rows_stay_whole_and_are_packed():
    rows = [Block(f"name: n{i}; size: {i}", "row") for i in range(10)]
    _, made = chunks(one_page(*rows), limit=12)
    assert [len(c.text.split("\n")) for c in made] == [2, 3, 3, 2]
    assert [line for c in made for line in c.text.split("\n")] == [r.text for r in rows]


def test_rows_that_go_on_keep_their_columns():
    rows = [Block("June 2022 | June 2021", "row")]
    rows += [Block(f"Cash {i} | {i},000 | $3,000", "row") for i in range(8)]
    _, made = chunks(one_page(heading("Sheet"), *rows), limit=20)
    assert made[0].heading == ()
    assert all(c.heading == ("Sheet", "June 2022 | June 2021") for c in made[1:])


def test_overlap_repeats_sentences_within_a_section_only():
    text = " ".join(f"This is sentence number {i}." for i in range(9))
    _, made = chunks(one_page(Block(text)), limit=16, overlap=1)
    for before, after in pairwise(made):
        assert after.text.startswith(before.text.rsplit(". ", 1)[1])
    assert len(made) == 4
    _, made = chunks(one_page(heading("A"), Block(text), heading("B"), Block(text)), 16, 1)
    assert next(c for c in made if "B\n" in c.text).text.startswith("B")


def test_one_long_sentence_and_one_long_word_are_cut():
    _, made = chunks(one_page(Block("word " * 100)), limit=7)
    assert max(words([c.text for c in made])) <= 7
    _, made = chunks(one_page(Block("x" * 1000)), 10, count=lambda ts: [len(t) for t in ts])
    assert all(len(c.text) <= 10 for c in made)
    assert "".join(c.text for c in made) == "x" * 1000
    _, made = chunks(one_page(Block("x" * 100_000)), limit=10)  # one word, one token to `words`
    assert max(len(c.text) for c in made) < 200


def test_ids_follow_content_and_settings():
    pages = one_page(Block("some words."))
    (a,), (b,), (c,) = (
        chunks(pages, **k)[1] for k in ({}, {"digest": "e"}, {"overlap": 1, "digest": "d"})
    )
    assert len({a.id, b.id, c.id}) == 3
    assert chunks(pages)[1] == [a]
    assert len(a.id) == 32


def test_nothing_in_nothing_out():
    assert chunks([Page(1, ())])[1] == []


TEXTS = st.text(alphabet="abcdeB .!?\n。é\t-", min_size=1, max_size=120).filter(str.strip)
BLOCKS = st.one_of(
    st.builds(lambda t: Block(t.strip()), TEXTS),
    st.builds(lambda t: Block(t.strip(), "code"), TEXTS),
    st.builds(lambda t, n: Block(" ".join(t.split()), "heading", n), TEXTS, st.integers(1, 3)),
    st.builds(lambda t: Block(" | ".join(t.split()), "row"), TEXTS),
)
PAGES = st.lists(st.lists(BLOCKS, max_size=8), min_size=1, max_size=3).map(
    lambda pages: [Page(n, tuple(blocks)) for n, blocks in enumerate(pages, 1)]
)
COUNTS = st.sampled_from(
    [
        words,
        lambda texts: [len(t) for t in texts],
        lambda texts: [len(t) + 3 * t.count("\n") for t in texts],  # joining costs tokens
        lambda texts: [max(1, len(t) // 4) for t in texts],
    ]
)


@given(PAGES, COUNTS, st.integers(4, 40), st.integers(0, 3))
def test_properties(pages, count, limit, overlap):
    parsed, made = chunks(pages, limit, overlap, count)
    covered = set()
    for c in made:
        assert c.text == parsed.text[c.start : c.end] == c.text.strip() != ""
        assert count([c.text])[0] <= limit or len(c.text) == 1
        pages_of = {s.page for s in parsed.spans if s.start < c.end and c.start < s.end}
        assert pages_of == {c.page}
        covered |= set(range(c.start, c.end))
    assert all(i in covered for i, char in enumerate(parsed.text) if not char.isspace())
    assert len({c.id for c in made}) == len(made)
    assert [c.start for c in made] == sorted(c.start for c in made)
    if not overlap:
        assert all(a.end <= b.start for a, b in pairwise(made))
    assert chunks(pages, limit, overlap, count)[1] == made


def test_large_documents_take_seconds():
    lines = "\n".join(f"line {i} of the log says that the value is {i * 7}" for i in range(100_000))
    prose = ("The quick brown fox jumps over the lazy dog again. " * 20 + "\n\n") * 2_000
    for text in (lines, prose):
        start = time.perf_counter()
        _, made = chunks(one_page(*text_blocks(text)), 200, 1, lambda ts: [len(t) // 4 for t in ts])
        assert time.perf_counter() - start < 15
        assert len(made) > 1_000


def test_blocks_without_a_token_take_no_longer():
    rows = one_page(*[Block("x", "row")] * 40_000)
    start = time.perf_counter()
    _, made = chunks(rows, 200, 1, lambda texts: [0] * len(texts))
    assert time.perf_counter() - start < 5
    assert len(made) < 250


def test_texts_are_counted_in_pieces_and_long_ones_not_at_all():
    calls = []

    def count(texts):
        calls.append(texts)
        return words(texts)

    chunks(one_page(Block("ab " * 400_000), *[Block("moon")] * 1000), 20, 0, count)
    assert max(sum(map(len, texts)) for texts in calls) < 300_000
    assert max(len(text) for texts in calls for text in texts) <= 16 * 21


def test_thai_and_the_like_count_letters_as_a_clause_may_be_one_unknown_word():
    clauses = [chr(0x0E01 + n) * 40 for n in range(20)]
    _, cut = chunks(one_page(Block(" ".join(clauses))), limit=20)
    assert max(len(c.text) for c in cut) <= 20 * 4 + 4  # some spaces
    _, latin = chunks(one_page(Block(" ".join("word" * 10 for _ in clauses))), limit=20)
    assert max(len(c.text) for c in latin) > 200
