"""How often the extractive answerer cites what answers, against the top passage's first sentences.

    python -m benchmarks.extractive --data DIR [--hotpotqa 0:100] [--chunking ::6]

Both answer from the same five passages of the same retrieval (dense and BM25, fused by RRF). An
answer is right if one of its cited sentences overlaps the gold: on HotpotQA a gold paragraph,
on the chunking set a gold span of characters. ``precision`` is the share of cited sentences that
do; ``covered`` the share of gold (paragraphs, or characters of gold spans) that is cited; ``first``
the share of questions whose first cited sentence does. Of the bold short answers, ``leads``, those
are counted that stand in a gold passage (which does not prove them right). Times are
of the processor, all threads together, and say nothing of waiting.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rank_bm25 import BM25Okapi

from benchmarks._texts import read_lines
from rag.generate.answer import Answering
from rag.generate.extract.generator import ExtractiveGenerator
from rag.models.encoder import Encoder
from rag.models.load import load_encoder
from rag.settings import load_settings
from rag.text.passages import parts
from rag.text.spans import shared
from rag.types import Chunk, Hit, ranked

TOP, CHUNK_TOKENS = 5, 200
Cited = tuple[Chunk, int, int]


@dataclass(frozen=True, slots=True)
class Question:
    """A question and its gold: (document, start, end) in characters of the document."""

    text: str
    gold: tuple[tuple[str, int, int], ...]
    corpus: str


def main() -> None:
    """Print both figures for both sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--hotpotqa", type=part, default="0:100", help="questions, as a slice")
    parser.add_argument("--chunking", type=part, default="::", help="questions, as a slice")
    options = parser.parse_args()
    encoder = load_encoder(load_settings())
    sets = {
        "hotpotqa": hotpotqa(options.data / "hotpotqa", options.hotpotqa),
        "chunking": chunking(options.data / "chunking", options.chunking, encoder),
    }
    extractive = ExtractiveGenerator(encoder)
    for name, (chunks, questions) in sets.items():
        found = retrieve(encoder, chunks, questions)
        print(f"{name}: {len(questions)} questions, {len(chunks)} passages")
        report("first two sentences", found, lambda _, hits: first_two(hits))
        report("extractive", found, lambda text, hits: cited(extractive, text, hits))


def part(text: str) -> slice:
    """Return ``start:stop:step`` as a slice."""
    return slice(*(int(number) if number else None for number in text.split(":")))


