"""What rerankers do with negations, with JSON and with tables: 60 questions made for this.

    python -m benchmarks.hard_cases [--reranker NAME …]

Each question has a pool of its own of four passages, and one of them is right. Counted is how often
it comes first, so chance is a quarter.

- Negations: one passage affirms what the other denies, and two are about something near it. Every
  pair is asked about in both ways; "opposite" is how often the right one is above the other.
- JSON: the same four facts as sentences, as JSON text, and as a JSON file, which Ranklens reads as
  ``key: value`` pairs. All are of one form, or only the right one is not a sentence. "Prose above"
  is how often the right sentence is above the same fact in another form: a reranker that does not
  mind the form would do so half of the time.
- Tables: the right table, one with the same rows, one with the same columns, and a sentence.

The passages (``benchmarks/data``) are invented. Without ``--reranker``, every reranker is measured
that runs on this machine; services are asked only if they are named.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._report import table
from rag.rerank.base import leaves
from rag.rerank.table import resolve
from rag.retrieve.filters import Filter
from rag.settings import Settings, load_settings
from rag.types import Stage, StageName
from ranklens.library import Library
from ranklens.models import rerankers

DATA = Path(__file__).with_name("data")
FIRST_STAGE = {"dense": StageName.DENSE, "BM25": StageName.LEXICAL}
COMBINED = ("rrf:none+maxsim",)


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage, and the suffix of its file, which decides how it is read."""

    text: str
    suffix: str = ".txt"


@dataclass(frozen=True, slots=True)
class Case:
    """A question, and the passage that answers it; counted under ``kind``.

    It counts if the right passage is above all ``rivals``; ``others`` are in the pool too.
    """

    kind: str
    question: str
    right: Passage
    rivals: tuple[Passage, ...]
    others: tuple[Passage, ...] = ()

    @property
    def pool(self) -> tuple[Passage, ...]:
        """Every passage that is ranked."""
        return (self.right, *self.rivals, *self.others)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--reranker", action="append", metavar="NAME")
    named = parser.parse_args().reranker
    found = [*negations(), *forms(), *tables()]
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(Path(folder), library=Path(folder) / "library", rerank_cache_mb=0)
        with Library.open(settings) as library:
            names = add(library, found, Path(folder))
            right = measured(library, found, names, named or local(settings))
    counts = Counter(case.kind for case in found)
    columns = ["counted", "of", *(f"`{name}`" for name in right)]
    rows = [[kind, str(n), *(str(of_one[kind]) for of_one in right.values())]
            for kind, n in counts.items()]  # fmt: skip
    print(table(columns, rows))


def negations() -> Iterator[Case]:
    """Yield both questions of each pair, about its pool and about the opposite alone."""
    for row in read("negations"):
        yes, no = Passage(row["yes"]), Passage(row["no"])
        others = tuple(map(Passage, row["others"]))
        for kind, question, right, opposite in (
            ("affirmed", row["asks_yes"], yes, no),
            ("denied", row["asks_no"], no, yes),
        ):
            yield Case(f"{kind}: first", question, right, (opposite, *others))
            yield Case(f"{kind}: above its opposite", question, right, (opposite,), others)


def forms() -> Iterator[Case]:
    """Yield each question with its facts in one form, and mixed."""
    for row in read("forms"):
        question = row["question"]
        right, wrong = in_forms(row["right"]), [in_forms(one) for one in row["wrong"]]
        for form in right:
            yield Case(f"all {form}: first", question, right[form], of(wrong, form))
        for form in ("JSON text", "JSON file"):
            yield Case(f"{form} among prose: first", question, right[form], of(wrong, "prose"))
            yield Case(f"prose above {form}", question, right["prose"], (right[form],))


def in_forms(fact: dict[str, str]) -> dict[str, Passage]:
    """Return a fact in every form."""
    prose, text = Passage(fact["prose"]), Passage(fact["json"])
    return {"prose": prose, "JSON text": text, "JSON file": Passage(fact["json"], ".json")}


def of(facts: Sequence[dict[str, Passage]], form: str) -> tuple[Passage, ...]:
    """Return the facts in one form."""
    return tuple(fact[form] for fact in facts)


def tables() -> Iterator[Case]:
    """Yield each question with its tables."""
    for row in read("tables"):
        wrong = tuple(map(Passage, row["wrong"]))
        yield Case("table: first", row["question"], Passage(row["right"]), wrong)


def read(name: str) -> list[dict[str, Any]]:
    """Return the rows of a file of cases."""
    lines = (DATA / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def add(library: Library, cases: Sequence[Case], folder: Path) -> dict[Passage, str]:
    """Add every passage as a document of its own; return the documents' names."""
    passages = dict.fromkeys(passage for case in cases for passage in case.pool)
    names = {one: f"{number:04}{one.suffix}" for number, one in enumerate(passages)}
    for passage, name in names.items():
        # The same bytes would be one document, whatever their suffix.
        end = "\n" if passage.suffix == ".json" else ""
        (folder / name).write_text(passage.text + end, "utf-8")
        library.enqueue(folder / name)
    library.work()
    return names


def local(settings: Settings) -> list[str]:
    """Return the rerankers that run here and send nothing to a service."""
    runs = [one.name for one in rerankers(settings) if not one.reason]
    own = [name for name in runs if not any(entry.remote for entry in leaves(resolve(name)))]
    return [*own, *COMBINED]


def measured(
    library: Library, cases: Sequence[Case], names: dict[Passage, str], chosen: Sequence[str]
) -> dict[str, Counter[str]]:
    """Return how often the right passage was above, by ranking and kind of case."""
    right: dict[str, Counter[str]] = {}
    for reranker in chosen:
        pipeline = library.pipeline.with_settings(reranker=reranker, pool=10)
        for case in cases:
            pool = tuple(names[passage] for passage in case.pool)
            trace = pipeline.within(Filter(names=pool)).search(case.question)
            if trace.stages[-1].fell_back:
                raise SystemExit(f"{reranker}: {trace.stages[-1].note}")
            stages: dict[str, Stage | None] = {reranker: trace.stages[-1]}
            if reranker == chosen[0]:
                stages = {n: trace.stage(stage) for n, stage in FIRST_STAGE.items()} | stages
            for name, stage in stages.items():
                right.setdefault(name, Counter())[case.kind] += is_above(stage, case, names)
    return right


def is_above(stage: Stage | None, case: Case, names: dict[Passage, str]) -> bool:
    """Return whether a stage has the right passage above all its rivals."""
    ranks = {hit.chunk.document: hit.rank for hit in stage.hits} if stage else {}
    own = ranks.get(names[case.right])
    return own is not None and all(own < ranks.get(names[one], 1000) for one in case.rivals)


if __name__ == "__main__":
    main()
