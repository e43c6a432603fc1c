"""Whether the best passages speak of what was asked at all: from 0 to 1, from a trace.

Rerankers score in units of their own, so this does not look at their scores. It looks at the best
cosine of the dense stage among the passages that the answer is given, at how much of the question's
words they hold between them (a word weighs more the fewer of the candidates hold it), at how much
of the question is names and numbers that they lack, and at whether one of its names is missing
altogether. The four go through a logistic fit (`benchmarks/refusal.py`). In a language that the
encoder hardly knows all cosines are alike, so words alone decide there: how many more of the
question's the best passage holds than others do (`benchmarks/languages.py`). Identifiers are no
matter of degree: if the evidence's documents mention none that is asked about, relevance is 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from statistics import median_low
from typing import NamedTuple

from rag.models.coverage import HARDLY
from rag.text.identifiers import identifiers, mentioned, unknown
from rag.text.names import names
from rag.text.words import QUESTION_WORDS, is_unspaced, question_words, words
from rag.types import StageName, Trace

Terms = Callable[[str], Iterable[str]]
# Intercept and the weights of `Features`: fitted on HotpotQA and chunking.
FITTED = (-4.24, 6.88, 1.84, -2.16, -1.63)
# Intercept and the weight of `lead_in_words`: the slope is fitted, the intercept gives 0.12, the
# default of `refuse_below`, to a lead of 0.13.
FITTED_BY_WORDS = (-3.63, 12.6)
# Cosines of other encoders lie elsewhere.
FITTED_FOR = "all-MiniLM-L6-v2"
_HALF = 0.5  # of a question's words in one passage, which may answer then
_BEGINNING = 5
_FEW = 2


class Features(NamedTuple):
    """What relevance is computed from; ``cosine`` is None if dense retrieval did not run.

    ``held``: the weight of the question's words that the evidence holds, as a share of them all;
    ``lacking``: that of its names and numbers that the evidence does not hold; ``unmentioned``: 1
    if the evidence has no word of a name, else 0.
    """

    cosine: float | None
    held: float
    lacking: float
    unmentioned: float


def relevance(trace: Trace, terms: Terms) -> float | None:
    """Return how likely it is that the evidence answers, None if that is unknown.

    It is unknown if dense retrieval did not run, with another encoder than the fit's (if that knows
    the language), for a question that leaves its subject to a document that it names (``@party
    when does it start?``), and for one of few words but an identifier that the evidence mentions
    (``What is E11?``). ``terms`` are a text's words as BM25 sees them.
    """
    if _unknown(trace):
        return 0.0
    if _leaves_subject(trace, terms) and not unmentioned(trace, terms):
        return None
    if _is_its_identifier(trace):
        return None
    found = features(trace, terms)
    if found.cosine is None:
        return None
    if _by_words(trace):
        half = share_in_one(trace, terms) >= _HALF
        return None if half else _chance(FITTED_BY_WORDS, [lead_in_words(trace, terms)])
    if trace.settings.get("encoder", FITTED_FOR) != FITTED_FOR:
        return None
    return _chance(FITTED, [x or 0.0 for x in found])


def share_in_one(trace: Trace, terms: Terms) -> float:
    """Return the largest share of the question's words that one passage holds, each counting one.

    In documents on one subject all candidates hold the question's words, so none leads. Words that
    only ask do not count, if there are others.
    """
    asked, candidates = set(terms(trace.question)), _candidates(trace, terms)
    asked = asked - question_words(trace.question) or asked
    held = max(len(asked & candidates[hit.chunk.id]) for hit in trace.evidence)
    return held / max(1, len(asked))


def lead_in_words(trace: Trace, terms: Terms) -> float:
    """Return how much more of the question the best passage holds than the middle candidate.

    Both are shares of the weight of the question's words. How many of them any passage holds
    differs with language and script, so the middle one is what to compare with.
    """
    candidates = _candidates(trace, terms)
    weights = _weights(set(terms(trace.question)), candidates)
    total = sum(weights.values()) or 1.0
    shares = {
        key: sum(weights[word] for word in own & weights.keys()) / total
        for key, own in candidates.items()
    }
    best = max(shares[hit.chunk.id] for hit in trace.evidence)
    return best - median_low([0.0, *shares.values()])  # of one candidate alone it is 0


def features(trace: Trace, terms: Terms) -> Features:
    """Return what the evidence of a trace has of its question."""
    evidence = {hit.chunk.id for hit in trace.evidence}
    dense = trace.stage(StageName.DENSE)
    if dense is None or dense.fell_back or not evidence:
        return Features(None, 0.0, 0.0, 0.0)
    lowest = min((hit.score for hit in dense.hits), default=0.0)
    cosine = max((hit.score for hit in dense.hits if hit.chunk.id in evidence), default=lowest)
    candidates = _candidates(trace, terms)
    weights = _weights(set(terms(trace.question)), candidates)
    there = set().union(*(candidates[key] for key in evidence))
    named = {name: set(terms(name)) for name in _names(trace)}
    total = sum(weights.values())
    held = sum(w for word, w in weights.items() if word in there)
    in_names = set().union(*named.values())
    lacking = sum(w for word, w in weights.items() if word in in_names - there)
    missing = any(_missing(words, there) for words in named.values())
    share = (held / total, lacking / total) if total else (1.0, 0.0)
    return Features(cosine, *share, float(missing))


def unmentioned(trace: Trace, terms: Terms) -> tuple[str, ...]:
    """Return the names and numbers of the question of which the evidence has no word."""
    there = {word for hit in trace.evidence for word in terms(hit.chunk.in_document)}
    found = [name for name in _names(trace) if _missing(set(terms(name)), there)]
    codes = [code for code in _unknown(trace) if not any(code in name for name in found)]
    return tuple(dict.fromkeys([*codes, *found]))


def _chance(fit: Sequence[float], found: Sequence[float]) -> float:
    bias, *weights = fit
    return 1 / (1 + math.exp(-(bias + sum(w * x for w, x in zip(weights, found, strict=True)))))


def _by_words(trace: Trace) -> bool:
    """Return whether the encoder hardly knows the language, as its note on the trace says."""
    fused = trace.stage(StageName.FUSED)
    coverage = fused.details.get("coverage") if fused else None
    return isinstance(coverage, float) and coverage < HARDLY


def _leaves_subject(trace: Trace, terms: Terms) -> bool:
    """Return whether a question has but a few words, asked of documents chosen by their names.

    Scripts without spaces have no words to count.
    """
    within = trace.settings.get("within") or {}
    few = len(set(terms(trace.question))) <= _FEW or is_unspaced(trace.question)
    return bool(within.get("documents")) and few


def _is_its_identifier(trace: Trace) -> bool:
    """Return whether a question is about an identifier that the evidence mentions, and little else.

    Encoders know no codes, so neither cosine nor shared words show that a table's row is meant.
    """
    codes = list(identifiers(trace.question))
    within = {word for code in codes for word in words(code)}
    others = {w for w in words(trace.question) if w.casefold() not in QUESTION_WORDS} - within
    texts = (hit.chunk.text for hit in trace.evidence)
    few = len(others) <= _FEW or is_unspaced(trace.question)
    return bool(codes) and few and mentioned(codes, texts)


def _unknown(trace: Trace) -> tuple[str, ...]:
    """Return the identifiers asked about if the evidence's documents mention none.

    All that was found of them counts: a manual may name its product on the first page only.
    """
    documents = {hit.chunk.document for hit in trace.evidence}
    found = {hit.chunk.id: hit.chunk for stage in trace.stages for hit in stage.hits}
    own = (chunk.in_document for chunk in found.values() if chunk.document in documents)
    return unknown(trace.question, chain(documents, own)) if documents else ()


def _names(trace: Trace) -> list[str]:
    """Return the names of a question; none in German, where all nouns have a capital."""
    return [] if trace.settings.get("language") == "german" else names(trace.question)


def _missing(name: set[str], there: set[str]) -> bool:
    """Return whether no word begins as one of a name's words does ("Mexican", "Mexico")."""
    return bool(name) and not {_begun(word) for word in name} & {_begun(word) for word in there}


def _begun(word: str) -> str:
    return word if word.isdigit() else word[:_BEGINNING]


def _candidates(trace: Trace, terms: Terms) -> dict[str, set[str]]:
    """Return the words of every passage that a stage ranked, by its id."""
    pool = {hit.chunk.id: hit.chunk for stage in trace.stages for hit in stage.hits}
    return {key: set(terms(chunk.in_document)) for key, chunk in pool.items()}


def _weights(asked: set[str], candidates: Mapping[str, set[str]]) -> dict[str, float]:
    """Return BM25's weight of each word, over the candidates instead of the library."""
    count = len(candidates)
    holders = {word: sum(word in words for words in candidates.values()) for word in asked}
    return {word: math.log(1 + (count - n + 0.5) / (n + 0.5)) for word, n in holders.items()}
