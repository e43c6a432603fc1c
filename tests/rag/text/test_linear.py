"""Twice the text takes about twice the time, whatever its characters."""

from contextlib import suppress

import pytest

from rag.chat import export, rewrite
from rag.chat import words as chat_words
from rag.evaluate.judgements import proposals, question_writer
from rag.evaluate.judgements.anchors import locate
from rag.generate import support
from rag.generate.citations import CitationParser, numbers_in, without_markers
from rag.generate.extract import facts, question, tables
from rag.inspect import duplicates
from rag.llm.faults import words_of
from rag.llm.thinking import ThinkingParser
from rag.rerank.llm_listwise import read_order
from rag.rerank.llm_pointwise import read_rating
from rag.retrieve import expand
from rag.retrieve.filters import mentioned
from rag.store.analyse import Analyser
from rag.text import (
    identifiers,
    names,
    numbers,
    passages,
    periods,
    quoting,
    sentences,
    spans,
    words,
)
from rag.types import Answer
from tests.linear import grows_linearly, processor_seconds
from ui.shared import prose, source_table

SIZES = (3_000, 12_000)  # characters
ENOUGH = 0.03  # seconds: anything faster is no hole

REPEATED = {
    "dots": ".",
    "initials": "A. ",
    "spaces": " ",
    "ordinals": "am 1. ",
    "lines": "\n",
    "digits": "1",
    "thousands": "1,000,",
    "versions": "1.2.",
    "decades": "19",
    "brackets": "[",
    "parentheses": "(",
    "numbered": "(1)",
    "capitals": "Aa ",
    "letters": "A",
    "commas": ",",
    "closers": ".)",
    "quotes": "«",
    "questions": "? ",
    "dollars": "$ ",
    "hyphens": "a-",
    "underscores": "a_",
    "backticks": "`",
    "dates": "May 1 ",
    "how many": "how many ",
    "pairs": "a: b; ",
    "bars": "a | 1\n",
    "at signs": "@ ",
    "tags": "[1] ",
    "clocks": "is it ",
    "mixed": "A.b 1,2 (c) “d” [e] ",
    "code": "```\na b\n```\nIt is so. ",
    "hanzi": "土",
    "styles": "`a` **b** ",
    "bold": "**a",
    "angles": "<",
    "thoughts": "<think>",
    "objects": '[{"a',
    "fences": "```\n",
    "sevens": "7/",
}


def or_fault(read):
    """Return a reader whose faults are no fault here."""

    def reading(text):
        with suppress(ValueError):
            read(text)

    return reading


DATE = question.ParsedQuestion.read("When was it built?")
AMOUNT = question.ParsedQuestion.read("How much did it cost?")
READERS = {
    "sentences": sentences.sentences,
    "parts": passages.parts,
    "is_row": passages.is_row,
    "words": words.words,
    "terms": words.terms,
    "compounds": words.COMPOUND.findall,
    "names": names.names,
    "name_words": lambda text: list(names.name_words(text)),
    "full_names": lambda text: list(names.full_names(text)),
    "identifiers": lambda text: list(identifiers.identifiers(text)),
    "mentions": lambda text: identifiers.unknown("the B-900 or 2.3.1?", [text]),
    "amounts": numbers.AMOUNT.findall,
    "numbers": numbers.numbers,
    "plain": numbers.plain,
    "is_value": numbers.is_value,
    "dates": periods.DATE.findall,
    "period": periods.period,
    "is_period": periods.is_period,
    "question": question.ParsedQuestion.read,
    "date": lambda text: facts.short_answer(text, DATE),
    "amount": lambda text: facts.short_answer(text, AMOUNT),
    "rows": lambda text: tables.table_rows(text, "A | B"),
    "cells": lambda text: tables.table_rows(f"{text} | {text}"),
    "pairs": lambda text: tables.pairs(f"A: b; {text}", 0),
    "without_markers": without_markers,
    "numbers_in": numbers_in,
    "citations": lambda text: CitationParser(()).feed(text),
    "statements": lambda text: support.sentences(Answer(text, (), "m", False, 0.0), ()),
    "missing numbers": lambda text: support.missing_numbers(text, text),
    "missing names": lambda text: support.missing_names(text, ""),
    "verbatim": lambda text: support.verbatim(text, text),
    "topic": chat_words.content,
    "points_back": chat_words.points_back,
    "mentioned": lambda text: mentioned(text + "@", lambda: ()),
    "analyse": Analyser("english"),
    "prose": prose.written,
    "table": lambda text: source_table.columns(text, [(0, len(text)), (0, len(text))]),
    "markdown": export.literal,
    "carried": lambda text: rewrite.carried(text, text),
    "defused": quoting.defused,
    "as_it_reads": quoting.as_it_reads,
    "on_one_line": lambda text: quoting.on_one_line(text, 100),
    "shorten": lambda text: quoting.shorten(text, 100),
    "boundary": lambda text: quoting.boundary([text]),
    "pieces": lambda text: list(spans.pieces(text, 0, len(text), 100)),
    "refusal": words_of,
    "thinking": lambda text: [*(one := ThinkingParser()).feed(text), *one.finish()],
    "order": lambda text: read_order(text, 20),
    "rating": read_rating,
    "grade": or_fault(proposals.read_grade),
    "written questions": or_fault(question_writer.read_questions),
    "variant": or_fault(lambda text: expand.usable("query", text, "?")),
    "hypothetical": or_fault(lambda text: expand.usable(expand.HYDE, text, "?")),
    "shingles": duplicates.shingles,
    "located": lambda text: locate(text[::2], text, len(text) // 2, loose=True),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_time_grows_with_the_text(read):
    for name, repeated in REPEATED.items():
        for end in ("", "x", "1"):
            once, often = (repeated * (size // len(repeated)) + end for size in SIZES)
            assert grows_linearly(read, once, often, ENOUGH), name


@pytest.mark.parametrize("text", ["." * 100_000, "A. " * 700_000, "。" * 100_000])
def test_a_text_that_took_minutes_takes_seconds(text):
    assert processor_seconds(sentences.sentences, text) < 5