def hotpotqa(folder: Path, wanted: slice) -> tuple[list[Chunk], list[Question]]:
    """Every paragraph is one passage; gold are the two paragraphs a question needs."""
    chunks = [
        Chunk(row["_id"], row["title"], 0, len(row["text"]), row["text"])
        for row in read_lines(folder / "corpus.jsonl.gz")
    ]
    gold: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    titles = {chunk.id: chunk.document for chunk in chunks}
    with (folder / "qrels.tsv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            gold[row["query-id"]].append((titles[row["corpus-id"]], 0, 1 << 30))
    asked = list(read_lines(folder / "queries.jsonl.gz"))[wanted]
    return chunks, [Question(row["text"], tuple(gold[row["_id"]]), "") for row in asked]


def chunking(folder: Path, wanted: slice, encoder: Encoder) -> tuple[list[Chunk], list[Question]]:
    """Three corpora in one index; gold are the exact characters that answer."""
    chunks: list[Chunk] = []
    for path in sorted(folder.glob("*.md")):
        text = path.read_text("utf-8")
        chunks += [
            Chunk(f"{path.stem}:{start}", path.stem, start, end, text[start:end])
            for start, end in pieces(text, encoder)
        ]
    questions = []
    with (folder / "questions.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            gold = tuple(
                (row["corpus_id"], part["start_index"], part["end_index"])
                for part in json.loads(row["references"])
            )
            questions.append(Question(row["question"], gold, row["corpus_id"]))
    return chunks, questions[wanted]


def pieces(text: str, encoder: Encoder) -> Iterator[tuple[int, int]]:
    """Cut a text into runs of whole sentences of at most `CHUNK_TOKENS` tokens."""
    sentences = parts(text)
    counts = encoder.count_tokens([text[s.start : s.end] for s in sentences])
    start, end, size = 0, 0, 0
    for sentence, count in zip(sentences, counts, strict=True):
        if size and size + count > CHUNK_TOKENS:
            yield start, end
            size = 0
        start = start if size else sentence.start
        end, size = sentence.end, size + count
    if size:
        yield start, end


def retrieve(
    encoder: Encoder, chunks: Sequence[Chunk], questions: Sequence[Question]
) -> list[tuple[Question, tuple[Hit, ...]]]:
    """Return the five best passages of each question, dense and BM25 fused by reciprocal rank."""
    vectors = encoder.encode([chunk.passage for chunk in chunks])
    lexical = BM25Okapi([chunk.passage.lower().split() for chunk in chunks])
    found = []
    for question in questions:
        dense = vectors @ encoder.encode_query(question.text)
        terms = lexical.get_scores(question.text.lower().rstrip("?").split())
        fused = sum(1 / (61 + np.argsort(np.argsort(-s, kind="stable"))) for s in (dense, terms))
        best = np.argsort(-fused, kind="stable")[:TOP]
        found.append((question, ranked((chunks[i], float(fused[i])) for i in best)))
    return found


def first_two(hits: Sequence[Hit]) -> tuple[list[Cited], bool]:
    """Return the baseline: the first two sentences of the top passage."""
    chunk = hits[0].chunk
    return [(chunk, span.start, span.end) for span in parts(chunk.text)[:2]], False


def cited(
    generator: ExtractiveGenerator, question: str, hits: Sequence[Hit]
) -> tuple[list[Cited], bool]:
    """Return what the extractive answer cites, and whether it has a bold short answer."""
    answering = Answering(generator, question, hits)
    list(answering)
    chunks = {hit.chunk.id: hit.chunk for hit in hits}
    quotes = [
        (chunks[c.chunk_id], c.quote_start or 0, c.quote_end or 0)
        for c in answering.answer.citations
    ]
    return quotes, answering.answer.text.startswith("**")


def report(
    name: str,
    found: Sequence[tuple[Question, tuple[Hit, ...]]],
    answer: Callable[[str, Sequence[Hit]], tuple[list[Cited], bool]],
) -> None:
    """Print one line of figures."""
    right, precise, covered, counts, seconds, firsts, leads = [], [], [], [], [], [], []
    for question, hits in found:
        started = time.process_time()
        quotes, lead = answer(question.text, hits)
        seconds.append(time.process_time() - started)
        hit = [any(overlap(quote, gold) for gold in question.gold) for quote in quotes]
        right.append(any(hit))
        precise += hit
        firsts.append(hit[:1] == [True])
        leads += [firsts[-1]] if lead else []
        covered.append(coverage(question, quotes))
        counts.append(len(quotes))
    print(
        f"  {name:20} right {np.mean(right):.3f}  precision {np.mean(precise):.3f}  "
        f"covered {np.mean(covered):.3f}  first {np.mean(firsts):.3f}  "
        f"leads {sum(leads)} of {len(leads)}  citations {np.mean(counts):.1f}  "
        f"refused {counts.count(0)}  p50 {1000 * np.percentile(seconds, 50):.0f} ms  "
        f"p95 {1000 * np.percentile(seconds, 95):.0f} ms"
    )


def coverage(question: Question, quotes: Sequence[Cited]) -> float:
    """Return the share of gold that is cited: of characters, of paragraphs if those are gold."""
    if question.corpus:
        total = sum(end - start for _, start, end in question.gold)
        return sum(overlap(q, gold) for gold in question.gold for q in quotes) / total
    return float(np.mean([any(overlap(q, gold) for q in quotes) for gold in question.gold]))


def overlap(quote: Cited, gold: tuple[str, int, int]) -> int:
    """Return the number of characters that a cited sentence shares with a gold span."""
    chunk, start, end = quote
    if chunk.document != gold[0]:
        return 0
    return shared((chunk.start + start, chunk.start + end), gold[1:])


if __name__ == "__main__":
    main()
