"""Answers without a model: the sentences, lists and table rows that answer best, each cited.

A unit's score is the cosine of its tokens' mean with the question's vector, plus MaxSim (the mean
over the question's tokens of the best cosine with one of its tokens), plus the share of the
question's words that it holds (rare ones count more), plus what its passage's rank is worth, plus a
little where it holds what the question asks for (a date, a name, a number), more where that is the
cell of a table, less where a sentence speaks of another time than the question. Weights, margin
and floor were chosen on 70 HotpotQA questions that ``benchmarks/extractive.py`` leaves out by
default and on every third one of its chunking set; what concerns tables on twenty questions about
quarterly reports, which therefore prove nothing.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Generator as Pieces
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rag.generate.base import REFUSAL, Quote, Written
from rag.generate.citations import without_markers
from rag.generate.facts import short_answer
from rag.generate.likeness import Kept, Likeness
from rag.generate.periods import contradicts, period
from rag.generate.question import Asked
from rag.generate.rows import (
    answering,
    cell,
    is_named,
    label,
    read_cells,
    read_out,
    told,
    valued,
    words,
)
from rag.generate.units import Unit, units
from rag.models.encoder import Encoder
from rag.types import Hit

_WORDS, _RANK, _KIND, _CELL = 0.8, 0.3, 0.05, 0.9
_TOLD = 0.5
_OTHER_TIME = 0.3
_MARGIN, _MOST, _TIMES = 0.3, 4, 3
# Of 162 questions with their documents in the library, the best sentence's cosine was below 0.43
# for one in a hundred; of 57 whose documents had been taken out it was never above 0.40. A question
# of rare words and codes may lie lower, so most of its words in one sentence count, too.
_FLOOR, _FLOOR_WORDS = 0.38, 0.6
# Nearer than this, a sentence may answer in other words than the question's: so did five of 86
# questions of the benchmark, four of them at cosines of 0.52 to 0.69, and one at 0.44 wrongly.
_CLOSE = 0.5
_SURE = 0.6
_SAME = 0.75
_WITHIN = 0.85


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit with its score; ``near``: it reaches the floor; ``column``: of the cell that answers.

    ``telling``: it is about what the question is about. ``also`` are candidates of other documents
    that say the same.
    """

    unit: Unit
    score: float = 0.0
    near: bool = False
    telling: bool = True
    column: int = -1
    also: tuple[Candidate, ...] = ()


class ExtractiveGenerator:
    """Picks and cites one to four units; needs an encoder and nothing else."""

    name = "extractive"

    def __init__(self, encoder: Encoder, kept: Kept | None = None) -> None:
        """``kept`` returns the packed token vectors of passages, None where there are none."""
        self._likeness = Likeness(encoder, kept)

    def stream(self, question: str, hits: Sequence[Hit]) -> Pieces[str, None, Written]:
        """Yield the answer passage by passage; says `REFUSAL` where nothing comes near."""
        asked = Asked.read(question)
        scored = self._scored(asked, hits)
        chosen = [candidate for candidate in choose(scored, asked) if candidate.telling]
        if not any(c.near for c in scored) or not chosen:
            yield REFUSAL
            return Written()
        fact = _fact(chosen[0], asked)
        if fact:
            yield f"**{fact}** — "
        quotes: list[Quote] = []
        for paragraph in _paragraphs(chosen, apart=bool(fact)):
            first = bool(fact) and not quotes
            yield "\n\n" * bool(quotes) + _written(paragraph, asked, first)
            cited = [one.unit for c in paragraph for one in (c, *c.also)]
            quotes += [Quote(unit.number, unit.span.start, unit.span.end) for unit in cited]
        return Written(tuple(quotes), details={"candidates": len(scored)})

    def _scored(self, asked: Asked, hits: Sequence[Hit]) -> list[Candidate]:
        """Return the units that may answer with their scores."""
        found = [unit for unit in units(hits) if not unit.row or asked.names(label(unit.row))]
        likeness = self._likeness(asked.text, hits, found)
        shares = shared_words(asked.terms, [unit.text for unit in found])
        telling = _telling(asked, hits)
        strangers = _strangers(asked, hits)
        when = period(asked.text)
        required = asked.subject & {w for u in found if u.row for w in words(label(u.row))}
        scored = []
        for unit, (cosine, closest), share in zip(found, likeness, shares, strict=True):
            column = -1
            if unit.row and unit.number not in strangers and asked.wants_value:
                column = answering(unit.row, asked, required, unit.context)
            score = cosine + closest + _WORDS * share + _RANK / (unit.number + 1)
            score += _KIND * bool(_short(unit, asked))
            if not unit.row and contradicts(when, period(unit.text)):
                score -= _OTHER_TIME
            if unit.row and column >= 0:
                score += _CELL + _TOLD * told(unit.row, column, asked.subject)
            near = cosine >= _FLOOR or share >= _FLOOR_WORDS
            tells = cosine >= _CLOSE or not telling or bool(telling & _told(unit))
            scored.append(Candidate(unit, score, near, tells, column))
        # Only now: what words are worth is told by all that was found.
        kept = _named(found, asked)
        return [candidate for candidate in scored if candidate.unit in kept]


