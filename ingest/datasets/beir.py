"""BEIR's layout and the Hugging Face hub's: a corpus, queries, and qrels that judge documents.

Thakur et al., "BEIR", NeurIPS Datasets and Benchmarks 2021.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ingest.datasets.base import CorpusRow, Dataset, Gold, read_items
from ingest.datasets.hub import PLACES, Part, files_of, lines_of
from ingest.datasets.parquet import as_whole
from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.evaluate.faults import raise_faults, read_rows
from rag.evaluate.lines import filled, filled_lines, json_object, limited
from rag.text.plural import plural

PARTS: tuple[Part, ...] = ("corpus", "queries", "qrels")


def there(folder: Path) -> bool:
    """Whether a folder has questions or a corpus in this layout."""
    return bool(files_of(folder, "corpus") or files_of(folder, "queries"))


def read(folder: Path, most: int) -> Dataset:
    """Read a folder in BEIR's or the hub's layout; questions without judgements are left out.

    ``most``: MB that each of its files may unpack to.
    """
    corpus, queries, qrels_files = (_needed(folder, part) for part in PARTS)
    rows: dict[str, CorpusRow] = {}
    for path in corpus:
        found = filled_lines(lines_of(path, "corpus", most))
        rows |= read_items(path, found, _document, "document", rows)
    known = _questions(queries, most)
    qrels: dict[str, dict[str, int]] = {}
    for gold in _qrels(qrels_files, most):
        qrels.setdefault(gold.question, {})[gold.document] = gold.grade
    questions = tuple(question for name, question in known.items() if name in qrels)
    if not questions:
        raise RanklensError(f"{qrels_files[0]} judges no question of {queries[0]}")
    notes = []
    if strange := sum(item not in rows for found in qrels.values() for item in found):
        documents = plural(strange, "judged document is", "judged documents are")
        notes.append(f"{documents} not in the corpus, which counts as not found")
    if unknown := len(qrels.keys() - known.keys()):
        judged = plural(unknown, "judged question is", "judged questions are")
        notes.append(f"{judged} not in {queries[0].name}")
    return Dataset(
        folder.name, questions, rows=tuple(rows.values()), qrels=qrels, notes=tuple(notes)
    )


def read_questions(folder: Path, most: int) -> tuple[tuple[Question, ...], tuple[Gold, ...]]:
    """Read questions with the judged documents as golds without quote; the corpus is not needed.

    A row that judges no question of the file is a fault.
    """
    queries, qrels_files = _needed(folder, "queries"), _needed(folder, "qrels")
    known = _questions(queries, most)
    golds = _qrels(qrels_files, most)
    raise_faults(
        str(qrels_files[0]),
        [
            f"line {gold.line}: question {gold.question!r} is not in {queries[0].name}"
            for gold in golds
            if gold.question not in known
        ],
    )
    judged = {gold.question for gold in golds}
    return tuple(q for q in known.values() if q.id in judged), golds


def _needed(folder: Path, part: Part) -> list[Path]:
    if found := files_of(folder, part):
        return found
    raise RanklensError(f"{folder} has no {' or '.join(PLACES[part])} (gzipped or not)")


def _questions(paths: Sequence[Path], most: int) -> dict[str, Question]:
    known: dict[str, Question] = {}
    for path in paths:
        rows = limited(filled_lines(lines_of(path, "queries", most)), str(path))
        known |= read_items(path, rows, _question, "question", known)
    return known


def _document(line: str) -> CorpusRow:
    data = json_object(line)
    title, text = data.get("title") or "", data.get("text")
    if not isinstance(text, str) or not isinstance(title, str):
        raise ValueError("a document needs _id and text")
    return CorpusRow(_id(data), title.strip(), text.strip())


def _question(line: str) -> Question:
    data = json_object(line)
    words = filled(data, "text" if "text" in data else "question")
    return Question(_id(data), words, *(_text(data, name) for name in ("kind", "answer")))


def _id(data: Mapping[str, Any]) -> str:
    name = data.get("_id", data.get("id"))
    if not isinstance(name, str | int) or isinstance(name, bool) or name == "":
        raise ValueError("no _id")
    return str(name)


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _qrels(paths: Sequence[Path], most: int) -> tuple[Gold, ...]:
    """Read judgements: BEIR's three columns, TREC's four, or objects as the hub has them."""
    golds: list[Gold] = []
    for path in paths:
        lines = limited(filled_lines(lines_of(path, "qrels", most)), str(path))
        rows = [(line, (line, text)) for line, text in lines]
        if rows and rows[0][1][1].rstrip().lower().endswith(("score", "relevance")):
            del rows[0]
        tables = path.name.removesuffix(".gz").endswith((".jsonl", ".parquet"))
        golds += read_rows(str(path), rows, _object_gold if tables else _gold)
    return tuple(golds)


def _gold(row: tuple[int, str]) -> Gold:
    line, text = row
    cells = text.split("\t") if "\t" in text else text.split()
    try:
        question, item, grade = (cells[0], *cells[2:]) if len(cells) == 4 else cells[:3]
        return Gold(question, item, "", grade=int(grade), line=line)
    except ValueError:
        form = "not of the form question<TAB>document<TAB>whole number"
        raise ValueError(form) from None


def _object_gold(row: tuple[int, str]) -> Gold:
    line, text = row
    data = json_object(text)
    question, item = (
        _id({"_id": data.get(f"{name}-id", data.get(f"{name}_id"))}) for name in ("query", "corpus")
    )
    grade = data.get("score", data.get("relevance"))
    if not isinstance(grade, int | float | str):
        raise ValueError("no score")
    return Gold(question, item, "", grade=as_whole(grade), line=line)
