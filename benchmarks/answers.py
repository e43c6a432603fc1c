"""How often an answer without a language model is right, on questions with known answers.

    python -m benchmarks.answers --data DIR [--library FOLDER] [--each]

The questions are those of ``benchmarks/questions/sec-10-q.csv`` about eight quarterly reports,
asked of a library of these by the default pipeline, and those of ``sample_docs``. A row of the
file names the document and page of the answer, words of the line that answers (``labels``, each is
enough), and the figure or phrase in it (``values``). A row without values has no answer in the
reports, although they speak of its subject. Four documents, drawn by chance, are for tuning; the
figures to report come from the other four. Two sets were written later and tuned nothing:
``sec-10-q-pages.csv`` about other pages, drawn by chance, of the eight reports, and
``sec-10-q-other.csv`` about six other reports of the same collection (docugami's
KG-RAG-datasets, MIT), which are looked for in ``DIR/sec-10-q-other``.

``documents.csv`` is about made documents in ``benchmarks/data/documents`` such as users have (a
manual, a handbook, fees, orders, a German and a French contract), 16 of its questions without an
answer.

*found*: a passage of the evidence holds the line. *quoted*: a quote holds it. *first*: the first
quote holds it. *lead*: the bold short answer is right, or wrong. *right*: the lead is, or the first
quote if there is no lead. Sets without their reports are skipped by name. HotpotQA and the
chunking set, whose answers are known as passages only, are in ``benchmarks.extractive``; what each
rule gains is in ``benchmarks.ablation``.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from benchmarks._report import table
from rag.settings import load_settings
from rag.text.numbers import numbers, plain
from rag.types import Trace
from ranklens.library import Library

QUESTIONS = Path(__file__).parent / "questions"
SAMPLES = Path(__file__).parents[1] / "sample_docs"
DOCUMENTS = Path(__file__).parent / "data" / "documents"
HEAD = (
    "set", "questions", "found", "quoted", "first", "right", "lead right", "lead wrong", "refused"
)  # fmt: skip
_LEAD = re.compile(r"\*\*(.+?)\*\* — ")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question; without ``values`` it has no answer in its documents."""

    document: str
    page: int
    question: str
    labels: tuple[str, ...]
    values: tuple[str, ...]

    def answered_by(self, text: str) -> bool:
        """Return whether a text holds one of the labels and one of the values."""
        folded = " ".join(text.casefold().split())
        return any(label.casefold() in folded for label in self.labels) and any(
            re.search(rf"(?<![\w.,]){re.escape(value.casefold())}(?!\w|[.,]\d)", folded)
            for value in (value.lstrip("$").split(" (in ")[0] for value in self.values)
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question; ``lead`` is the bold short answer, empty if there is none."""

    found: bool
    quoted: bool
    first: bool
    lead_right: bool
    lead_wrong: bool
    refused: bool
    text: str

    @property
    def right(self) -> bool:
        """Whether what a reader sees first is right."""
        return self.lead_right or (self.first and not self.lead_wrong)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--library", type=Path, help="keep the library of the reports here")
    parser.add_argument("--each", action="store_true", help="print every question's answer")
    options = parser.parse_args()
    rows: list[list[str]] = []
    for folder, sets in REPORTS.items():
        reports = sorted((options.data / folder).glob("*.pdf"))
        if not reports:
            print(f"{folder} is skipped: there is no PDF in {options.data / folder}")
            continue
        with library(reports, options.library and options.library / folder) as lib:
            for name, asked in sets().items():
                rows += measured(name, asked, lib, options.each)
    with library(sample_paths()) as lib:
        rows += measured("samples", sample_questions(), lib, options.each)
    with library(sorted(DOCUMENTS.iterdir())) as lib:
        rows += measured("documents", read("documents.csv"), lib, options.each)
    print(table(HEAD, rows))


def read(file: str) -> list[Asked]:
    """Read the questions of a file in `QUESTIONS`."""
    with (QUESTIONS / file).open(encoding="utf-8", newline="") as lines:
        return [
            Asked(
                row["document"],
                int(row["page"] or 0),
                row["question"],
                tuple(row["labels"].split(" / ")),
                tuple(filter(None, row["values"].split(" / "))),
            )
            for row in csv.DictReader(lines)
        ]


def eight_reports() -> dict[str, list[Asked]]:
    """Return the sets about the eight reports."""
    return {**split(read("sec-10-q.csv")), "10-Q, other pages": read("sec-10-q-pages.csv")}


def other_reports() -> dict[str, list[Asked]]:
    """Return the set about reports that nothing was tuned on."""
    return {"10-Q, other reports": read("sec-10-q-other.csv")}


REPORTS = {"sec-10-q": eight_reports, "sec-10-q-other": other_reports}


def split(asked: Sequence[Asked]) -> dict[str, list[Asked]]:
    """Return the questions to tune on and those to report: all of a document are in one half."""
    documents = sorted({one.document for one in asked})
    tuned = set(random.Random(0).sample(documents, len(documents) // 2))
    return {
        "10-Q, tune": [one for one in asked if one.document in tuned],
        "10-Q, report": [one for one in asked if one.document not in tuned],
    }


def sample_paths() -> list[Path]:
    """Return the sample documents."""
    apart = ("README.md", "questions.jsonl")
    return [path for path in sorted(SAMPLES.iterdir()) if path.name not in apart]


def sample_questions() -> list[Asked]:
    """Return the questions of ``sample_docs``; a quote is right if it overlaps a gold quote.

    Their answers are sentences, so a lead is right if the answer holds it.
    """
    rows = [json.loads(line) for line in (SAMPLES / "questions.jsonl").open(encoding="utf-8")]
    return [
        Asked(
            "",
            0,
            row["question"],
            tuple(gold["quote"] for gold in row.get("gold", ())),
            (row["answer"],) if row["kind"] != "unanswerable" else (),
        )
        for row in rows
    ]


@contextmanager
def library(paths: Sequence[Path], kept: Path | None = None) -> Iterator[Library]:
    """Open a library of files, in a folder that is kept, or else in one that is deleted."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings().updated(library=kept or Path(folder))
        with Library.open(settings) as lib:
            if not lib.documents():
                for path in paths:
                    lib.enqueue(path)
                lib.work()
            yield lib


def measured(
    name: str, asked: Sequence[Asked], lib: Library, each: bool = False
) -> list[list[str]]:
    """Ask the questions; return a row for those with an answer and one for those without."""
    outcomes = [judged(one, lib.pipeline.ask(one.question)) for one in asked]
    if each:
        for one, outcome in zip(asked, outcomes, strict=True):
            print(_shown(one, outcome))
    answerable = [o for one, o in zip(asked, outcomes, strict=True) if one.values]
    others = [o for one, o in zip(asked, outcomes, strict=True) if not one.values]
    rows = [(name, answerable), (f"{name}, no answer", others)]
    return [counted(title, own) for title, own in rows if own]


def judged(asked: Asked, trace: Trace) -> Outcome:
    """Compare an answer with what is known."""
    answer = trace.answer
    assert answer is not None
    chunks = {hit.chunk.id: hit.chunk for hit in trace.given}
    quotes = [
        chunks[c.chunk_id].text[c.quote_start or 0 : c.quote_end or 0] for c in answer.citations
    ]
    held = asked.answered_by if asked.document else lambda text: _overlaps(asked, text)
    right = [held(quote) for quote in quotes]
    lead = match[1] if (match := _LEAD.match(answer.text)) else ""
    good = bool(lead) and bool(asked.values) and _same(asked, lead)
    return Outcome(
        any(held(hit.chunk.text) for hit in trace.given) if asked.values else False,
        any(right),
        right[:1] == [True],
        good,
        bool(lead) and not good,
        answer.refused,
        answer.text,
    )


def _overlaps(asked: Asked, text: str) -> bool:
    folded = " ".join(text.split())
    golds = [" ".join(label.split()) for label in asked.labels]
    return any(gold in folded or (len(folded) > 10 and folded in gold) for gold in golds)


def _same(asked: Asked, lead: str) -> bool:
    """Return whether a lead gives one of the values: the words, or the same first figure.

    A value of the question that holds a unit in brackets is right with it only.
    """
    if not asked.document:
        return lead.casefold() in asked.values[0].casefold()
    folded = lead.casefold()
    if any(value.casefold() in folded for value in asked.values):
        return True
    found = [plain(number) for number in numbers(lead)[:1]]
    plain_values = (value for value in asked.values if "(in " not in value)
    return any(found == [plain(n) for n in numbers(value)[:1]] != [] for value in plain_values)


def counted(name: str, outcomes: Sequence[Outcome]) -> list[str]:
    """Return a row of counts."""
    names = ("found", "quoted", "first", "right", "lead_right", "lead_wrong", "refused")
    sums = [str(sum(getattr(outcome, one) for outcome in outcomes)) for one in names]
    return [name, str(len(outcomes)), *sums]


def _shown(asked: Asked, outcome: Outcome) -> str:
    flags = [f.name for f in fields(outcome) if f.name != "text" and getattr(outcome, f.name)]
    text = outcome.text if len(outcome.text) < 500 else outcome.text[:500] + "…"
    return f"? {asked.question}\n  = {' / '.join(asked.values)}   [{', '.join(flags)}]\n  {text}\n"


if __name__ == "__main__":
    main()