def _named(found: Sequence[Unit], asked: Asked) -> list[Unit]:
    """Return the units without the rows beside those that the question names, if it names any."""
    rows = (unit for unit in found if unit.span.kind == "row")
    named = [unit for unit in rows if is_named(unit.text, asked.text)]
    return [u for u in found if not named or u.span.kind != "row" or u in named]


def _telling(asked: Asked, hits: Sequence[Hit]) -> frozenset[str]:
    """Return the words of which an answer should hold one: what is asked, and rare names.

    A company's name is in all of its reports: a sentence that holds nothing else is no answer.
    """
    held = Counter(word for hit in hits for word in words(hit.chunk.passage))
    rare = {name for name in asked.named if 0 < held[name] <= len(hits) / 2}
    return frozenset(rare | (asked.subject - asked.named))


def _strangers(asked: Asked, hits: Sequence[Hit]) -> set[int]:
    """Return the passages of documents that name nobody the question names, if others do."""
    naming = {hit.chunk.document for hit in hits if asked.named & words(hit.chunk.passage)}
    return {n for n, hit in enumerate(hits, 1) if naming and hit.chunk.document not in naming}


def shared_words(terms: frozenset[str], texts: Sequence[str]) -> list[float]:
    """Return how much of the question each text holds, 0 to 1, rare words counting more."""
    held = [words(text) & terms for text in texts]
    frequency = Counter(word for found in held for word in found)
    weight = {word: math.log(1 + len(texts) / (0.5 + frequency[word])) for word in terms}
    total = sum(weight.values()) or 1.0
    return [sum(weight[word] for word in found) / total for found in held]


def choose(scored: Sequence[Candidate], asked: Asked) -> list[Candidate]:
    """Return the best candidates, best first: at most four, none far behind the best.

    What an earlier one has said is not said again; another document that says it is cited, too.
    """
    order = sorted(scored, key=lambda c: -c.score)
    chosen: list[Candidate] = []
    for candidate in order:
        if candidate.score < order[0].score - _MARGIN:
            break
        said = next((i for i, c in enumerate(chosen) if _repeats(candidate, c, asked)), None)
        if said is None and len(chosen) < _MOST:
            chosen.append(candidate)
        elif said is not None and _goes_on(candidate, chosen[said]):
            chosen[said] = _citing(candidate, chosen[said])
        elif said is not None:
            chosen[said] = _citing(chosen[said], candidate)
    return chosen


def _repeats(candidate: Candidate, earlier: Candidate, asked: Asked) -> bool:
    """Tell whether a candidate says what an earlier one says: the same figures, the same words.

    One that is shorter may leave out, but adds no name and no word of the question.
    """
    if candidate.unit.overlaps(earlier.unit):
        return True
    new, old = (_all_words(_readable(c, asked)) for c in (candidate, earlier))
    more = new - old
    if words(" ".join(more)) & asked.terms:
        return False
    folded = [{word.casefold() for word in said} for said in (new, old)]
    shared = len(folded[0] & folded[1])
    differ = {word for word in folded[0] ^ folded[1] if any(letter.isdigit() for letter in word)}
    if not differ and shared >= _SAME * len(folded[0] | folded[1]):
        return True
    if _goes_on(candidate, earlier):
        return shared >= _WITHIN * len(folded[1])
    adds = differ & folded[0] or any(word[0].isupper() for word in more)
    return not adds and shared >= _WITHIN * len(folded[0])


