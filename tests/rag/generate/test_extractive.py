import time

import pytest

from rag.generate.answer import Answering
from rag.generate.base import REFUSAL
from rag.generate.extractive import ExtractiveGenerator
from rag.generate.units import units
from rag.types import Chunk, Hit
from tests.rag.generate.encoder import CountingEncoder

VOYAGER = "Space is large. Voyager 2 was launched on 20 August 1977 from Florida. It is far away."
MARS = "Mars has two small moons. They were found in 1877 by Asaph Hall."


def hits(*texts):
    return tuple(
        Hit(Chunk(f"c{n}", f"doc{n}.txt", 0, len(text), text), n, 1.0 / n)
        for n, text in enumerate(texts, 1)
    )


def ask(question, *texts, encoder=None):
    answering = Answering(ExtractiveGenerator(encoder or CountingEncoder()), question, hits(*texts))
    assert "".join(answering) == answering.answer.text
    return answering.answer


def test_the_fact_comes_first_and_its_sentence_is_cited_to_the_character():
    answer = ask("When was Voyager 2 launched?", MARS, VOYAGER)
    assert answer.text.startswith("**20 August 1977** — Voyager 2 was launched on 20 August 1977")
    first = answer.citations[0]
    assert (first.number, first.chunk_id) == (2, "c2")
    quoted = VOYAGER[first.quote_start : first.quote_end]
    assert quoted == "Voyager 2 was launched on 20 August 1977 from Florida."
    assert (answer.generator, answer.refused, answer.error) == ("extractive", False, "")


def test_every_citation_has_its_own_quote():
    answer = ask("Voyager launched Mars moons found", MARS, VOYAGER)
    spans = [(c.chunk_id, c.quote_start, c.quote_end) for c in answer.citations]
    assert len(spans) == len(set(spans)) >= 2
    assert None not in {value for span in spans for value in span}


def test_at_most_four_sentences_and_each_once():
    text = (
        "Mars is red. " * 3 + "Mars is cold. Mars is far. Mars is dry. Mars is old. Mars is here."
    )
    answer = ask("Mars", text, text)
    assert answer.text.count("Mars is") == 4
    assert answer.text.count("Mars is red. [1] [2]") == 1


def test_nothing_relevant_is_refused():
    answer = ask("Which quarter brought the highest revenue?", MARS, VOYAGER)
    assert answer.text == REFUSAL
    assert answer.refused
    assert answer.citations == ()


def test_a_row_answers_with_its_cell():
    row = "Mission: Voyager 2; Launched: 1977; Planet: Neptune"
    answer = ask("When was Voyager 2 launched?", "Mission: Pioneer; Launched: 1972\n" + row)
    assert answer.text.startswith("**1977** — Voyager 2 — Launched: 1977 · Planet: Neptune [1]")


def test_markers_in_a_document_are_no_citations():
    answer = ask("How many moons has Mars?", "Mars has two moons.[2] `x Mars [1]", "Other words.")
    assert {c.number for c in answer.citations} == {1}
    assert "[2]" not in answer.text
    assert all(c.quote_start is not None for c in answer.citations)


def test_a_question_without_words_is_refused_and_odd_texts_do_no_harm():
    assert ask("???", "Mars.").refused
    assert ask("Mars moons", "\n\n", "🌕🌕", "Mars moons 🌕 é.").citations[0].number == 3


def test_words_of_the_heading_do_not_shift_the_tokens():
    chunk = Chunk("c", "a long document name.txt", 40, 80, VOYAGER, heading=("Part", "Section"))
    answering = Answering(
        ExtractiveGenerator(CountingEncoder()), "Voyager launched", (Hit(chunk, 1, 1.0),)
    )
    list(answering)
    citation = answering.answer.citations[0]
    assert VOYAGER[citation.quote_start :].startswith("Voyager 2")


def test_repeated_sentences_of_overlapping_passages_are_one_candidate():
    twice = [Hit(Chunk(f"c{n}", "doc.txt", 0, len(MARS), MARS), n, 1.0) for n in (1, 2)]
    assert [unit.number for unit in units(twice)] == [1, 1]


def test_the_real_encoder_answers_and_refuses(encoder):
    answer = ask("Who found the moons of Mars?", VOYAGER, MARS, encoder=encoder)
    assert answer.citations[0].number == 2
    assert ask("How do I bake sourdough bread?", VOYAGER, MARS, encoder=encoder).refused


@pytest.mark.slow
def test_five_passages_take_well_under_a_second(encoder):
    passages = [" ".join([VOYAGER, MARS] * 4)[:900] + str(n) for n in range(5)]
    ask("When was Voyager 2 launched?", *passages, encoder=encoder)
    started = time.process_time()
    ask("When was Voyager 2 launched?", *passages, encoder=encoder)
    assert time.process_time() - started < 2.0
