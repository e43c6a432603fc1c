"""How long chunks should be in a language that the encoder's vocabulary spells.

    python -m benchmarks.chunk_length FILE=LANGUAGE… [--limits 200 300 400]

A file has questions in the form of SQuAD (``xquad.ru.json=russian``); LANGUAGE is an analyser's
name. The paragraphs of an article are one document. BM25 ranks the chunks for each question, as it
mostly does alone in such languages, and the chunks are read in that order. *N×*: the share of
questions whose answer is read within as many characters as N paragraphs have, so that longer chunks
do not win by being longer. *first*: the first chunk holds the answer.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import numpy as np
from rank_bm25 import BM25Okapi

from benchmarks._report import table
from ingest.chunk import chunk
from ingest.loaders.base import Block, Page
from ingest.parsed import Parsed, assemble
from rag.models.encoder import Encoder
from rag.models.load import load_encoder
from rag.settings import load_settings
from rag.store.analyse import Analyser
from rag.types import Chunk

READ = (0.5, 1, 2, 4)  # paragraphs


class Sought(NamedTuple):
    """A question, the number of its document, and the characters that answer it."""

    text: str
    document: int
    start: int
    end: int


def main() -> None:
    """Print a row for each file and limit."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", help="FILE=LANGUAGE")
    parser.add_argument("--limits", type=int, nargs="+", default=[200, 300, 400])
    options = parser.parse_args()
    encoder, rows = load_encoder(load_settings()), []
    for name, _, language in (one.partition("=") for one in options.files):
        documents, questions = read(Path(name))
        for limit in options.limits:
            rows.append([Path(name).stem, str(limit)])
            rows[-1] += measured(documents, questions, Analyser(language), encoder, limit)
    print(table(["set", "tokens", "characters", *(f"{n}×" for n in READ), "first"], rows))


def read(file: Path) -> tuple[list[Parsed], list[Sought]]:
    """Return each article as a document, and the questions."""
    documents, questions = [], []
    for number, article in enumerate(json.loads(file.read_text("utf-8"))["data"]):
        own = [(p["context"], p["qas"]) for p in article["paragraphs"]]
        blocks = tuple(Block(text, "paragraph") for text, _ in own)
        documents.append(assemble("text/plain", [Page(None, blocks)]))
        for span, (_, asked) in zip(documents[-1].spans, own, strict=True):
            for one in asked:
                answer = one["answers"][0]
                start = span.start + answer["answer_start"]
                end = start + len(answer["text"])
                questions.append(Sought(one["question"], number, start, end))
    return documents, questions


def measured(
    documents: Sequence[Parsed],
    questions: Sequence[Sought],
    analyser: Analyser,
    encoder: Encoder,
    limit: int,
) -> list[str]:
    """Return the characters of a chunk, the shares of questions for `READ`, and that for first."""
    chunks = [
        (number, one)
        for number, parsed in enumerate(documents)
        for one in chunk(
            parsed,
            document=str(number),
            digest=str(number),
            count_tokens=encoder.count_tokens,
            limit=limit,
            overlap=1,
            most=10**6,
        )
    ]
    lexical = BM25Okapi([analyser(one.text) for _, one in chunks])
    needed, first = [], 0
    for sought in questions:
        terms = [term for group in analyser.question(sought.text) for term in group]
        order = np.argsort(-lexical.get_scores(terms), kind="stable")
        needed.append(characters(sought, [chunks[at] for at in order]))
        first += holds(sought, *chunks[order[0]])
    unit = mean(span.end - span.start for parsed in documents for span in parsed.spans)
    shares = [mean(one <= n * unit for one in needed) for n in READ]
    long = mean(one.end - one.start for _, one in chunks)
    return [f"{long:.0f}", *(f"{share:.3f}" for share in (*shares, first / len(questions)))]


def characters(sought: Sought, ranked: Sequence[tuple[int, Chunk]]) -> float:
    """Return how many characters are read up to the end of the answer, infinity if never."""
    read = 0
    for number, one in ranked:
        if holds(sought, number, one):
            return read + sought.end - one.start
        read += one.end - one.start
    return float("inf")


def holds(sought: Sought, number: int, one: Chunk) -> bool:
    """Return whether a chunk has the characters that answer."""
    return number == sought.document and one.start <= sought.start and sought.end <= one.end


if __name__ == "__main__":
    main()
