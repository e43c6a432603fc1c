"""Twice the text takes about twice the time, whatever its characters."""

import time

import pytest

from rag.text import passages, sentences

SIZE = 12_000  # characters; four times as many are compared with it
SLOWER = 9  # times at most: 4 where time is linear, 16 where it grows like a square
ENOUGH = 0.05  # seconds: anything faster is no hole

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
    "mixed": "A.b 1,2 (c) “d” [e] ",
    "hanzi": "土",
}

READERS = {
    "sentences": sentences.sentences,
    "parts": passages.parts,
    "is_row": passages.is_row,
}


def seconds(read, text, times=3):
    """Return the processor's time, the least of several."""
    taken = []
    for _ in range(times):
        started = time.process_time()
        read(text)
        taken.append(time.process_time() - started)
    return min(taken)


@pytest.mark.parametrize("repeated", REPEATED.values(), ids=REPEATED)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize("end", ["", "x", "1"])
def test_time_grows_with_the_text(read, repeated, end):
    once, often = (repeated * (size // len(repeated)) + end for size in (SIZE, 4 * SIZE))
    if (longer := seconds(read, often)) > ENOUGH:
        assert longer < SLOWER * seconds(read, once)


@pytest.mark.parametrize("text", ["." * 100_000, "A. " * 700_000, "。" * 100_000])
def test_a_text_that_took_minutes_takes_seconds(text):
    assert seconds(sentences.sentences, text, times=1) < 5
