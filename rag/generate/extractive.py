"""Answers without a model: the sentences and table rows that answer best, each cited.

A sentence's score is the cosine of its vector with the question's, the mean over the question's
tokens of the best cosine with one of its tokens (MaxSim), the share of the question's words that
it holds (weighted by how rare they are among the candidates), its passage's rank, and whether it
holds what the question asks for (a date, a name, a number). The weights and the floor were chosen
with ``benchmarks/extractive.py``.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Generator as Pieces
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rag.generate.base import REFUSAL, Quote, Written
from rag.generate.citations import without_markers
from rag.generate.facts import kind_of, short_answer, term
from rag.generate.rows import cell, read_out
from rag.generate.sentences import Span, spans
from rag.models.encoder import Encoder
from rag.types import Hit

_MAXSIM, _WORDS, _RANK, _KIND = 1.0, 0.5, 0.5, 0.1
_FLOOR = 0.25
_MARGIN = 0.35
_MOST, _CANDIDATES = 4, 60
_SHORTEST = 12
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be been but by can did do does for from had has have he her his how i "
        "if in into is it its me my of on or our she so tell that the their there they this to "
        "was we were what when where which who whom whose why will with you your",
    )
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence or row of passage ``number``; the floor looks at ``cosine`` alone."""

    number: int
    span: Span
    text: str
    score: float = 0.0
    cosine: float = 0.0


class ExtractiveGenerator:
    """Picks and cites one to four sentences; needs an encoder and nothing else."""

    name = "extractive"

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def stream(self, question: str, hits: Sequence[Hit]) -> Pieces[str, None, Written]:
        """Yield the answer passage by passage; says `REFUSAL` where nothing comes near."""
        terms = question_terms(question)
        scored = self._scored(question, terms, candidates(hits, terms))
        if not scored or max(c.cosine for c in scored) < _FLOOR:
            yield REFUSAL
            return Written()
        chosen = choose(scored)
        if fact := _fact(chosen[0], question, terms):
            yield f"**{fact}** — "
        quotes: list[Quote] = []
        for paragraph in _paragraphs(chosen):
            yield "\n\n" * bool(quotes) + _written(paragraph, terms)
            quotes += [Quote(c.number, c.span.start, c.span.end) for c in paragraph]
        return Written(tuple(quotes), {"candidates": len(scored)})

    def _scored(
        self, question: str, terms: frozenset[str], found: Sequence[Candidate]
    ) -> list[Candidate]:
        """Return the candidates with their scores, from one pass of the encoder."""
        if not found:
            return []
        texts = [c.text for c in found]
        vectors, tokens = self._encoder.encode_both([question, *texts])
        cosines = vectors[1:] @ self._encoder.encode_query(question)
        shares = shared_words(terms, texts)
        kind = kind_of(question)
        scored = []
        for i, candidate in enumerate(found):
            cosine = float(cosines[i])
            score = cosine + _MAXSIM * maxsim(tokens[0], tokens[i + 1]) + _WORDS * shares[i]
            score += _RANK / (candidate.number + 1)
            score += _KIND * bool(short_answer(candidate.text, kind, terms))
            scored.append(
                Candidate(candidate.number, candidate.span, candidate.text, score, cosine)
            )
        return scored


def candidates(hits: Sequence[Hit], terms: frozenset[str]) -> list[Candidate]:
    """Return every sentence and row once, those of better passages first.

    Where there are more than the encoder can read quickly, those that share words with the
    question stay.
    """
    found: dict[str, Candidate] = {}
    for number, hit in enumerate(hits, 1):
        for span in spans(hit.chunk.text):
            text = " ".join(hit.chunk.text[span.start : span.end].split())
            if len(text) >= _SHORTEST or span.row or len(hit.chunk.text) < 2 * _SHORTEST:
                found.setdefault(text.casefold(), Candidate(number, span, text))
    if len(found) <= _CANDIDATES:
        return list(found.values())
    shares = shared_words(terms, [c.text for c in found.values()])
    order = sorted(zip(found.values(), shares, strict=True), key=lambda pair: -pair[1])
    return sorted((c for c, _ in order[:_CANDIDATES]), key=lambda c: (c.number, c.span.start))


def question_terms(question: str) -> frozenset[str]:
    """Return the words of a question that say what it is about."""
    words = re.findall(r"\w+", question)
    return frozenset(term(w) for w in words if w.casefold() not in _COMMON)


def shared_words(terms: frozenset[str], texts: Sequence[str]) -> list[float]:
    """Return how much of the question each text holds, 0 to 1, rare words counting more."""
    held = [{term(w) for w in re.findall(r"\w+", text)} & terms for text in texts]
    frequency = Counter(word for words in held for word in words)
    weight = {word: math.log(1 + len(texts) / (0.5 + frequency[word])) for word in terms}
    total = sum(weight.values()) or 1.0
    return [sum(weight[word] for word in words) / total for words in held]


def maxsim(question: np.ndarray, text: np.ndarray) -> float:
    """Return the mean over the question's tokens of the best cosine with a token of the text."""
    if not len(question) or not len(text):
        return 0.0
    return float((question @ text.T).max(axis=1).mean())


def choose(scored: Sequence[Candidate]) -> list[Candidate]:
    """Return the best candidates, best first: at most four, none far behind the best."""
    order = sorted(scored, key=lambda c: -c.score)
    return [c for c in order[:_MOST] if c.score >= order[0].score - _MARGIN]


def _paragraphs(chosen: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    """Group by passage, that of the best sentence first, each in the order of its text."""
    for number in dict.fromkeys(c.number for c in chosen):
        yield sorted((c for c in chosen if c.number == number), key=lambda c: c.span.start)


def _written(paragraph: Sequence[Candidate], terms: frozenset[str]) -> str:
    words = [f"{_readable(c, terms)} [{c.number}]" for c in paragraph]
    return ("\n" if any(c.span.row for c in paragraph) else " ").join(words)


def _readable(candidate: Candidate, terms: frozenset[str]) -> str:
    """Return a sentence fit for an answer: no bullet, no markers of its own, no open code."""
    text = read_out(candidate.text, terms) if candidate.span.row else candidate.text
    text = re.sub(r"^(?:[-*•–·▪]|#{1,6})\s+", "", without_markers(text))
    return text.replace("`", "'") if text.count("`") % 2 else text


def _fact(best: Candidate, question: str, terms: frozenset[str]) -> str:
    """Return the short answer in the best sentence or row, if there is one."""
    if best.span.row:
        return cell(best.text, terms)
    fact = short_answer(best.text, kind_of(question), terms)
    return fact if fact and len(fact) < len(best.text) / 2 else ""
