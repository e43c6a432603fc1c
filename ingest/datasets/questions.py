"""Question sets from files: CSV, JSON Lines, TREC topics, a folder in BEIR's layout."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

from ingest.datasets import beir, spans
from ingest.datasets.base import Faults, Gold, by_id, read_text
from rag.errors import RanklensError
from rag.evaluate.data import Question

TOPIC = re.compile(r"<top>(.*?)</top>", re.S | re.I)
FIELD = re.compile(
    r"<(num|title|desc|narr)[^>]*>(.*?)(?=<(?:num|title|desc|narr|/)|\Z)", re.S | re.I
)


def read(path: Path) -> tuple[tuple[Question, ...], tuple[Gold, ...]]:
    """Return a file's questions, with the quotes that answer them if it has any.

    Raises `RanklensError` that names every faulty row.
    """
    if path.is_dir():
        return _from_dataset(path)
    if not re.search(r"\.(jsonl|csv)(\.gz)?$", path.name.lower()):
        return _topics(path), ()
    faults = Faults(path)
    found = spans.read_questions(path, faults)
    faults.check()
    return found


def _from_dataset(folder: Path) -> tuple[tuple[Question, ...], tuple[Gold, ...]]:
    if beir.find(folder, "queries.jsonl") or beir.find(folder, "corpus.jsonl"):
        return beir.read_questions(folder)
    found = spans.read(folder)
    return found.questions, found.golds


def _topics(path: Path) -> tuple[Question, ...]:
    """Read TREC topics: ``<top>`` elements, or lines of number, tab and question."""
    text = read_text(path)
    faults = Faults(path)
    found = []
    if "<top>" in text.lower():
        for match in TOPIC.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            fields = {key.lower(): value for key, value in FIELD.findall(match[1])}
            number = re.sub(r"^\s*number:", "", fields.get("num", ""), flags=re.I).strip()
            words = " ".join(unescape(fields.get("title", "")).split())
            if not number or not words:
                faults.add(line, "a topic needs <num> and <title>")
            found.append(Question(number, words))
    else:
        for line, row in enumerate(text.splitlines(), 1):
            number, _, words = (part.strip() for part in row.partition("\t"))
            if row.strip() and not (number and words):
                faults.add(line, "not of the form number<TAB>question")
            elif row.strip():
                found.append(Question(number, words))
    if not (topics := by_id(enumerate(found, 1), faults, "the id")):
        raise RanklensError(f"{path} holds no topics")
    return tuple(topics.values())
