"""From text to the terms that BM25 counts: one analyser for documents and for questions.

A text is brought to one form (NFKC, case folded), cut into tokens, and every token becomes the
terms under which it can be found:

- a word: its Snowball stem, without accents (``Cafés`` → ``cafe``); function words are left out
- a compound such as ``ERR_42-b``, ``v1.2.3``, ``user@example.org`` or ``R&D``: whole, and in parts;
  a question does not look for the few letters at a figure (``FY`` of ``FY2023``), which are rare
  and would count once for every identifier of their kind
- a number: without thousands separators (``1,234.5`` → ``1234.5``)
- an acronym: without its dots (``U.S.`` → ``us``)
- a run of characters of a script without spaces: its bigrams in Chinese, Japanese and Korean. In
  Thai, Lao, Burmese and Khmer, which write words in several letters, a question looks for trigrams
- in Vietnamese, which puts spaces between syllables: each syllable, and each two that follow
"""

from __future__ import annotations

import difflib
import re
import threading
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise

import Stemmer

from rag.errors import SettingsError
from rag.text.language import ENGLISH
from rag.text.words import FUNCTION_WORDS, LETTERED, MARKS, UNSPACED

VERSION = 2
"""Raise it whenever any text comes to give other terms: stored indexes are then made again."""

NO_STEMMING = "none"
VIETNAMESE = "vietnamese"  # not one of Snowball's
AUTO = "auto"
Groups = list[tuple[str, ...]]
"""The terms of a question; those of a group count as one."""
_CACHED_TOKENS = 200_000
_LONGEST_TERM = 100
_SHORTEST_PART, _SHORTEST_SOUGHT = 2, 4  # letters beside a figure: of a document, of a question
_MOST = 12  # languages of a question

# Accents are no part of these languages' stemming rules, so that "résumés" is stemmed like
# "resumes"; the others need them ("mange", "mangé") and lose them after stemming.
_FOLD_FIRST = frozenset({NO_STEMMING, VIETNAMESE, "english", "porter", "lovins", "indonesian"})

_WORD = rf"(?:[^\W_{UNSPACED}][{MARKS}]*)+"
_JOINT = r"(?:_+|[./@&'-]|(?<=\d),(?=\d{3}(?!\d)))"
_TOKEN = re.compile(rf"[{UNSPACED}]+|{_WORD}(?:{_JOINT}{_WORD})*")
_RUN = re.compile(rf"[{UNSPACED}]+")
_RUN_PARTS = re.compile(rf"([{LETTERED}]+)|[^{LETTERED}]+")
_THOUSANDS = re.compile(r"(?<![^\W_])\d{1,3}(?:,\d{3})+(?!\d)")
_ACRONYM = re.compile(r"[^\W\d_](?:\.[^\W\d_])+")
_PART = re.compile(r"[,/@&_-]+|(?<!\d)\.|\.(?!\d)")
_MIXED = re.compile(r"([^\W\d_]*)(\d+(?:\.\d+)*)([^\W\d_]*)")
_LATIN = re.compile("[\u0000-\u024f\u0300-\u036f\u1e00-\u1eff]+")
_FOLDED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})
_UNIFIED = str.maketrans({"’": "'", "‐": "-", "‑": "-", "\u00ad": None, "\ufeff": None})


class Analyser:
    """Turn text into terms, for one language: a Snowball name, ``vietnamese``, ``none`` (no stems).

    ``name`` identifies the behaviour: texts analysed under equal names gave equal terms. It may
    be called from several threads. Raises `SettingsError` on an unknown language.
    """

    def __init__(self, language: str = "english") -> None:
        known = [*Stemmer.algorithms(), VIETNAMESE, NO_STEMMING]
        if language not in known:
            near = difflib.get_close_matches(language.lower(), known, n=1, cutoff=0.0)[0]
            raise SettingsError(
                f"language {language!r} is not one that can be stemmed; the nearest is {near!r} "
                f"(known: {', '.join(known)})"
            )
        self.name = f"ranklens-{VERSION}-{language}"
        self.paired = language == VIETNAMESE
        self._terms_of = _Expansions(language)
        self._sought = _SoughtExpansions(language)

    def __call__(self, text: str) -> list[str]:
        """Return the terms of ``text``, in the order in which they stand in it, pairs last."""
        terms: list[str] = []
        expand = self._terms_of
        tokens = _TOKEN.findall(_normal(text))
        for token in tokens:
            terms += expand[token]
        return terms + _pairs(tokens) if self.paired else terms

    def document(self, text: str, _language: str) -> list[str]:
        """Return the terms of a document's text, in whichever language it is."""
        return self(text)

    def question(self, text: str, _languages: Sequence[str] | None = None) -> Groups:
        """Return the terms of a question, each a group of its own."""
        tokens = _TOKEN.findall(_normal(text))
        terms = [term for token in tokens for term in self._sought[token]]
        return [(term,) for term in (terms + _pairs(tokens) if self.paired else terms)]

    def sought(self, token: str) -> tuple[str, ...]:
        """Return the terms of one token of a question in its normal form."""
        return self._sought[token]


