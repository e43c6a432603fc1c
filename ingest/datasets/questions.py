"""Question sets from files: CSV, JSON Lines, TREC topics, a folder in BEIR's layout."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

from ingest.datasets import beir, spans
from ingest.datasets.base import Gold, filled_lines, read_items, read_text
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
    return spans.read_questions(path)


def _from_dataset(folder: Path) -> tuple[tuple[Question, ...], tuple[Gold, ...]]:
    if beir.find(folder, "queries.jsonl") or beir.find(folder, "corpus.jsonl"):
        return beir.read_questions(folder)
    found = spans.read(folder)
    return found.questions, found.golds


def _topics(path: Path) -> tuple[Question, ...]:
    """Read TREC topics: ``<top>`` elements, or lines of number, tab and question."""
    text = read_text(path)
    if "<top>" in text.lower():
        topics = ((text.count("\n", 0, m.start()) + 1, m[1]) for m in TOPIC.finditer(text))
        found = read_items(path, topics, _topic, "the id")
    else:
        found = read_items(path, filled_lines(path), _numbered_line, "the id")
    if not found:
        raise RanklensError(f"{path} holds no topics")
    return tuple(found.values())


def _topic(element: str) -> Question:
    fields = {key.lower(): value for key, value in FIELD.findall(element)}
    number = re.sub(r"^\s*number:", "", fields.get("num", ""), flags=re.I).strip()
    words = " ".join(unescape(fields.get("title", "")).split())
    if not number or not words:
        raise ValueError("a topic needs <num> and <title>")
    return Question(number, words)


def _numbered_line(line: str) -> Question:
    number, _, words = (part.strip() for part in line.partition("\t"))
    if not number or not words:
        raise ValueError("not of the form number<TAB>question")
    return Question(number, words)
