"""Texts and questions for the benchmarks: SQuAD's paragraphs where they are, else made ones."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DATA = Path("../shared/data")
WORDS_A_TEXT = 115  # about 150 tokens, as a chunk has


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a gzipped JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def texts_and_questions(count: int, questions: int) -> tuple[list[str], list[str]]:
    """Return ``count`` different texts of about 150 tokens and questions about them."""
    folder = DATA / "train"
    if not (folder / "squad_paragraphs.jsonl.gz").is_file():
        return made_texts(count), made_texts(questions, words=9)
    words = " ".join(
        row["text"] for row in read_lines(folder / "squad_paragraphs.jsonl.gz")
    ).split()
    starts = range(0, len(words) - WORDS_A_TEXT, WORDS_A_TEXT)
    texts = [" ".join(words[start : start + WORDS_A_TEXT]) for start in starts][:count]
    asked = [row["question"] for row in read_lines(folder / "pairs.jsonl.gz")][
        : 40 * questions : 40
    ]
    return texts + made_texts(count - len(texts)), asked[:questions]


def made_texts(count: int, words: int = WORDS_A_TEXT) -> list[str]:
    """Return texts of made-up words whose frequencies fall as those of a language do (Zipf)."""
    drawn = random.Random(words)
    syllables = [a + b for a in "bdfgklmnprstv" for b in ("a", "e", "i", "o", "u", "ar", "en")]
    vocabulary = ["".join(drawn.choices(syllables, k=drawn.randint(1, 4))) for _ in range(30_000)]
    weights = [1 / rank for rank in range(1, len(vocabulary) + 1)]
    return [" ".join(drawn.choices(vocabulary, weights, k=words)) for _ in range(count)]
