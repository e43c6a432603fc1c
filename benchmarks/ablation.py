"""What each rule of the answers without a language model gains.

    python -m benchmarks.ablation --data DIR [--library FOLDER] [--rules NAME …]

Searches once for every question, then has it answered with all rules, and with each rule switched
off. The sets are those of ``benchmarks.answers`` (figures: *right*, what a reader sees first, and
the bold leads that are right and wrong), HotpotQA and the chunking set of ``benchmarks.extractive``
(figure: *first*, the share of questions whose first quote stands in a gold passage). Only questions
on which nothing was tuned count: of HotpotQA those from the 101st on, of the chunking set two of
three, of the reports the half for reporting and the sets written later.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from unittest.mock import patch

from benchmarks import answers, extractive
from benchmarks._report import table
from rag.evaluate.experiments.side_by_side import with_answer
from rag.generate.extract import cells, facts, likeness, scoring, tables, units
from rag.generate.extract.generator import ExtractiveGenerator
from rag.models.encoder import Encoder
from rag.models.load import load_encoder
from rag.models.token_codes import token_codes
from rag.pipeline import Pipeline
from rag.settings import load_settings
from rag.text import periods
from rag.types import Trace
from ranklens.library import Library

HOTPOTQA, CHUNKING = slice(100, 300), slice(1, None, 3)
Change = tuple[object, str, object]
WIDEN = "passages beside the best"


def _nothing(*_: object) -> str:
    return ""


def _without_required(unit: object, asked: object, known: object, required: object) -> object:
    return cells.cell(unit, asked, known, frozenset())


def _any_quarter(wanted: periods.Period, own: object, home: object) -> list[int]:
    return _of_quarter(wanted, own, periods.period(""))


_of_quarter = periods._of_quarter
RULES: Mapping[str, Sequence[Change]] = {
    "likeness of tokens (MaxSim)": [(likeness, "maxsim", lambda *_: 0.0)],
    "shared words": [(scoring, "_WORDS", 0.0), (scoring, "_HEADINGS", 0.0)],
    "shared words of the headings": [(scoring, "_WORDS", 0.8), (scoring, "_HEADINGS", 0.0)],
    "rank of the passage": [(scoring, "_RANK", 0.0)],
    "fit of the cell": [(scoring, "_CELL", 0.0)],
    "a cell that is sure": [(scoring, "_SURE", 0.0)],
    "another time in a sentence": [(scoring, "_OTHER_TIME", 0.0)],
    "a denial of the question": [(scoring, "_DENIED", 0.0)],
    "names known of a document": [
        (scoring, "_known", lambda _, hits, __: {h.chunk.document: frozenset() for h in hits})
    ],
    "words that set rows apart": [(scoring, "cell", _without_required)],
    "leads of rows with named columns": [(cells, "_of_pairs", _nothing)],
    "form of a value": [(cells, "_may_be", lambda *_: True)],
    "leads of sentences": [(scoring, "short_answer", _nothing)],
    "the figure of the time asked for": [(facts, "_of_time", lambda found, *_: found)],
    "lists and answers with what is above": [(units, "_with_lists", lambda _, found: iter(found))],
    "tables over several passages": [
        (units, "_touching", lambda hits: [[(n, h.chunk)] for n, h in enumerate(hits, 1)])
    ],
    "headers over several columns": [(tables, "_spread", lambda _, leaf: [""] * len(leaf))],
    "what stands above a table": [(tables, "_above", _nothing)],
    "units of tables": [(tables, "_unit", _nothing)],
    "a company's own quarters": [(periods, "_of_quarter", _any_quarter)],
    WIDEN: [],
}


@dataclass(frozen=True, slots=True)
class Set:
    """Questions whose passages are found: ``figures`` answers them all and counts."""

    name: str
    head: tuple[str, ...]
    figures: Callable[[bool], tuple[float, ...]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--library", type=Path, help="keep the libraries of the reports here")
    parser.add_argument("--rules", nargs="+", choices=[*RULES], default=[*RULES])
    options = parser.parse_args()
    with ExitStack() as stack:
        sets = list(prepared(options.data, options.library, stack))
        head = ["without", *(f"{one.name}: {figure}" for one in sets for figure in one.head)]
        rows = [["nothing", *counted(sets, True)]]
        for rule in options.rules:
            with off(RULES[rule]):
                rows.append([rule, *counted(sets, rule != WIDEN)])
            print(" | ".join(rows[-1]), flush=True)
    print(table(head, rows))


@contextmanager
def off(changes: Sequence[Change]) -> Iterator[None]:
    """Switch a rule off."""
    with ExitStack() as stack:
        for where, name, value in changes:
            stack.enter_context(patch.object(where, name, value))
        yield


def counted(sets: Sequence[Set], widened: bool) -> list[str]:
    """Return the figures of all sets; counts are whole, shares have three decimals."""
    found = [figure for one in sets for figure in one.figures(widened)]
    return [f"{figure:.3f}" if isinstance(figure, float) else str(figure) for figure in found]


def prepared(data: Path, kept: Path | None, stack: ExitStack) -> Iterator[Set]:
    """Yield the sets whose data is there, with everything that is no part of an answer done."""
    for folder, sets in answers.REPORTS.items():
        if reports := sorted((data / folder).glob("*.pdf")):
            lib = stack.enter_context(answers.library(reports, kept and kept / folder))
            for name, asked in sets().items():
                if name != "10-Q, tune":
                    yield answered(name, [one for one in asked if one.values], lib)
    lib = stack.enter_context(answers.library(answers.sample_paths()))
    yield answered("samples", [one for one in answers.sample_questions() if one.values], lib)
    lib = stack.enter_context(answers.library(sorted(answers.DOCUMENTS.iterdir())))
    yield answered("documents", [one for one in answers.read("documents.csv") if one.values], lib)
    encoder = load_encoder(load_settings())
    yield first("HotpotQA", encoder, *extractive.hotpotqa(data / "hotpotqa", HOTPOTQA))
    yield first("chunking", encoder, *extractive.chunking(data / "chunking", CHUNKING, encoder))


def answered(name: str, asked: Sequence[answers.Asked], lib: Library) -> Set:
    """Return a set of questions with known answers, searched for once."""
    pairs = [(one, lib.pipeline.search(one.question)) for one in asked]
    return Set(name, ("right", "leads right", "wrong"), partial(_right, pairs, lib.pipeline))


def _right(
    pairs: Sequence[tuple[answers.Asked, Trace]], pipeline: Pipeline, widened: bool
) -> tuple[float, ...]:
    pipeline = pipeline if widened else pipeline.with_settings(widen="off")
    outcomes = [answers.judged(asked, with_answer(pipeline, trace)) for asked, trace in pairs]
    figures = ("right", "lead_right", "lead_wrong")
    return tuple(sum(getattr(one, figure) for one in outcomes) for figure in figures)


def first(
    name: str,
    encoder: Encoder,
    chunks: Sequence[extractive.Chunk],
    questions: Sequence[extractive.Question],
) -> Set:
    """Return a set of questions with known passages; their token vectors are computed once."""
    found = extractive.retrieve(encoder, chunks, questions)
    passages = list({hit.chunk.passage for _, hits in found for hit in hits})
    rows = encoder.encode_tokens(passages)
    packed = {
        passage: token_codes(own.shape[1]).pack(own)
        for passage, own in zip(passages, rows, strict=True)
    }
    generator = ExtractiveGenerator(encoder, lambda wanted: [packed.get(p) for p in wanted])
    return Set(name, ("first",), partial(_first, found, generator))


def _first(
    found: Sequence[tuple[extractive.Question, Sequence[extractive.Hit]]],
    generator: ExtractiveGenerator,
    _widened: bool,
) -> tuple[float, ...]:
    good = 0
    for asked, hits in found:
        quotes, _ = extractive.cited(generator, asked.text, hits)
        good += any(extractive.overlap(quote, gold) for quote in quotes[:1] for gold in asked.gold)
    return (good / len(found),)


if __name__ == "__main__":
    main()
