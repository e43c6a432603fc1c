"""Whether each sentence of an answer cites a passage, and whether that passage supports it.

Offline three things are looked at: every number of the sentence and every name must be in what it
cites, and its words must be found there (the mean over its tokens of the best cosine with any
token of the passages, as in ColBERT's MaxSim). What stands there word for word is never marked: a
short quotation may be like little of its passage, which gives its words another sense. This cannot
see a statement turned round in the same words, so a sentence without a flag is not proven. A model
that is the judge reads both.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from textwrap import shorten
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.generate.citations import without_markers
from rag.generate.extract.likeness import maxsim
from rag.text.names import name_words
from rag.text.numbers import SPELLED, numbers, plain
from rag.text.passages import parts
from rag.text.words import UNSPACED
from rag.types import Answer, Check, Chunk, Hit

LIKENESS = 0.5
BY_RULE = "by words, numbers and likeness"
BY_MODEL = "by the model"
_MARKERS = re.compile(r"\s*(?:\[\d{1,3}\]\s*)+")
_CODE = re.compile(r"^[ \t]*(`{3,}).*?(?:^[ \t]*\1|\Z)", re.MULTILINE | re.DOTALL)
# One letter of a script without spaces is a word here.
_TOKEN = re.compile(rf"\d+|[^\W\d_{UNSPACED}]+|\w")
_QUOTED = re.compile(r"[“„«\"]([^“„«»”\"]+)[”“»\"]")
_PARTED = re.compile(r"[|·—]")
_FEWEST_WORDS = 3


class TokenEncoder(Protocol):
    """What is needed of an encoder here."""

    def encode_tokens(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return each text's tokens as unit rows."""
        ...


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """A sentence of an answer, its text without markers, and the passages that it cites."""

    start: int
    end: int
    text: str
    cited: tuple[Chunk, ...]

    @property
    def passages(self) -> str:
        """What it cites, as one text."""
        return "\n".join(chunk.in_document for chunk in self.cited)


SupportJudge = Callable[[Sequence[AnswerSentence]], dict[int, str]]


def checked(
    answer: Answer,
    question: str,
    hits: Sequence[Hit],
    encoder: TokenEncoder,
    judge: SupportJudge | None,
) -> Answer:
    """Return the answer with its checks; a refusal and a failure have none.

    ``judge`` returns what is missing by the sentence's place, for those that are not supported;
    None looks at words, numbers and likeness. Raises what the judge raises.
    """
    if answer.refused or not answer.text or answer.generator == "extractive":
        return answer
    stated = sentences(answer, hits)
    checks = list(_uncited(stated))
    cited = [one for one in stated if one.cited]
    missing = judge(cited) if judge and cited else by_rule(cited, question, encoder)
    by = BY_MODEL if judge else BY_RULE
    checks += [
        Check(cited[place].start, cited[place].end, "doubtful", why, by)
        for place, why in missing.items()
    ]
    return replace(answer, checks=tuple(sorted(checks, key=lambda check: check.start)))


def sentences(answer: Answer, hits: Sequence[Hit]) -> list[AnswerSentence]:
    """Return the sentences that state something; a marker belongs to the sentence before it.

    Code states nothing.
    """
    text = _CODE.sub(lambda block: " " * len(block[0]), answer.text)
    cited_at = [citation.start for citation in answer.citations]
    found = []
    own = [part for part in parts(text) if without_markers(text[part.start : part.end]).strip()]
    starts = [*(_past_markers(text, part.start) for part in own), len(text)]
    for part, (start, until) in zip(own, pairwise(starts), strict=True):
        words = " ".join(without_markers(text[start : part.end]).split())
        if not _states(words):
            continue
        first, last = bisect_left(cited_at, start), bisect_left(cited_at, until)
        cites = sorted({citation.number for citation in answer.citations[first:last]})
        cited = tuple(hits[n - 1].chunk for n in cites if n <= len(hits))
        found.append(AnswerSentence(start, part.end, words, cited))
    return found


def by_rule(
    stated: Sequence[AnswerSentence], question: str, encoder: TokenEncoder
) -> dict[int, str]:
    """Return what is missing, by the sentence's place, in numbers, names and likeness."""
    missing: dict[int, str] = {}
    for place, one in enumerate(stated):
        passages = one.passages
        if verbatim(one.text, passages):
            continue
        if lost := missing_numbers(one.text, passages):
            missing[place] = f"the cited passage does not hold the number {lost[0]}"
        elif names := missing_names(one.text, passages + "\n" + question):
            missing[place] = f"the cited passage does not name {names[0]}"
        elif verbatim(_quoted(one.text), passages):
            continue
        elif (like := likeness(one.text, one.cited, encoder)) < LIKENESS:
            missing[place] = f"little of this is in the cited passage (likeness {like:.2f})"
    return missing


def verbatim(text: str, passages: str) -> bool:
    """Return whether ``passages`` hold the words of ``text`` in order, with any marks between.

    A row of a table may be read out in pieces (``Label — Column: value · Column: value``).
    """
    there = _words_of(passages)
    pieces = [_words_of(piece) for piece in _PARTED.split(text)]
    return any(map(str.strip, pieces)) and all(piece in there for piece in pieces if piece.strip())


def missing_numbers(text: str, passages: str) -> list[str]:
    """Return the numbers of ``text`` that ``passages`` do not hold, however they are written."""
    there = {plain(number) for number in numbers(passages)}
    there |= {SPELLED[word] for word in _flat(passages).split() if word in SPELLED}
    return [number for number in numbers(text) if plain(number) not in there]


def missing_names(text: str, known: str) -> list[str]:
    """Return the names (capitals inside a sentence) of ``text`` that ``known`` does not hold."""
    there = _flat(known)
    return [name for name in name_words(text) if _stem(name) not in there]


def likeness(text: str, cited: Sequence[Chunk], encoder: TokenEncoder) -> float:
    """Return how well a sentence's tokens are found in the passages that it cites (-1 to 1)."""
    own, *passages = encoder.encode_tokens([text, *(chunk.passage for chunk in cited)])
    return maxsim(own, np.concatenate(passages) if passages else own[:0])


def _uncited(stated: Sequence[AnswerSentence]) -> Iterator[Check]:
    """Yield sentences that name no passage; of several quoted ones the last may cite for all."""
    checks, following = [], ""
    for one in reversed(stated):
        following = one.passages or following
        if not one.cited and not verbatim(one.text, following):
            text = shorten(one.text, 60, placeholder="…")
            checks.append(Check(one.start, one.end, "uncited", f"“{text}” names no passage"))
    return reversed(checks)


def _quoted(text: str) -> str:
    """Return what stands in quotation marks, nothing if that is less than half of a text."""
    quoted = " ".join(_QUOTED.findall(text))
    return quoted if 2 * len(quoted) >= len(text) else ""


def _words_of(text: str) -> str:
    return f" {' '.join(_TOKEN.findall(_flat(text)))} "


def _past_markers(text: str, at: int) -> int:
    found = _MARKERS.match(text, at)
    return found.end() if found else at


def _states(words: str) -> bool:
    """Return whether there is a statement to support: no heading, lead-in or question."""
    return len(words.split()) >= _FEWEST_WORDS and words[-1] not in ":?" and words[0] != "#"


def _stem(name: str) -> str:
    word = _flat(name)
    return re.sub(r"(?:'s|s'|'|s)$", "", word) if len(word) > 3 else word


def _flat(text: str) -> str:
    return " ".join(text.lower().replace("’", "'").split())
