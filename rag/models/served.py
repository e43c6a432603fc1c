"""An encoder whose vectors come from a server: Text Embeddings Inference, vLLM, another Ranklens.

The server gives one vector a text. What needs single tokens (counting, late interaction, which
passage supports a sentence) is done by an encoder on this machine: the same model if it is here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from rag.errors import ModelError, ProviderError
from rag.llm.calls import persistently, side_by_side
from rag.llm.faults import Endpoint, Failure
from rag.llm.posting import Poster
from rag.models.encoder import Encoder, Matrix, unit
from rag.settings import Settings

RETRIES = 2
AT_ONCE = 4  # calls of one batch each, side by side
UNKNOWN = "served"  # weights that are not on this machine


class ServedEncoder:
    """An encoder behind `encoder_url`; see `rag.models.encoder.Encoder`.

    Its ``revision`` is that of the weights of the same name on this machine, `UNKNOWN` if there are
    none: `ranklens.same_encoder` checks that the vectors are the library's.
    """

    def __init__(self, settings: Settings, here: Encoder) -> None:
        """Ask the server for its dimension; raises `ModelError` and `ProviderError`.

        ``here`` does what needs single tokens.
        """
        endpoint = replace(
            Endpoint.of(settings, "encoder_key", "The encoder's server"),
            model=settings.encoder, seconds_option="encoder_seconds",
        )  # fmt: skip
        if reason := endpoint.missing():
            raise ModelError(reason)
        self._settings, self._here = settings, here
        self._server = EncodingServer(endpoint)
        self.name = settings.encoder
        self.revision = _revision(settings, here)
        self.max_tokens = here.max_tokens
        self.engine = f"over HTTP, tokens in {here.engine}"
        self.token_counter = here.token_counter
        self.dimension = 0  # not known yet: any is right
        self.dimension = int(self.encode(["dimension"]).shape[1])

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return unit vectors of passages, (texts, dimension)."""
        return self._encoded(self._settings.encoder_passage_prefix, texts, question=False)

    def encode_query(self, text: str) -> Matrix:
        """Return the unit vector of a question, (dimension,)."""
        vector: Matrix = self.encode_queries([text])[0]
        return vector

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        """Return unit vectors of questions, (texts, dimension)."""
        return self._encoded(self._settings.encoder_question_prefix, texts, question=True)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, as the encoder here counts them."""
        return self._here.count_tokens(texts)

    def encode_tokens(self, texts: Sequence[str]) -> list[Matrix]:
        """Return a unit vector for every token, of the encoder here."""
        return self._here.encode_tokens(texts)

    def encode_both(self, texts: Sequence[str]) -> tuple[Matrix, list[Matrix]]:
        """Return the server's vectors, and the tokens' of the encoder here."""
        return self.encode(texts), self.encode_tokens(texts)

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Return the characters (start, end) of each row that `encode_tokens` gives for a text."""
        return self._here.token_spans(text)

    def coverage(self, texts: Sequence[str]) -> float:
        """Return how much of the texts the vocabulary here knows as words, 0.1 to 1."""
        return self._here.coverage(texts)

    def _encoded(self, prefix: str, texts: Sequence[str], question: bool) -> Matrix:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        whole = [prefix + text or " " for text in texts]  # an empty text is refused by some
        size = self._settings.encoder_batch
        parts = [whole[start : start + size] for start in range(0, len(whole), size)]
        calls = [partial(self._called, part, question) for part in parts]
        return unit(np.concatenate(side_by_side(calls, AT_ONCE)))

    def _called(self, texts: Sequence[str], question: bool) -> Matrix:
        ask = partial(self._server.ask, texts, question)
        rows, _ = persistently(ask, self._settings.encoder_seconds, RETRIES)
        if self.dimension and rows.shape[1] != self.dimension:
            raise ProviderError(
                f"{self._server} gave vectors of {rows.shape[1]} dimensions, and {self.dimension} "
                "before; it seems to run another model now"
            )
        return rows


class EncodingServer:
    """How the server is asked for the vectors of one batch."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._poster = Poster(endpoint)
        path = urlsplit(endpoint.address).path.rstrip("/")
        self._model = endpoint.model if path.endswith("/v1") else ""
        # Ranklens reads questions otherwise if its model does; others may refuse a field more.
        self._typed = path.endswith("/api/v1")

    def __str__(self) -> str:
        return str(self._endpoint)

    def ask(self, texts: Sequence[str], question: bool, seconds: float) -> Matrix:
        """Return vectors (texts, dimension); raises `ProviderError`."""
        if self._model:
            typed = {"input_type": "query" if question else "passage"} if self._typed else {}
            body = {"model": self._model, "input": list(texts), "encoding_format": "float"}
            reply = self._poster.post("/embeddings", body | typed, seconds)
            return self._matrix(_in_order(reply), len(texts))
        whole: dict[str, Any] = {"inputs": list(texts), "normalize": True, "truncate": True}
        return self._matrix(self._poster.post("/embed", whole, seconds), len(texts))

    def _matrix(self, reply: Any, count: int) -> Matrix:
        try:
            rows = np.asarray(reply, dtype=np.float32)
        except (TypeError, ValueError):
            rows = np.zeros(0, dtype=np.float32)
        if rows.ndim != 2 or len(rows) != count or not rows.shape[1] or not np.isfinite(rows).all():
            raise self._endpoint.error(Failure("protocol"))
        return rows


def _in_order(reply: Any) -> Any:
    """Return the vectors of a reply in OpenAI's form, in the order of the texts."""
    try:
        rows = sorted(reply["data"], key=lambda row: row["index"])
        places = [row["index"] for row in rows]
        return [row["embedding"] for row in rows] if places == list(range(len(rows))) else None
    except (TypeError, KeyError):
        return None


def _revision(settings: Settings, here: Encoder) -> str:
    """Return the revision of the weights, and of what is put before a passage."""
    revision = here.revision if here.name == settings.encoder else UNKNOWN
    if prefix := settings.encoder_passage_prefix:
        revision += " " + hashlib.sha256(prefix.encode()).hexdigest()[:8]
    return revision
