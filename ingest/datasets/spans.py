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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest.datasets.base import Dataset, Faults, Gold, json_rows, read_text
from ingest.loaders import suffixes
from rag.errors import RanklensError
from rag.evaluate.data import Question
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
    faults = Faults(path)
    questions, golds = read_questions(path, faults)
    for gold in golds:
        if gold.document not in known:
            faults.add(gold.line, f"there is no document {gold.document!r} in the folder")
    faults.check()
    placed = tuple(replace(gold, document=known[gold.document], line=0) for gold in golds)
    return Dataset(folder.name, questions, files=files, golds=placed)


def _is_document(path: Path) -> bool:
    other = path.name in NAMES or path.name.lower() in NO_DOCUMENTS or path.name.startswith(".")
    return path.is_file() and not other and path.suffix.lower() in suffixes()


def read_questions(path: Path, faults: Faults) -> tuple[tuple[Question, ...], tuple[Gold, ...]]:
    """Return the questions and their quotes of a CSV or JSON Lines file, gzipped or not."""
    lines = path.name.removesuffix(".gz").lower().endswith(".jsonl")
    questions: dict[str, Question] = {}
    golds: list[Gold] = []
    for line, question, found in _jsonl(path, faults) if lines else _csv(path, faults):
        questions.setdefault(question.id, question)
        golds += (replace(gold, line=line) for gold in found)
    return tuple(questions.values()), tuple(golds)


def _jsonl(path: Path, faults: Faults) -> Iterator[tuple[int, Question, list[Gold]]]:
    seen: set[str] = set()
    for line, data in json_rows(path, faults):
        name = str(data.get("id", data.get("_id", f"q{line}")))
        if name in seen:
            faults.add(line, f"the id {name!r} comes twice")
        seen.add(name)
        yield from _checked(line, faults, _json_question, data, name)


def _json_question(data: Mapping[str, Any], name: str) -> Annotated:
    text = _text(data, "text" if "question" not in data else "question")
    golds = [
        Gold(name, _text(g, "document"), _text(g, "quote"), int(g.get("start", 0)),
             int(g.get("grade", HIGHEST)))
        for g in data.get("gold", [])
    ]  # fmt: skip
    return Question(name, text, str(data.get("kind", "")), str(data.get("answer", ""))), golds


def _csv(path: Path, faults: Faults) -> Iterator[tuple[int, Question, list[Gold]]]:
    csv.field_size_limit(1 << 24)
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""))
    columns = set(reader.fieldnames or ())
    if "question" not in columns:
        raise RanklensError(
            f"{path} needs a column question, with document and quote or with corpus_id and "
            f"references; it has {', '.join(reader.fieldnames or ()) or 'none'}"
        )
    make = _referenced if {"references", "corpus_id"} <= columns else _quoted
    ids: dict[str, str] = {}
    for row in reader:
        yield from _checked(reader.line_num, faults, make, row, ids)


def _referenced(row: Mapping[str, Any], ids: dict[str, str]) -> Annotated:
    question = _numbered(row, ids)
    document = _text(row, "corpus_id")
    references = json.loads(_text(row, "references"))
    return question, [
        Gold(question.id, document, _text(one, "content"), int(one.get("start_index", 0)))
        for one in references
    ]


def _quoted(row: Mapping[str, Any], ids: dict[str, str]) -> Annotated:
    question = _numbered(row, ids)
    if not (row.get("quote") or "").strip() and not (row.get("document") or "").strip():
        return question, []
    grade = int(row.get("grade") or HIGHEST)
    start = int(row.get("start") or 0)
    gold = Gold(question.id, _text(row, "document"), _text(row, "quote"), start, grade)
    return question, [gold]


def _numbered(row: Mapping[str, Any], ids: dict[str, str]) -> Question:
    """Return the row's question; rows with the same words are one question."""
    text = _text(row, "question")
    name = str(row.get("id") or "") or ids.setdefault(text, f"q{len(ids) + 1}")
    return Question(name, text, str(row.get("kind") or ""), str(row.get("answer") or ""))


def _checked(
    line: int, faults: Faults, make: Callable[..., Annotated], *given: Any
) -> Iterator[tuple[int, Question, list[Gold]]]:
    try:
        question, golds = make(*given)
    except (ValueError, TypeError, AttributeError) as error:
        faults.add(line, str(error))
    else:
        yield line, question, golds


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"no {key}")
    return value.strip()
