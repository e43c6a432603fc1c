"""A vector store by exact search in memory."""

import numpy as np


class ExactStore:
    """Stands in for `ChromaStore`; its results can be worked out by hand."""

    def __init__(self):
        self.rows = {}
        self.known = {}
        self.failed = False

    def facts(self):
        return self.known

    def reset(self, facts):
        self.rows, self.known = {}, dict(facts)

    def add(self, ids, vectors):
        self.rows |= dict(zip(ids, np.asarray(vectors), strict=True))

    def remove(self, ids):
        for name in ids:
            self.rows.pop(name, None)

    def search(self, vector, k):
        scored = [(name, float(row @ vector)) for name, row in self.rows.items()]
        return sorted(scored, key=lambda pair: -pair[1])[:k]

    def count(self):
        return len(self.rows)

    def ids(self):
        return set(self.rows)

    def close(self):
        pass
