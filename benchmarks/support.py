"""How often a sound sentence is flagged, and how often an unsound one is, without a model.

    python -m benchmarks.support --data DIR

Sound: a SQuAD question beside its own paragraph (other words than the paragraph's, made by
people), and a paragraph's own sentence without its first words. Unsound: the same question beside
another paragraph of the same article, or of another article; a sentence with one number or one
name changed. Questions are lower-cased there, so names are measured on sentences only.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from pathlib import Path

import numpy as np

from benchmarks._texts import read_lines
from rag.generate import support
from rag.generate.support import AnswerSentence, by_rule, likeness
from rag.models.encoder import Encoder
from rag.models.load import load_encoder
from rag.settings import load_settings
from rag.text.numbers import numbers
from rag.text.passages import parts
from rag.types import Chunk

Case = tuple[str, str]


def main() -> None:
    """Print the rates of flags, and of likeness alone at several thresholds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    encoder = load_encoder(load_settings())
    cases = make(options.data / "train", options.cases, random.Random(options.seed))
    for name, chosen in cases.items():
        flags = [bool(flagged(text, passage, encoder)) for text, passage in chosen]
        like = np.array([likeness(t, (chunk(p),), encoder) for t, p in chosen])
        low = "  ".join(f"<{at:.2f}: {np.mean(like < at):.3f}" for at in (0.45, 0.5, 0.55, 0.6))
        print(f"{name:28} {len(chosen):4}  flagged {np.mean(flags):.3f}   likeness {low}")
    print(f"threshold in use: {support.LIKENESS}")


def make(folder: Path, most: int, rng: random.Random) -> dict[str, list[Case]]:
    """Return cases by kind, each (sentence, passage)."""
    paragraphs = {
        row["_id"]: row["text"] for row in read_lines(folder / "squad_paragraphs.jsonl.gz")
    }
    articles = defaultdict(list)
    for key in paragraphs:
        articles[key.split("#")[0]].append(key)
    pairs = [r for r in read_lines(folder / "pairs.jsonl.gz") if r["source"] == "squad"]
    rng.shuffle(pairs)
    cases: dict[str, list[Case]] = defaultdict(list)
    for pair in pairs[:most]:
        own, text = pair["passage_id"], pair["question"].rstrip(" ?") + "."
        same = [k for k in articles[own.split("#")[0]] if k != own] or [own]
        cases["sound: question"].append((text, paragraphs[own]))
        cases["unsound: same article"].append((text, paragraphs[rng.choice(same)]))
        cases["unsound: other article"].append((text, paragraphs[rng.choice(list(paragraphs))]))
        add_sentences(cases, paragraphs[own], rng)
    return cases


def add_sentences(cases: dict[str, list[Case]], passage: str, rng: random.Random) -> None:
    """Add a sentence of the passage without its first words, and with a number or name changed."""
    found = [passage[s.start : s.end] for s in parts(passage)]
    found = [text for text in found if len(text.split()) > 8]
    if not found:
        return
    text = "So " + " ".join(rng.choice(found).split()[3:])
    cases["sound: part of a sentence"].append((text, passage))
    if figures := [number for number in numbers(text) if number.isdigit()]:
        changed = text.replace(figures[0], str(int(figures[0]) + 3), 1)
        cases["unsound: number changed"].append((changed, passage))
    if names := [w for w in text.split()[1:] if w.isalpha() and w[0].isupper()]:
        cases["unsound: name changed"].append((text.replace(names[0], "Kowalski", 1), passage))


def flagged(text: str, passage: str, encoder: Encoder) -> dict[int, str]:
    """Return what the rule finds missing."""
    return by_rule([AnswerSentence(0, len(text), text, (chunk(passage),))], "", encoder)


def chunk(text: str) -> Chunk:
    """Return a passage of a document without a telling name."""
    return Chunk("c", "document", 0, len(text), text)


if __name__ == "__main__":
    main()
