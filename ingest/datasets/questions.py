"""Question sets from files: CSV, JSON Lines, TREC topics, a folder in BEIR's layout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

from ingest.datasets import beir, spans
from ingest.datasets.base import Gold, read_items
from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.evaluate.lines import MOST_MB, filled_lines, limited, read_lines

PART = re.compile(r"<(/?)(top|num|title|desc|narr)\b[^<>]*>", re.I)
Topic = dict[str, str]


def read(path: Path, most: int = MOST_MB) -> tuple[tuple[Question, ...], tuple[Gold, ...]]:
    """Return a file's questions, with the quotes that answer them if it has any.

    ``most``: MB that it may unpack to. Raises `RanklensError` that names every faulty row.
    """
    if path.is_dir():
        return _from_dataset(path, most)
    if not path.name.lower().removesuffix(".gz").endswith((".jsonl", ".csv")):
        return _topics(path, most), ()
    return spans.read_questions(path, most)


def _from_dataset(folder: Path, most: int) -> tuple[tuple[Question, ...], tuple[Gold, ...]]:
    if beir.there(folder):
        return beir.read_questions(folder, most)
    found = spans.read(folder, most)
    return found.questions, found.golds


def _topics(path: Path, most: int) -> tuple[Question, ...]:
    """Read TREC topics: ``<top>`` elements, or lines of number, tab and question."""
    text = "".join(read_lines(path, most))
    if re.search("<top>", text, re.I):
        found = read_items(path, limited(_elements(text), str(path)), _topic, "the id")
    else:
        rows = filled_lines(text.split("\n"))
        found = read_items(path, limited(rows, str(path)), _numbered_line, "the id")
    if not found:
        raise RanklensError(f"{path} holds no topics")
    return tuple(found.values())


def _elements(text: str) -> Iterator[tuple[int, Topic]]:
    """Yield the line and the fields of every ``<top>``; a field ends where another tag begins."""
    line, counted, begun = 1, 0, 0
    topic: Topic | None = None
    field = ""
    for tag in PART.finditer(text):
        closing, name = bool(tag[1]), tag[2].lower()
        if topic is not None and field:
            topic[field] = text[begun : tag.start()]
            field = ""
        if name != "top":
            field, begun = "" if closing else name, tag.end()
        elif not closing:
            line, counted = line + text.count("\n", counted, tag.start()), tag.start()
            topic = {}
        elif topic is not None:
            yield line, topic
            topic = None


def _topic(fields: Topic) -> Question:
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
