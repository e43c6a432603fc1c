"""Plain sentence-transformers: the yardstick for model calls, nothing else."""

from __future__ import annotations

from pathlib import Path

import sentence_transformers as library


class System:
    """See `benchmarks.systems`."""

    def __init__(self, folder: Path, encoder: Path, cross_encoder: Path) -> None:
        self.encoder = library.SentenceTransformer(str(encoder), device="cpu")
        self.cross = library.CrossEncoder(str(cross_encoder), device="cpu")
        self.texts: list[str] = []

    def warm(self, texts: list[str]) -> None:
        """Encode once, so that nothing is timed that happens once a process."""
        self.encoder.encode(texts)

    def ingest(self, texts: list[str]) -> None:
        """Only encode."""
        self.texts = texts
        self.encoder.encode(texts)

    def rerank(self, question: str, rows: list[int]) -> list[float]:
        """Score texts with the cross-encoder."""
        scores = self.cross.predict([(question, self.texts[row]) for row in rows])
        return [float(score) for score in scores]

    def about(self) -> dict[str, str]:
        """Return versions."""
        return {"version": library.__version__}
