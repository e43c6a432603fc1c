"""A folder of documents with questions and the quotes that answer them.

``questions.jsonl`` has ``{"id", "question", "gold": [{"document", "quote"}]}`` a line, where an
``"answer"`` and a ``"kind"`` may stand too. ``questions.csv`` has the columns question, corpus_id
and references (a JSON list of ``{"content", "start_index", "end_index"}``), or question, document
and quote, a row a quote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest.datasets.base import Dataset, Gold
from ingest.files import leads_outside
from ingest.loaders import suffixes
from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.evaluate.faults import raise_faults, read_rows
from rag.evaluate.judgements.record import HIGHEST
from rag.evaluate.lines import (
    MOST_ROWS,
    filled,
    filled_lines,
    json_object,
    limited,
    read_lines,
    table,
)
from rag.text.json_value import json_value

NAMES = ("questions.jsonl", "questions.csv")
NO_DOCUMENTS = ("readme.md", "readme.txt", "license", "license.txt")
Annotated = tuple[Question, list[Gold]]


def questions_file(folder: Path) -> Path | None:
    """Return the file of questions, or None."""
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)


def read(folder: Path, most: int) -> Dataset:
    """Read a folder of documents with a file of questions, which unpacks to ``most`` MB at most."""
    path = questions_file(folder)
    if path is None:
        raise RanklensError(f"{folder} has no {' or '.join(NAMES)}")
    files = tuple(p for p in sorted(folder.iterdir()) if _is_document(p, folder))
    known = {path.name: path.name for path in files} | {path.stem: path.name for path in files}
    questions, golds = read_questions(path, most)
    raise_faults(
        str(path),
        [
            f"line {gold.line}: there is no document {gold.document!r} in the folder"
            for gold in golds
            if gold.document not in known
        ],
    )
    placed = tuple(replace(gold, document=known[gold.document], line=0) for gold in golds)
    return Dataset(folder.name, questions, files=files, golds=placed)


def _is_document(path: Path, folder: Path) -> bool:
    if leads_outside(path, folder):
        return False
    other = path.name in NAMES or path.name.lower() in NO_DOCUMENTS or path.name.startswith(".")
    return path.is_file() and not other and path.suffix.lower() in suffixes()


def read_questions(path: Path, most: int) -> tuple[tuple[Question, ...], tuple[Gold, ...]]:
    """Return the questions and their quotes of a CSV or JSON Lines file, gzipped or not.

    ``most``: MB that it may unpack to. Raises `RanklensError` that names every faulty row.
    """
    is_lines = path.name.removesuffix(".gz").lower().endswith(".jsonl")
    lines = read_lines(path, most)
    rows, make = (filled_lines(lines), _json_question) if is_lines else _table(lines, path)
    questions: dict[str, Question] = {}
    golds: list[Gold] = []
    ids: dict[str, str] = {}

    def add(row: tuple[int, Any]) -> None:
        line, data = row
        try:
            question, found = make(data, line, ids)
        except (TypeError, AttributeError, OverflowError) as error:  # values of other kinds
            raise ValueError(str(error)) from None
        questions.setdefault(question.id, question)
        golds.extend(replace(gold, line=line) for gold in found)
        if len(golds) > MOST_ROWS:
            raise RanklensError(f"{path} has more than {MOST_ROWS:,} quotes; split it")

    numbered = ((line, (line, row)) for line, row in limited(rows, str(path)))
    read_rows(str(path), numbered, add)
    return tuple(questions.values()), tuple(golds)


def _json_question(row: str, line: int, ids: dict[str, str]) -> Annotated:
    data = json_object(row)
    name = str(data.get("id", data.get("_id", f"q{line}")))
    if name in ids:
        raise ValueError(f"the id {name!r} comes twice")
    ids[name] = text = filled(data, "text" if "question" not in data else "question")
    golds = [
        Gold(name, filled(g, "document"), filled(g, "quote"), int(g.get("start", 0)),
             int(g.get("grade", HIGHEST)))
        for g in data.get("gold", [])
    ]  # fmt: skip
    return Question(name, text, str(data.get("kind", "")), str(data.get("answer", ""))), golds


def _table(
    lines: Iterable[str], path: Path
) -> tuple[Iterable[tuple[int, Any]], Callable[..., Annotated]]:
    """Return a CSV file's rows with their lines, and what reads one."""
    columns, rows = table(lines, str(path))
    if "question" not in columns:
        raise RanklensError(
            f"{path} needs a column question, with document and quote or with corpus_id and "
            f"references; it has {', '.join(columns[:20]) or 'none'}"
        )
    return rows, _referenced if {"references", "corpus_id"} <= set(columns) else _quoted


def _referenced(row: Mapping[str, Any], line: int, ids: dict[str, str]) -> Annotated:
    question = _numbered(row, ids)
    document = filled(row, "corpus_id")
    references = json_value(filled(row, "references"))
    return question, [
        Gold(question.id, document, filled(one, "content"), int(one.get("start_index", 0)))
        for one in references
    ]


def _quoted(row: Mapping[str, Any], line: int, ids: dict[str, str]) -> Annotated:
    question = _numbered(row, ids)
    if not any((row.get(column) or "").strip() for column in ("quote", "document")):
        return question, []
    grade, start = int(row.get("grade") or HIGHEST), int(row.get("start") or 0)
    return question, [
        Gold(question.id, filled(row, "document"), filled(row, "quote"), start, grade)
    ]


def _numbered(row: Mapping[str, Any], ids: dict[str, str]) -> Question:
    """Return the row's question; rows with the same words are one question."""
    text = filled(row, "question")
    name = str(row.get("id") or "") or ids.setdefault(text, f"q{len(ids) + 1}")
    return Question(name, text, str(row.get("kind") or ""), str(row.get("answer") or ""))
