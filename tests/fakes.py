"""Fakes whose results can be worked out by hand."""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

from rag.types import Candidate, Chunk

WORDS = ("mars", "moon", "sun", "ring", "comet", "tide", "orbit", "probe")


def make_chunk(id: str, text: str = "", document: str = "a.txt", **more: object) -> Chunk:
    """A chunk whose text is its id unless given."""
    text = text or id
    return Chunk(id=id, document=document, start=0, end=len(text), text=text, **more)


def make_pool(*ids: str) -> list[Candidate]:
    """Candidates in this order, the first-stage scores falling by one."""
    n = len(ids)
    return [
        Candidate(make_chunk(name), float(n - i), float(n - i), float(n - i))
        for i, name in enumerate(ids)
    ]


@cache
def words_tokeniser() -> Path:
    """A folder with a tokeniser of one token a word, for the process that counts."""
    folder = Path(tempfile.mkdtemp(prefix="ranklens-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    tokenizer = Tokenizer(WordLevel({"?": 0}, unk_token="?"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


class WordEncoder:
    """Vectors count `WORDS`; two texts are as near as the words they share."""

    name = "words"
    revision = "0" * 16
    dimension = len(WORDS)
    max_tokens = 10_000
    engine = "by hand"

    @property
    def token_counter(self) -> Path:
        return words_tokeniser()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = [[float(_words(text).count(word)) for word in WORDS] for text in texts]
        matrix = np.array(rows, np.float32).reshape(len(texts), len(WORDS))
        # A text without any of the words still needs a direction: an even one.
        matrix[matrix.sum(axis=1) == 0] = 1.0
        return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)

    def encode_query(self, text: str) -> NDArray[np.float32]:
        return self.encode([text])[0]

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.encode(texts)

    def encode_tokens(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        return [self.encode(_words(text)) for text in texts]

    def encode_both(
        self, texts: Sequence[str]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        return self.encode(texts), self.encode_tokens(texts)

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in re.finditer(r"\w+", text.lower())]

    def coverage(self, texts: Sequence[str]) -> float:
        return 1.0


class OverlapReranker:
    """The score is the number of different words that query and passage share."""

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        return [float(len({*_words(query)} & {*_words(text)})) for text in texts]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
