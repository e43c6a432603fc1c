"""A judged folder in BEIR's layout out of question and passage pairs.

``python -m benchmarks.pairs PAIRS.jsonl.gz SOURCE FOLDER [--questions N] [--passages N]``

Pairs of one source are drawn in an order of chance: the first passages are the corpus, the first
questions are asked, and the passage of a question is its only relevant one.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
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
    options = parser.parse_args()
    with gzip.open(options.pairs, "rt", encoding="utf-8") as lines:
        pairs = [one for one in map(json.loads, lines) if one["source"] == options.source]
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


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), "utf-8")


if __name__ == "__main__":
    main()
