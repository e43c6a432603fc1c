"""Answers without a model: the sentences and table rows that answer best, each cited.

The passages are encoded whole, so that a sentence's tokens know what its pronouns stand for. A
sentence's score is the cosine of its tokens' mean with the question's vector, plus MaxSim (the mean
over the question's tokens of the best cosine with one of its tokens), plus the share of the
question's words that it holds (rare ones count more), plus what its passage's rank is worth, plus a
little where it holds what the question asks for (a date, a name, a number). Weights, margin and
floor were chosen on 70 HotpotQA questions that ``benchmarks/extractive.py`` leaves out by default
and on every third one of its chunking set.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Generator as Pieces
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rag.generate.base import REFUSAL, Quote, Written
from rag.generate.citations import without_markers
from rag.generate.facts import kind_of, short_answer, term
from rag.generate.rows import cell, read_out
from rag.generate.sentences import Span, spans
from rag.models.encoder import Encoder, Matrix
from rag.types import Hit

_WORDS, _RANK, _KIND = 0.8, 0.3, 0.05
_MARGIN, _MOST = 0.3, 4
# Of 162 questions with their documents in the library, the best sentence's cosine was below 0.43
# for one in a hundred; of 57 whose documents had been taken out it was never above 0.40. A question
# of rare words and codes may lie lower, so most of its words in one sentence count, too.
_FLOOR, _FLOOR_WORDS = 0.38, 0.6
_SURE = 0.6
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
    """A sentence or row of passage ``number``; ``near``: it reaches the floor."""

    number: int
    span: Span
    text: str
    score: float = 0.0
    near: bool = False


class ExtractiveGenerator:
    """Picks and cites one to four sentences; needs an encoder and nothing else."""

    name = "extractive"

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def stream(self, question: str, hits: Sequence[Hit]) -> Pieces[str, None, Written]:
        """Yield the answer passage by passage; says `REFUSAL` where nothing comes near."""
        terms = question_terms(question)
        scored = self._scored(question, terms, hits)
        if not any(c.near for c in scored):
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

    def _scored(self, question: str, terms: frozenset[str], hits: Sequence[Hit]) -> list[Candidate]:
        """Return the candidates with their scores, from one pass over the passages."""
        found = candidates(hits)
        asked = self._encoder.encode_query(question)
        likeness = self._likeness(question, asked, hits, found)
        shares = shared_words(terms, [c.text for c in found])
        kind = kind_of(question)
        scored = []
        for candidate, (cosine, closest), share in zip(found, likeness, shares, strict=True):
            score = cosine + closest + _WORDS * share + _RANK / (candidate.number + 1)
            score += _KIND * bool(short_answer(candidate.text, kind, terms))
            near = cosine >= _FLOOR or share >= _FLOOR_WORDS
            scored.append(replace(candidate, score=score, near=near))
        return scored

    def _likeness(
        self, question: str, asked: Matrix, hits: Sequence[Hit], found: Sequence[Candidate]
    ) -> list[tuple[float, float]]:
        """Return each candidate's cosine and MaxSim with the question."""
        passages = [hit.chunk.passage for hit in hits]
        words, *tokens = self._encoder.encode_tokens([question, *passages])
        places = [np.array(self._encoder.token_spans(passage)) for passage in passages]
        pairs = []
        for candidate in found:
            at = candidate.number - 1
            offset = len(passages[at]) - len(hits[at].chunk.text)
            rows = tokens[at][_within(places[at][: len(tokens[at])], candidate.span, offset)]
            pairs.append((cosine(asked, rows), maxsim(words, rows)))
        return pairs


def candidates(hits: Sequence[Hit]) -> list[Candidate]:
    """Return every sentence and row once, those of better passages first."""
    found: dict[str, Candidate] = {}
    for number, hit in enumerate(hits, 1):
        for span in spans(hit.chunk.text):
            text = " ".join(hit.chunk.text[span.start : span.end].split())
            if len(text) >= _SHORTEST or len(hit.chunk.text) < 2 * _SHORTEST:
                found.setdefault(text.casefold(), Candidate(number, span, text))
    return list(found.values())


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


def cosine(question: Matrix, tokens: Matrix) -> float:
    """Return the cosine of the question's vector with the mean of a sentence's tokens."""
    mean = tokens.mean(axis=0) if len(tokens) else np.zeros_like(question)
    return float(mean @ question) / max(float(np.linalg.norm(mean)), 1e-9)


def maxsim(question: Matrix, tokens: Matrix) -> float:
    """Return the mean over the question's tokens of the best cosine with a sentence's token."""
    if not len(question) or not len(tokens):
        return 0.0
    return float((question @ tokens.T).max(axis=1).mean())


def _within(places: NDArray[np.int_], span: Span, offset: int) -> NDArray[np.bool_]:
    """Tell which tokens lie in a sentence whose passage begins ``offset`` characters before it."""
    if not len(places):
        return np.zeros(0, bool)
    inside = (places[:, 0] >= span.start + offset) & (places[:, 1] <= span.end + offset)
    return np.asarray(inside, bool)


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
    """Return the short answer in the best sentence or row, if there is one.

    Only where the sentence holds most of the question: a lone date or name is read as a claim.
    """
    if best.span.row:
        return cell(best.text, terms)
    held = {term(w) for w in re.findall(r"\w+", best.text)} & terms
    if len(held) < _SURE * len(terms):
        return ""
    fact = short_answer(best.text, kind_of(question), terms)
    return fact if fact and len(fact) < len(best.text) / 2 else ""
