"""BEIR's layout: corpus.jsonl, queries.jsonl and qrels, gzipped or not.

Thakur et al., "BEIR", NeurIPS Datasets and Benchmarks 2021.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ingest.datasets.base import CorpusRow, Dataset, Gold, read_items
from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.evaluate.faults import raise_faults, read_rows
from rag.evaluate.lines import filled, filled_lines, json_object, limited, read_lines
from rag.text.plural import plural

QRELS = ("qrels/test.tsv", "qrels.tsv", "qrels/dev.tsv")


def find(folder: Path, name: str) -> Path | None:
    """Return the file, or its gzipped twin, or None."""
    return next((p for p in (folder / name, folder / f"{name}.gz") if p.is_file()), None)


def read(folder: Path, most: int) -> Dataset:
    """Read a folder in BEIR's layout; questions without judgements are left out.

    ``most``: MB that each of its files may unpack to.
    """
    corpus = _needed(folder, "corpus.jsonl")
    queries = _needed(folder, "queries.jsonl")
    qrels_path = _needed(folder, *QRELS)
    rows = read_items(corpus, filled_lines(read_lines(corpus, most)), _document, "document")
    known = _questions(queries, most)
    qrels: dict[str, dict[str, int]] = {}
    for gold in _qrels(qrels_path, most):
        qrels.setdefault(gold.question, {})[gold.document] = gold.grade
    questions = tuple(question for name, question in known.items() if name in qrels)
    if not questions:
        raise RanklensError(f"{qrels_path} judges no question of {queries}")
    notes = []
    if strange := sum(item not in rows for found in qrels.values() for item in found):
        documents = plural(strange, "judged document is", "judged documents are")
        notes.append(f"{documents} not in the corpus, which counts as not found")
    if unknown := len(qrels.keys() - known.keys()):
        judged = plural(unknown, "judged question is", "judged questions are")
        notes.append(f"{judged} not in {queries.name}")
    return Dataset(
        folder.name, questions, rows=tuple(rows.values()), qrels=qrels, notes=tuple(notes)
    )


def read_questions(folder: Path, most: int) -> tuple[tuple[Question, ...], tuple[Gold, ...]]:
    """Read questions with the judged documents as golds without quote; the corpus is not needed.

    A row that judges no question of the file is a fault.
    """
    queries, qrels_path = _needed(folder, "queries.jsonl"), _needed(folder, *QRELS)
    known = _questions(queries, most)
    golds = _qrels(qrels_path, most)
    raise_faults(
        str(qrels_path),
        [
            f"line {gold.line}: question {gold.question!r} is not in {queries.name}"
            for gold in golds
            if gold.question not in known
        ],
    )
    judged = {gold.question for gold in golds}
    return tuple(q for q in known.values() if q.id in judged), golds


def _needed(folder: Path, *names: str) -> Path:
    for name in names:
        if path := find(folder, name):
            return path
    raise RanklensError(f"{folder} has no {' or '.join(names)} (gzipped or not)")


def _questions(path: Path, most: int) -> dict[str, Question]:
    rows = limited(filled_lines(read_lines(path, most)), str(path))
    return read_items(path, rows, _question, "question")


def _document(line: str) -> CorpusRow:
    data = json_object(line)
    title, text = data.get("title") or "", data.get("text")
    if not isinstance(text, str) or not isinstance(title, str):
        raise ValueError("a document needs _id and text")
    return CorpusRow(_id(data), title.strip(), text.strip())


def _question(line: str) -> Question:
    data = json_object(line)
    return Question(_id(data), filled(data, "text"))


def _id(data: Mapping[str, Any]) -> str:
    name = data.get("_id")
    if not isinstance(name, str | int) or isinstance(name, bool) or name == "":
        raise ValueError("no _id")
    return str(name)


def _qrels(path: Path, most: int) -> tuple[Gold, ...]:
    """Read tab-separated judgements: BEIR's three columns, or TREC's four."""

    def gold(row: tuple[int, str]) -> Gold:
        line, text = row
        cells = text.split("\t") if "\t" in text else text.split()
        try:
            question, item, grade = (cells[0], *cells[2:]) if len(cells) == 4 else cells[:3]
            return Gold(question, item, "", grade=int(grade), line=line)
        except ValueError:
            form = "not of the form question<TAB>document<TAB>whole number"
            raise ValueError(form) from None

    lines = limited(filled_lines(read_lines(path, most)), str(path))
    rows = [(line, (line, text)) for line, text in lines]
    if rows and rows[0][1][1].rstrip().lower().endswith(("score", "relevance")):
        del rows[0]
    return tuple(read_rows(str(path), rows, gold))
