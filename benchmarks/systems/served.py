"""sentence-transformers behind FastAPI, as people write it: the yardstick for servers.

``python -m benchmarks.systems.served PORT ENCODER CROSS_ENCODER``. Each request is predicted in a
thread of its own, as FastAPI runs plain functions.
"""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import CrossEncoder, SentenceTransformer


class Texts(BaseModel):
    """A request to rerank or to encode."""

    query: str = ""
    documents: list[str] = []
    input: list[str] = []


def app_of(encoder: str, cross_encoder: str) -> FastAPI:
    """Return the app over two models."""
    encodes = SentenceTransformer(encoder, device="cpu")
    ranks = CrossEncoder(cross_encoder, device="cpu")
    app = FastAPI()

    @app.post("/rerank")
    def rerank(body: Texts) -> dict[str, Any]:
        scores = ranks.predict([(body.query, text) for text in body.documents])
        rows = [{"index": i, "relevance_score": float(s)} for i, s in enumerate(scores)]
        return {"results": sorted(rows, key=lambda row: -row["relevance_score"])}

    @app.post("/embeddings")
    def embeddings(body: Texts) -> dict[str, Any]:
        rows = encodes.encode(body.input, normalize_embeddings=True)
        return {"data": [{"index": i, "embedding": row.tolist()} for i, row in enumerate(rows)]}

    return app


if __name__ == "__main__":
    port, *folders = sys.argv[1:]
    uvicorn.run(app_of(*folders), port=int(port), log_level="error")
