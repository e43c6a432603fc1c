"""A data set as files: BEIR's layout, or the Hugging Face hub's as parquet or JSON Lines."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, Literal, get_args
from zipfile import ZIP_DEFLATED, ZipFile

from rag.evaluate.data import Question

Form = Literal["beir", "parquet", "jsonl"]
FORMS: tuple[Form, ...] = get_args(Form)
AT_ONCE = 1_000  # rows
CARD = """---
configs:
{configs}---
# {name}

A question set of a Ranklens library: `corpus` has the passages, `queries` the questions, `qrels`
the grades that people gave, from 0 (not relevant) to 3 (answers).
"""


@dataclass(frozen=True, slots=True)
class ExportedSet:
    """What is written: rows of the corpus as they come, questions, and (question, item, grade)."""

    name: str
    corpus: Iterable[Mapping[str, str]]
    questions: tuple[Question, ...]
    qrels: tuple[tuple[str, str, int], ...]


def write(found: ExportedSet, form: Form, opened: Callable[[str], IO[bytes]]) -> None:
    """Write every file of a form; ``opened`` opens one by its path within the data set."""
    queries = [
        {"_id": q.id, "text": q.text, **({"answer": q.answer} if q.answer else {}),
         **({"kind": q.kind} if q.kind else {})}
        for q in found.questions
    ]  # fmt: skip
    qrels = [{"query-id": q, "corpus-id": item, "score": grade} for q, item, grade in found.qrels]
    if form == "beir":
        _lines(opened, "corpus.jsonl", found.corpus)
        _lines(opened, "queries.jsonl", queries)
        with opened("qrels/test.tsv") as out:
            out.write(b"query-id\tcorpus-id\tscore\n")
            out.writelines(f"{q}\t{item}\t{grade}\n".encode() for q, item, grade in found.qrels)
        return
    parts: dict[str, Iterable[Mapping[str, Any]]] = {
        "corpus": found.corpus, "queries": queries, "qrels": qrels
    }  # fmt: skip
    for part, rows in parts.items():
        (_parquet if form == "parquet" else _lines)(opened, f"{part}.{form}", rows)
    configs = "".join(f"- config_name: {p}\n  data_files: {p}.{form}\n" for p in parts)
    with opened("README.md") as out:
        out.write(CARD.format(configs=configs, name=found.name).encode())


def archive(found: ExportedSet, form: Form) -> bytes:
    """Return the files of a form as a ZIP archive."""
    data = io.BytesIO()
    with ZipFile(data, "w", ZIP_DEFLATED) as files:
        write(found, form, lambda path: files.open(path, "w", force_zip64=True))
    return data.getvalue()


def _lines(
    opened: Callable[[str], IO[bytes]], path: str, rows: Iterable[Mapping[str, Any]]
) -> None:
    with opened(path) as out:
        out.writelines(f"{json.dumps(row, ensure_ascii=False)}\n".encode() for row in rows)


def _parquet(
    opened: Callable[[str], IO[bytes]], path: str, rows: Iterable[Mapping[str, Any]]
) -> None:
    import pyarrow  # type: ignore[import-untyped]
    from pyarrow import parquet

    with opened(path) as out:
        writer = None
        for part in _parts(rows):
            names = {name: None for row in part for name in row}
            columns = {name: [row.get(name) for row in part] for name in names}
            table = pyarrow.table(columns)
            writer = writer or parquet.ParquetWriter(out, table.schema)
            writer.write_table(table.cast(writer.schema))
        if writer is not None:
            writer.close()


def _parts(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    part: list[Mapping[str, Any]] = []
    for row in rows:
        part.append(row)
        if len(part) == AT_ONCE:
            yield part
            part = []
    if part:
        yield part
