"""BEIR's layout: corpus.jsonl, queries.jsonl and qrels, gzipped or not.

Thakur et al., "BEIR", NeurIPS Datasets and Benchmarks 2021.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ingest.datasets.base import CorpusRow, Dataset, Faults, Gold, json_rows, read_text
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
    rows, qrels = _corpus(corpus), _by_question(_qrels(qrels_path))
    questions = tuple(q for q in _queries(queries) if q.id in qrels)
    known = {row.id for row in rows}
    strange = sum(item not in known for found in qrels.values() for item in found)
    asked = {question.id for question in questions}
    unasked = sum(question not in asked for question in qrels)
    notes = []
    if strange:
        documents = plural(strange, "judged document is", "judged documents are")
        notes.append(f"{documents} not in the corpus, which counts as not found")
    if unasked:
        judged = plural(unasked, "judged question is", "judged questions are")
        notes.append(f"{judged} not in {queries.name}")
    if not questions:
        raise RanklensError(f"{qrels_path} judges no question of {queries}")
    return Dataset(folder.name, questions, rows=rows, qrels=qrels, notes=tuple(notes))


def read_questions(folder: Path) -> tuple[tuple[Question, ...], tuple[Gold, ...]]:
    """Read questions with the judged documents as golds without quote; the corpus is not needed.

    A row that judges no question of the file is a fault.
    """
    queries, qrels_path = _needed(folder, "queries.jsonl"), _needed(folder, *QRELS)
    known = {question.id: question for question in _queries(queries)}
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


def _corpus(path: Path) -> tuple[CorpusRow, ...]:
    faults = Faults(path)
    found: dict[str, CorpusRow] = {}
    for line, data in json_rows(path, faults):
        name, title, text = (data.get(key) for key in ("_id", "title", "text"))
        if not _is_id(name):
            faults.add(line, "no _id")
        elif not isinstance(text, str) or not isinstance(title or "", str):
            faults.add(line, f"document {name!r} has no text")
        elif str(name) in found:
            faults.add(line, f"document {name!r} comes twice")
        else:
            found[str(name)] = CorpusRow(str(name), (title or "").strip(), text.strip())
    faults.check()
    return tuple(found.values())


def _queries(path: Path) -> Iterator[Question]:
    faults = Faults(path)
    found: dict[str, Question] = {}
    for line, data in json_rows(path, faults):
        name, text = data.get("_id"), data.get("text")
        if not _is_id(name) or not isinstance(text, str) or not text.strip():
            faults.add(line, "a question needs _id and text")
        elif str(name) in found:
            faults.add(line, f"question {name!r} comes twice")
        else:
            found[str(name)] = Question(str(name), text.strip())
    faults.check()
    yield from found.values()


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
