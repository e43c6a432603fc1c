"""A judged folder in BEIR's layout out of question and passage pairs.

``python -m benchmarks.pairs PAIRS.jsonl.gz SOURCE FOLDER [--questions N] [--passages N]``

Pairs of one source are drawn in an order of chance: the first passages are the corpus, the first
questions are asked, and the passage of a question is its only relevant one. Pairs that name their
passage (``passage_id``) need ``--texts``, JSON Lines with ``_id`` and ``text``.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SEED = 7


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pairs", type=Path, help="JSON Lines: source, question, passage")
    parser.add_argument("source")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--questions", type=int, default=180)
    parser.add_argument("--passages", type=int, default=500)
    parser.add_argument("--texts", type=Path, help="passages by their ids")
    options = parser.parse_args()
    pairs = [one for one in _read(options.pairs) if one["source"] == options.source]
    if options.texts:
        texts = {one["_id"]: one["text"] for one in _read(options.texts)}
        pairs = [{**one, "passage": texts[one["passage_id"]]} for one in pairs]
    random.Random(SEED).shuffle(pairs)
    passages: dict[str, str] = {}
    asked = []
    for one in pairs:
        if one["passage"] not in passages and len(passages) == options.passages:
            continue
        relevant = passages.setdefault(one["passage"], f"p{len(passages)}")
        asked.append((one["question"], relevant))
    asked = asked[: options.questions]
    (options.folder / "qrels").mkdir(parents=True, exist_ok=True)
    _write(
        options.folder / "corpus.jsonl",
        [{"_id": id, "title": "", "text": text} for text, id in passages.items()],
    )
    _write(
        options.folder / "queries.jsonl",
        [{"_id": f"q{n}", "text": question} for n, (question, _) in enumerate(asked)],
    )
    qrels = [f"q{n}\t{relevant}\t1" for n, (_, relevant) in enumerate(asked)]
    header = "query-id\tcorpus-id\tscore"
    (options.folder / "qrels" / "test.tsv").write_text("\n".join([header, *qrels, ""]), "utf-8")


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), "utf-8")


if __name__ == "__main__":
    main()
