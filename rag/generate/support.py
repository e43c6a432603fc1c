"""Whether each sentence of an answer cites a passage, and whether that passage supports it.

Offline three things are looked at: every number of the sentence and every name must be in what it
cites, and its words must be found there (the mean over its tokens of the best cosine with any
token of the passages, as in ColBERT's MaxSim). What stands there word for word is never marked: a
short quotation may be like little of its passage, which gives its words another sense. This cannot
see a statement turned round in the same words, so a sentence without a flag is not proven. Where a
model is the judge, it reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
    told = sentences(answer, hits)
    checks = [
        _uncited(one)
        for at, one in enumerate(told)
        if not one.cited and not verbatim(one.text, _next_cited(told[at:]))
    ]
    cited = [one for one in told if one.cited]
    missing = judge(cited) if judge and cited else by_rule(cited, question, encoder)
    by = BY_MODEL if judge else BY_RULE
    checks += [
        Check(cited[place].start, cited[place].end, "doubtful", why, by)
        for place, why in missing.items()
    ]
    checks.sort(key=lambda check: check.start)
    return replace(answer, checks=tuple(checks))


def sentences(answer: Answer, hits: Sequence[Hit]) -> list[AnswerSentence]:
    """Return the sentences that state something; a marker belongs to the sentence before it.

    Code states nothing.
    """
    text, found = answer.text, []
    code = [block.span() for block in _CODE.finditer(text)]
    edges = [span for span in parts(text) if without_markers(text[span.start : span.end]).strip()]
    for place, span in enumerate(edges):
        start = _past_markers(text, span.start)
        until = len(text)
        if place + 1 < len(edges):
            until = _past_markers(text, edges[place + 1].start)
        words = " ".join(without_markers(text[start : span.end]).split())
        if not _states(words) or any(low <= start < high for low, high in code):
            continue
        numbers = {c.number for c in answer.citations if start <= c.start < until}
        cited = tuple(hits[n - 1].chunk for n in sorted(numbers) if n <= len(hits))
        found.append(AnswerSentence(start, span.end, words, cited))
    return found


def by_rule(told: Sequence[AnswerSentence], question: str, encoder: TokenEncoder) -> dict[int, str]:
    """Return what is missing, by the sentence's place, in numbers, names and likeness."""
    missing: dict[int, str] = {}
    for place, one in enumerate(told):
        passages = _passages(one)
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
    """Tell whether ``passages`` hold the words of ``text`` in their order, whatever parts them.

    A row of a table may be read out in pieces (``Label — Column: value · Column: value``).
    """
    there = _words_of(passages)
    pieces = [said for piece in _PARTED.split(text) if (said := _words_of(piece)).strip()]
    return bool(pieces) and all(piece in there for piece in pieces)


def missing_numbers(text: str, passages: str) -> list[str]:
    """Return the numbers of ``text`` that ``passages`` do not hold, however they are written."""
    there = {plain(number) for number in numbers(passages)}
    there |= {digits for word, digits in SPELLED.items() if word in _flat(passages).split()}
    return [number for number in numbers(text) if plain(number) not in there]


def missing_names(text: str, known: str) -> list[str]:
    """Return the names (capitals inside a sentence) of ``text`` that ``known`` does not hold."""
    there = _flat(known)
    return [name for name in name_words(text) if _stem(name) not in there]


def likeness(text: str, cited: Sequence[Chunk], encoder: TokenEncoder) -> float:
    """Return how well a sentence's tokens are found in the passages that it cites (-1 to 1)."""
    own, *passages = encoder.encode_tokens([text, *(chunk.passage for chunk in cited)])
    return maxsim(own, np.concatenate(passages) if passages else own[:0])


def _uncited(one: AnswerSentence) -> Check:
    said = one.text if len(one.text) <= 60 else one.text[:59].rsplit(" ", 1)[0] + "…"
    return Check(one.start, one.end, "uncited", f"“{said}” names no passage")


def _next_cited(told: Sequence[AnswerSentence]) -> str:
    """Return what the first sentence with a citation cites: a quotation has one at its end."""
    return next((_passages(one) for one in told if one.cited), "")


def _passages(one: AnswerSentence) -> str:
    return "\n".join(chunk.passage for chunk in one.cited)


def _quoted(text: str) -> str:
    """Return what stands in quotation marks, nothing where that is less than half of a text."""
    said = " ".join(_QUOTED.findall(text))
    return said if 2 * len(said) >= len(text) else ""


def _words_of(text: str) -> str:
    return f" {' '.join(_TOKEN.findall(_flat(text)))} "


def _past_markers(text: str, at: int) -> int:
    found = _MARKERS.match(text, at)
    return found.end() if found else at


def _states(words: str) -> bool:
    """Tell whether there is a statement to support: no heading, lead-in or question."""
    return len(words.split()) >= _FEWEST_WORDS and words[-1] not in ":?" and words[0] != "#"


def _stem(name: str) -> str:
    word = _flat(name)
    return re.sub(r"(?:'s|s'|'|s)$", "", word) if len(word) > 3 else word


def _flat(text: str) -> str:
    return " ".join(text.lower().replace("’", "'").split())