def _goes_on(candidate: Candidate, earlier: Candidate) -> bool:
    """Tell whether a candidate is the earlier one's list with more of its items."""
    new, old = candidate.unit, earlier.unit
    return new.span.kind == old.span.kind == "item" and len(new.text) > len(old.text)


def _all_words(text: str) -> set[str]:
    return set(re.findall(r"\d[\d.,]*\d|\w+", text))


def _citing(first: Candidate, other: Candidate) -> Candidate:
    """Return the first with the other's citation, unless that quotes the same characters again."""
    said = (first, *first.also)
    if len(said) == _TIMES or any(other.unit.overlaps(c.unit) for c in said):
        return first
    return replace(first, also=(*first.also, replace(other, also=())))


def _paragraphs(chosen: Sequence[Candidate], apart: bool) -> Iterator[list[Candidate]]:
    """Group by passage, that of the best unit first, each in the order of its text.

    The best stands ``apart`` where its fact goes before it.
    """
    rest = chosen[1:] if apart else chosen
    if apart:
        yield [chosen[0]]
    for number in dict.fromkeys(c.unit.number for c in rest):
        own = (c for c in rest if c.unit.number == number)
        yield sorted(own, key=lambda c: c.unit.span.start)


def _written(paragraph: Sequence[Candidate], asked: Asked, fact: bool = False) -> str:
    pieces = []
    for c in paragraph:
        markers = " ".join(f"[{one.unit.number}]" for one in (c, *c.also))
        pieces.append(f"{_readable(c, asked, fact)} {markers}")
    apart = any(c.unit.span.kind in ("row", "cells", "item") for c in paragraph)
    return ("\n" if apart else " ").join(pieces)


def _readable(candidate: Candidate, asked: Asked, fact: bool = False) -> str:
    """Return a unit fit for an answer: no bullet, no markers of its own, no open code.

    Where the value of a row stands before it as a ``fact``, only its names are told.
    """
    unit = candidate.unit
    if unit.row and fact:
        text = f"{label(unit.row)}, {unit.row.columns[candidate.column]}"
    elif unit.row:
        text = read_cells(unit.row, asked, unit.context)
    else:
        text = read_out(unit.text, asked.terms) if unit.span.kind == "row" else _listed(unit)
    text = re.sub(r"^(?:[-*•–·▪]|#{1,6})\s+", "", without_markers(text))
    return text.replace("`", "'") if text.count("`") % 2 else text


def _listed(unit: Unit) -> str:
    """Return a unit's text, a list with what introduces it on lines of its own."""
    parts = re.split(r"\n+\s*[-*•–·▪]\s+", unit.chunk.text[unit.span.start : unit.span.end])
    return "\n- ".join(" ".join(part.split()) for part in parts)


def _short(unit: Unit, asked: Asked) -> str:
    """Return the short answer that a sentence holds."""
    return "" if unit.row else short_answer(unit.text, asked.kind, asked.terms, asked.noun)


def _told(unit: Unit) -> set[str]:
    return words(f"{unit.context} {unit.row.above if unit.row else ''} {unit.text}")


def _fact(best: Candidate, asked: Asked) -> str:
    """Return the short answer in the best unit, if there is one.

    Only where the sentence holds most of the question: a lone date or name is read as a claim.
    """
    unit = best.unit
    if unit.row:
        rows = [c.unit.row for c in (best, *best.also) if c.unit.row]
        told_unit = next((row.unit for row in rows if row.unit), "")
        return valued(replace(unit.row, unit=told_unit), best.column) if best.column >= 0 else ""
    if unit.span.kind == "row":
        return cell(unit.text, asked.terms)
    if len(words(unit.text) & asked.terms) < _SURE * len(asked.terms):
        return ""
    fact = _short(unit, asked)
    return fact if len(fact) < len(unit.text) / 2 else ""
