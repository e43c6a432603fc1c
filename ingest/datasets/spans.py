"""A folder of documents with questions and the quotes that answer them.

``questions.jsonl`` has ``{"id", "question", "gold": [{"document", "quote"}]}`` a line, where an
``"answer"`` and a ``"kind"`` may stand too. ``questions.csv`` has the columns question, corpus_id
and references (a JSON list of ``{"content", "start_index", "end_index"}``), or question, document
and quote, a row a quote.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest.datasets.base import Dataset, Gold, filled_lines, json_object, read_text
from ingest.loaders import suffixes
from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.evaluate.faults import raise_faults, read_rows
from rag.evaluate.judgements.record import HIGHEST

NAMES = ("questions.jsonl", "questions.csv")
NO_DOCUMENTS = ("readme.md", "readme.txt", "license", "license.txt")
Annotated = tuple[Question, list[Gold]]


def questions_file(folder: Path) -> Path | None:
    """Return the file of questions, or None."""
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)


def read(folder: Path) -> Dataset:
    """Read a folder of documents with a file of questions."""
    path = questions_file(folder)
    if path is None:
        raise RanklensError(f"{folder} has no {' or '.join(NAMES)}")
    files = tuple(p for p in sorted(folder.iterdir()) if _is_document(p))
    known = {path.name: path.name for path in files} | {path.stem: path.name for path in files}
    questions, golds = read_questions(path)
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


def _is_document(path: Path) -> bool:
    other = path.name in NAMES or path.name.lower() in NO_DOCUMENTS or path.name.startswith(".")
    return path.is_file() and not other and path.suffix.lower() in suffixes()


def read_questions(path: Path) -> tuple[tuple[Question, ...], tuple[Gold, ...]]:
    """Return the questions and their quotes of a CSV or JSON Lines file, gzipped or not.

    Raises `RanklensError` that names every faulty row.
    """
    lines = path.name.removesuffix(".gz").lower().endswith(".jsonl")
    rows, make = (filled_lines(path), _json_question) if lines else _table(path)
    ids: dict[str, str] = {}

    def annotated(row: tuple[int, Any]) -> Annotated:
        line, data = row
        try:
            question, golds = make(data, line, ids)
        except (TypeError, AttributeError) as error:  # values of other types than these
            raise ValueError(str(error)) from None
        return question, [replace(gold, line=line) for gold in golds]

    found = read_rows(str(path), ((line, (line, row)) for line, row in rows), annotated)
    questions: dict[str, Question] = {}
    for question, _ in found:
        questions.setdefault(question.id, question)
    return tuple(questions.values()), tuple(gold for _, golds in found for gold in golds)


def _json_question(row: str, line: int, ids: dict[str, str]) -> Annotated:
    data = json_object(row)
    name = str(data.get("id", data.get("_id", f"q{line}")))
    if name in ids:
        raise ValueError(f"the id {name!r} comes twice")
    ids[name] = text = _text(data, "text" if "question" not in data else "question")
    golds = [
        Gold(name, _text(g, "document"), _text(g, "quote"), int(g.get("start", 0)),
             int(g.get("grade", HIGHEST)))
        for g in data.get("gold", [])
    ]  # fmt: skip
    return Question(name, text, str(data.get("kind", "")), str(data.get("answer", ""))), golds


def _table(path: Path) -> tuple[Iterable[tuple[int, Any]], Callable[..., Annotated]]:
    """Return a CSV file's rows with their lines, and what reads one."""
    csv.field_size_limit(1 << 24)
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""))
    columns = set(reader.fieldnames or ())
    if "question" not in columns:
        raise RanklensError(
            f"{path} needs a column question, with document and quote or with corpus_id and "
            f"references; it has {', '.join(reader.fieldnames or ()) or 'none'}"
        )
    make = _referenced if {"references", "corpus_id"} <= columns else _quoted
    return ((reader.line_num, row) for row in reader), make


def _referenced(row: Mapping[str, Any], line: int, ids: dict[str, str]) -> Annotated:
    question = _numbered(row, ids)
    document = _text(row, "corpus_id")
    references = json.loads(_text(row, "references"))
    return question, [
        Gold(question.id, document, _text(one, "content"), int(one.get("start_index", 0)))
        for one in references
    ]


def _quoted(row: Mapping[str, Any], line: int, ids: dict[str, str]) -> Annotated:
    question = _numbered(row, ids)
    if not any((row.get(column) or "").strip() for column in ("quote", "document")):
        return question, []
    grade, start = int(row.get("grade") or HIGHEST), int(row.get("start") or 0)
    return question, [Gold(question.id, _text(row, "document"), _text(row, "quote"), start, grade)]


def _numbered(row: Mapping[str, Any], ids: dict[str, str]) -> Question:
    """Return the row's question; rows with the same words are one question."""
    text = _text(row, "question")
    name = str(row.get("id") or "") or ids.setdefault(text, f"q{len(ids) + 1}")
    return Question(name, text, str(row.get("kind") or ""), str(row.get("answer") or ""))


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"no {key}")
    return value.strip()
