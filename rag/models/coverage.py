"""How much of a text a model's vocabulary knows as words: letters for each piece of a word.

A vocabulary of one language spells the others, two or three letters a piece or letter by letter,
and a model that reads spelling finds little. docs/rerankers.md has the figures behind the three
constants.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from operator import attrgetter

from tokenizers import Tokenizer

from rag.text.language import name_of
from rag.types import Candidate, Chunk

LEAST = 0.1
SPELLED, KNOWN = 1.3, 4.0  # letters a piece: of spelling, and of the vocabulary's own language
CURVE = 1.5  # half-way between the two, a model understands less than half
LARGE = 100_000  # entries; a vocabulary of that size was made for many languages
OWN = 1_000  # entries of a script that make it one of the vocabulary's own
UNKNOWN = frozenset({"[UNK]", "<unk>"})
PASSAGES, LETTERS = 2, 200  # how many passages are looked at, and how much of each
NOTED, HARDLY = 0.7, 0.2  # coverages below which a trace mentions it, and how
_KEPT = 4096  # texts


class Coverage:
    """Coverage of texts by one vocabulary. Safe to use from several threads."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._counted = lru_cache(_KEPT)(self._count)

    def __call__(self, texts: Iterable[str]) -> float:
        """Return 1 for text in a language of the vocabulary, 0.1 for text that it only spells."""
        if self._tokenizer.get_vocab_size() >= LARGE:
            return 1.0
        counts = [self._counted(text[:LETTERS]) for text in texts]
        pieces = sum(pieces for _, pieces in counts)
        if not pieces:
            return 1.0
        share = (sum(letters for letters, _ in counts) / pieces - SPELLED) / (KNOWN - SPELLED)
        return LEAST + (1 - LEAST) * math.pow(min(1.0, max(0.0, share)), CURVE)

    def _count(self, text: str) -> tuple[int, int]:
        """Return the letters of a text and the pieces that they are cut to.

        Scripts of which the vocabulary has many entries are left out: in Chinese one letter is a
        word. An unknown word counts as spelled.
        """
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        pieces = 0
        for token, (start, end) in zip(encoding.tokens, encoding.offsets, strict=True):
            inside = self._letters(text[start:end])
            pieces += inside if token in UNKNOWN else bool(inside)
        return self._letters(text), pieces

    def _letters(self, text: str) -> int:
        if text.isascii():
            return sum(map(str.isalpha, text))
        return sum(sign.isalpha() and script(sign) not in self._own for sign in text)

    @cached_property
    def _own(self) -> frozenset[str]:
        entries = Counter(
            script(first)
            for entry in self._tokenizer.get_vocab()
            if (first := next(filter(str.isalpha, entry), ""))
        )
        return frozenset(name for name, n in entries.items() if n >= OWN and name != "LATIN")


@lru_cache(10_000)
def script(letter: str) -> str:
    """Return the script of a letter as Unicode names it: LATIN, GREEK, CJK, THAI."""
    return unicodedata.name(letter, "").partition(" ")[0]


def knowledge(coverage: float, texts: Iterable[str]) -> str:
    """Return a coverage of texts in words, for a note: how much the model knows of the language."""
    language = name_of("\n".join(texts)) or "this language"
    return f"hardly knows {language}" if coverage < HARDLY else f"knows {language} in part"


def sample(question: str, chunks: Sequence[Chunk]) -> list[str]:
    """Return the texts that show in which language a question is asked and answered."""
    return [question, *(chunk.text for chunk in chunks[:PASSAGES])]


def pool_sample(question: str, pool: Sequence[Candidate]) -> list[str]:
    """Return that sample for a pool: its best passages by BM25, which knows every language."""
    best = sorted(pool, key=attrgetter("lexical"), reverse=True)
    return sample(question, [candidate.chunk for candidate in best[:PASSAGES]])
