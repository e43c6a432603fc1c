"""Refusal in languages that the embedded encoder hardly knows.

    python -m benchmarks.languages FILE… --work FOLDER [--questions 200]

A file has questions in the form of SQuAD, as XQuAD (``xquad.zh.json``) and JSQuAD do. Every second
of its first 240 paragraphs is in one library, the others are in a second one, and each question is
asked of both: of the half that answers it and of the half that does not, which mostly has other
paragraphs of the same article. The table shows for levels of `lead_in_words` how many percent are
refused by mistake and how many rightly, on even questions (to choose on) and odd ones (to report).
The last line of a file is what the pipeline with its quotes refuses.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks._report import table
from benchmarks.answers import library
from benchmarks.refusal import fitted
from rag.generate.relevance import FITTED_BY_WORDS, lead_in_words
from ranklens.library import Library

PARAGRAPHS = 240
LEVELS = (0.1, 0.12, 0.13, 0.14, 0.15, 0.16, 0.18, 0.2, 0.25, 0.3)
TITLE = " [SEP] "  # what JSQuAD puts between the title and the paragraph


class Outcome(NamedTuple):
    """What came of one question asked of one half; ``even``: it is one to choose a level on."""

    even: bool
    answerable: bool
    lead: float
    refused: bool


def main() -> None:
    """Ask, fit on the even questions of all files, and print each file's curve."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="where the libraries are kept")
    parser.add_argument("--questions", type=int, default=200, help="of each file")
    options = parser.parse_args()
    rows, even = [], []
    for file in options.files:
        outcomes = list(asked(file, options.work / file.stem, options.questions))
        even += [one for one in outcomes if one.even]
        rows += curve(file.stem, outcomes)
    weights = fitted(np.array([(one.lead, one.answerable) for one in even], float))
    print("fitted on even questions:", np.round(weights, 2), "in use:", FITTED_BY_WORDS)
    print(table(["set", "level", "even: by mistake", "right", "odd: by mistake", "right"], rows))


def asked(file: Path, work: Path, most: int) -> Iterator[Outcome]:
    """Ask the questions of a file of both halves of its paragraphs."""
    articles = json.loads(file.read_text("utf-8"))["data"]
    paragraphs = [p for article in articles for p in article["paragraphs"]][:PARAGRAPHS]
    questions = [(n % 2, own["question"]) for n, p in enumerate(paragraphs) for own in p["qas"]]
    drawn = [questions[n * len(questions) // most] for n in range(min(most, len(questions)))]
    with ExitStack() as stack:
        halves = []
        for half in (0, 1):
            paths = written(paragraphs, half, work / str(half))
            halves.append(stack.enter_context(library(paths, work / str(half) / "library")))
        for number, (place, question) in enumerate(drawn):
            for half, lib in enumerate(halves):
                yield outcome(lib, question, number % 2 == 0, half == place)


def written(paragraphs: Sequence[dict[str, str]], half: int, folder: Path) -> list[Path]:
    """Write every second paragraph to a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(half, len(paragraphs), 2):
        paths.append(folder / f"{number}.txt")
        paths[-1].write_text(paragraphs[number]["context"].split(TITLE)[-1], "utf-8")
    return paths


def outcome(lib: Library, question: str, even: bool, answerable: bool) -> Outcome:
    """Ask one question."""
    trace = lib.pipeline.ask(question)
    terms = lib.pipeline.index.analyser_of([hit.chunk for hit in trace.evidence])
    lead = lead_in_words(trace, terms) if trace.evidence else 0.0
    return Outcome(even, answerable, lead, bool(trace.answer and trace.answer.refused))


def curve(name: str, outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Return a row for each level, and one for what was refused."""
    half = {even: [one for one in outcomes if one.even == even] for even in (True, False)}
    rows = []
    for level in LEVELS:
        cells = [shares(half[even], [one.lead < level for one in half[even]]) for even in half]
        rows.append([name, str(level), *cells[0], *cells[1]])
    cells = [shares(own, [one.refused for one in own]) for own in half.values()]
    return [*rows, [name, "the pipeline", *cells[0], *cells[1]]]


def shares(outcomes: Sequence[Outcome], refused: Sequence[bool]) -> list[str]:
    """Return the percentages that are refused of answerable questions, and of the others."""
    found = zip(outcomes, refused, strict=True)
    split: dict[bool, list[bool]] = {True: [], False: []}
    for one, gone in found:
        split[one.answerable].append(gone)
    return [f"{100 * sum(gone) / max(1, len(gone)):.0f}" for gone in split.values()]


if __name__ == "__main__":
    main()