class AutoAnalyser:
    """Turn each document's text into terms by its own language, and a question by all of them.

    ``languages`` returns those of the library, the most frequent first. What one word of a question
    becomes in them is a group: BM25 counts its terms as one, so that no stem is rare only because
    few documents are of its language.
    """

    name = f"ranklens-{VERSION}-{AUTO}"

    def __init__(self, languages: Callable[[], Sequence[str]]) -> None:
        self._languages = languages

    def document(self, text: str, language: str) -> list[str]:
        """Return the terms of a text of a document in that language."""
        return analyser(language)(text)

    def question(self, text: str, languages: Sequence[str] | None = None) -> Groups:
        """Return the terms of a question, those of one word in one group.

        ``languages`` are those of the documents that are asked, by default of all. What is a
        function word in one of them is left out.
        """
        spoken = self._languages() if languages is None else languages
        known = [analyser(language) for language in spoken[:_MOST] or (ENGLISH,)]
        groups: Groups = []
        tokens = _TOKEN.findall(_normal(text))
        for token in tokens:
            forms = [one.sought(token) for one in known]
            if all(forms):
                groups += [tuple(dict.fromkeys(terms)) for terms in zip(*forms, strict=False)]
        if any(one.paired for one in known):
            groups += [(pair,) for pair in _pairs(tokens)]
        return groups


@lru_cache(maxsize=64)
def analyser(language: str) -> Analyser:
    """Return the analyser of a language, the same one each time, with the words that it has met."""
    return Analyser(language)


class _Expansions(dict[str, tuple[str, ...]]):
    """The terms of every token met so far; a text's words are mostly words met before."""

    _shortest = _SHORTEST_PART  # letters beside a figure that are a term of their own

    def __init__(self, language: str) -> None:
        stemmed = language not in (NO_STEMMING, VIETNAMESE)
        self._stemmer = Stemmer.Stemmer(language) if stemmed else None
        self._stemmer_lock = threading.Lock()
        self._fold_first = language in _FOLD_FIRST
        self._left_out = FUNCTION_WORDS if language == "english" else frozenset()

    def __missing__(self, token: str) -> tuple[str, ...]:
        if _RUN.match(token):
            return tuple(term for part in _RUN_PARTS.finditer(token) for term in self._run(part))
        if len(self) >= _CACHED_TOKENS:
            self.clear()
        terms = tuple(term[:_LONGEST_TERM] for term in self._expand(token))
        self[token] = terms
        return terms

    def _run(self, part: re.Match[str]) -> tuple[str, ...]:
        run = part[0]
        return _ngrams(run, 2) + (_ngrams(run, 3) if part[1] and len(run) > 2 else ())

    def _expand(self, token: str) -> list[str]:
        if "'" in token:
            pieces = token.split("'")
            long = [piece for piece in pieces if len(piece) > 2]
            return [term for piece in long or pieces for term in self._expand(piece)]
        if token.isalpha():
            return self._word(token)
        if _ACRONYM.fullmatch(token):
            return [token.replace(".", "")]
        token = _THOUSANDS.sub(lambda match: match[0].replace(",", ""), token)
        parts = [part for part in _PART.split(token) if part]
        terms = [term for part in parts for term in self._part(part)]
        return terms if len(parts) == 1 else [_folded(token), *terms]

    def _part(self, part: str) -> list[str]:
        mixed = _MIXED.fullmatch(part)
        if mixed is None:
            return self._word(part)
        before, number, after = mixed.groups()
        beside = [word for word in (before, after) if len(word) >= self._shortest]
        words = [term for word in beside for term in self._word(word)]
        return [part] if number == part else [_folded(part), number, *words]

    def _word(self, word: str) -> list[str]:
        if word in self._left_out:
            return []
        if self._fold_first:
            word = _folded(word)
        if self._stemmer is not None and len(word) <= _LONGEST_TERM:
            with self._stemmer_lock:
                word = self._stemmer.stemWord(word)
        return [_folded(word)]


class _SoughtExpansions(_Expansions):
    """The terms under which a question's tokens are looked for, not all that they have."""

    _shortest = _SHORTEST_SOUGHT

    def _run(self, part: re.Match[str]) -> tuple[str, ...]:
        return _ngrams(part[0], 3 if part[1] and len(part[0]) > 2 else 2)


def _normal(text: str) -> str:
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text.translate(_UNIFIED)).casefold()
    return unicodedata.normalize("NFKC", folded)  # folding takes some characters apart


def _folded(word: str) -> str:
    """Leave out accents from Latin letters; in other scripts the marks are letters of their own."""
    if word.isascii() or not _LATIN.fullmatch(word):
        return word
    letters = unicodedata.normalize("NFD", word.translate(_FOLDED))
    return "".join(letter for letter in letters if not "\u0300" <= letter <= "\u036f") or word


def _ngrams(run: str, size: int) -> tuple[str, ...]:
    return tuple(run[i : i + size] for i in range(len(run) - size + 1)) or (run,)


def _pairs(tokens: Sequence[str]) -> list[str]:
    """Return each two words that follow one another as one term, without accents."""
    words = [_folded(token) if token.isalpha() else "" for token in tokens]
    return [f"{a}_{b}"[:_LONGEST_TERM] for a, b in pairwise(words) if a and b]
