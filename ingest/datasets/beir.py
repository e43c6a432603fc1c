"""BEIR's layout: corpus.jsonl, queries.jsonl and qrels, gzipped or not.

Thakur et al., "BEIR", NeurIPS Datasets and Benchmarks 2021.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ingest.datasets.base import CorpusRow, Dataset, Faults, Gold, by_id, json_rows, read_text
from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.text.plural import plural

QRELS = ("qrels/test.tsv", "qrels.tsv", "qrels/dev.tsv")


def find(folder: Path, name: str) -> Path | None:
    """Return the file, or its gzipped twin, or None."""
    return next((p for p in (folder / name, folder / f"{name}.gz") if p.is_file()), None)


def read(folder: Path) -> Dataset:
    """Read a folder in BEIR's layout; questions without judgements are left out."""
    corpus = _needed(folder, "corpus.jsonl")
    queries = _needed(folder, "queries.jsonl")
    qrels_path = _needed(folder, *QRELS)
    faults = Faults(corpus)
    rows = by_id(_corpus(corpus, faults), faults, "document")
    known, qrels = _queries(queries), _by_question(_qrels(qrels_path))
    questions = tuple(question for name, question in known.items() if name in qrels)
    strange = sum(item not in rows for found in qrels.values() for item in found)
    unknown = len(qrels.keys() - known.keys())
    notes = []
    if strange:
        documents = plural(strange, "judged document is", "judged documents are")
        notes.append(f"{documents} not in the corpus, which counts as not found")
    if unknown:
        judged = plural(unknown, "judged question is", "judged questions are")
        notes.append(f"{judged} not in {queries.name}")
    if not questions:
        raise RanklensError(f"{qrels_path} judges no question of {queries}")
    return Dataset(
        folder.name, questions, rows=tuple(rows.values()), qrels=qrels, notes=tuple(notes)
    )


def read_questions(folder: Path) -> tuple[tuple[Question, ...], tuple[Gold, ...]]:
    """Read questions with the judged documents as golds without quote; the corpus is not needed.

    A row that judges no question of the file is a fault.
    """
    queries, qrels_path = _needed(folder, "queries.jsonl"), _needed(folder, *QRELS)
    known = _queries(queries)
    faults = Faults(qrels_path)
    golds = _qrels(qrels_path)
    for gold in golds:
        if gold.question not in known:
            faults.add(gold.line, f"question {gold.question!r} is not in {queries.name}")
    faults.check()
    judged = {gold.question for gold in golds}
    return tuple(q for q in known.values() if q.id in judged), golds


def _needed(folder: Path, *names: str) -> Path:
    for name in names:
        if path := find(folder, name):
            return path
    raise RanklensError(f"{folder} has no {' or '.join(names)} (gzipped or not)")


def _corpus(path: Path, faults: Faults) -> Iterator[tuple[int, CorpusRow]]:
    for line, data in json_rows(path, faults):
        name, title, text = (data.get(key) for key in ("_id", "title", "text"))
        if not _is_id(name):
            faults.add(line, "no _id")
        elif not isinstance(text, str) or not isinstance(title or "", str):
            faults.add(line, f"document {name!r} has no text")
        else:
            yield line, CorpusRow(str(name), (title or "").strip(), text.strip())


def _queries(path: Path) -> dict[str, Question]:
    faults = Faults(path)
    return by_id(_query_rows(path, faults), faults, "question")


def _query_rows(path: Path, faults: Faults) -> Iterator[tuple[int, Question]]:
    for line, data in json_rows(path, faults):
        name, text = data.get("_id"), data.get("text")
        if not _is_id(name) or not isinstance(text, str) or not text.strip():
            faults.add(line, "a question needs _id and text")
        else:
            yield line, Question(str(name), text.strip())


def _by_question(golds: Iterable[Gold]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for gold in golds:
        found.setdefault(gold.question, {})[gold.document] = gold.grade
    return found


def _qrels(path: Path) -> tuple[Gold, ...]:
    """Read tab-separated judgements: BEIR's three columns, or TREC's four."""
    faults = Faults(path)
    found: list[Gold] = []
    for line, text in enumerate(read_text(path).splitlines(), 1):
        cells = text.split("\t") if "\t" in text else text.split()
        if not text.strip() or (line == 1 and cells[-1].strip().lower() in ("score", "relevance")):
            continue
        if len(cells) == 4:
            cells = [cells[0], *cells[2:]]
        try:
            question, item, grade = cells[0], cells[1], int(cells[2])
        except (IndexError, ValueError):
            faults.add(line, "not of the form question<TAB>document<TAB>whole number")
            continue
        found.append(Gold(question, item, "", grade=grade, line=line))
    faults.check()
    return tuple(found)


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and str(value) != ""
