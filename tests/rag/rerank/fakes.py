"""Rerankers whose scores can be worked out by hand."""

from __future__ import annotations

import time

from rag.rerank.base import Scores
from tests.fakes import OverlapReranker


class Scripted:
    """Gives the scores it was made with, or raises them."""

    def __init__(self, scores):
        self.scores = scores

    def score(self, query, texts):
        if isinstance(self.scores, Exception):
            raise self.scores
        return self.scores


class Counted(OverlapReranker):
    """Word overlap that remembers what it was asked."""

    def __init__(self, identity="", listwise=False, seconds=0.0):
        self.identity, self.listwise, self.seconds = identity, listwise, seconds
        self.asked = []

    def score(self, query, texts):
        self.asked.append((query, list(texts)))
        time.sleep(self.seconds * len(texts))
        return Scores(super().score(query, texts), {"calls": 1})


class Hangs:
    """Sleeps far beyond any deadline of a test."""

    def score(self, query, texts):
        time.sleep(3)
        return [1.0] * len(texts)
