"""Twice the text takes about twice the time, whatever its characters."""

import time

import pytest

from rag.chat import words as chat_words
from rag.generate import support
from rag.generate.citations import CitationParser, numbers_in, without_markers
from rag.generate.extract import facts, question, rows, tables
from rag.retrieve.filters import mentioned
from rag.store.analyse import Analyser
from rag.text import identifiers, names, numbers, passages, periods, sentences, words
from rag.types import Answer

SIZES = (5_000, 20_000)  # characters
SLOWER = 9  # times at most: 4 if time is linear, 16 if it grows like a square
ENOUGH = 0.03  # seconds: anything faster is no hole

REPEATED = {
    "dots": ".",
    "initials": "A. ",
    "spaces": " ",
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
}

DATE = question.ParsedQuestion.read("When was it built?")
COUNT = question.ParsedQuestion.read("How many towers has it?")
PERSON = question.ParsedQuestion.read("Who built it?")
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
    "places": lambda text: list(names.places(text)),
    "identifiers": lambda text: list(identifiers.identifiers(text)),
    "mentions": lambda text: identifiers.unknown("the B-900 or 2.3.1?", [text]),
    "amounts": numbers.AMOUNT.findall,
    "counts": numbers.COUNT.findall,
    "numbers": numbers.numbers,
    "plain": numbers.plain,
    "is_value": numbers.is_value,
    "dates": periods.DATE.findall,
    "period": periods.period,
    "is_period": periods.is_period,
    "question": question.ParsedQuestion.read,
    "date": lambda text: facts.short_answer(text, DATE),
    "count": lambda text: facts.short_answer(text, COUNT),
    "person": lambda text: facts.short_answer(text, PERSON),
    "rows": lambda text: tables.table_rows(text, ("A | B",)),
    "cells": lambda text: tables.table_rows(f"{text} | {text}"),
    "columns": rows.columns,
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
}


def seconds(read, text, times=3):
    """Return the processor's time, the least of several."""
    taken = []
    for _ in range(times):
        started = time.process_time()
        read(text)
        taken.append(time.process_time() - started)
    return min(taken)


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_time_grows_with_the_text(read):
    for name, repeated in REPEATED.items():
        for end in ("", "x", "1"):
            once, often = (repeated * (size // len(repeated)) + end for size in SIZES)
            longer = seconds(read, often, times=1)
            if longer > ENOUGH:
                assert min(longer, seconds(read, often)) < SLOWER * seconds(read, once), name


@pytest.mark.parametrize("text", ["." * 100_000, "A. " * 700_000, "。" * 100_000])
def test_a_text_that_took_minutes_takes_seconds(text):
    assert seconds(sentences.sentences, text, times=1) < 5
