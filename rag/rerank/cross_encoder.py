"""Rerank with a cross-encoder."""

from __future__ import annotations

from collections.abc import Sequence

from rag.errors import ModelError, RerankError
from rag.models.cross import CrossModel, Judged
from rag.models.encoder import Reading
from rag.models.hub import locate, untrusted
from rag.models.load import load_cross
from rag.rerank.base import Context, Entry, Scores

_USES = ("cache", "trust_remote_code", "rerank_tokens", "rerank_batch")


class CrossEncoder:
    """Scores are the model's logits; their logistic function is a probability."""

    def __init__(self, model: CrossModel, instruction: str = "") -> None:
        self.model, self._instruction = model, instruction
        made = f"{model.name} {model.revision} {model.engine} {model.max_tokens}"
        self.identity = f"cross-encoder {made} {instruction}".rstrip()

    def instructed(self, instruction: str) -> CrossEncoder | None:
        """Return this reranker, bound to an instruction; None if its model follows none."""
        return CrossEncoder(self.model, instruction) if self.model.follows_instruction else None

    def score(self, query: str, texts: Sequence[str]) -> Scores:
        """Return one logit a text, higher is better."""
        return self.score_many([(query, texts)])[0]

    def score_many(self, pools: Sequence[tuple[str, Sequence[str]]]) -> list[Scores]:
        """Return the logits of several questions' texts, from one pass of the model.

        Raises `RerankError` if the model cannot read a question or fails.
        """
        if not any(texts for _, texts in pools):
            return [Scores([]) for _ in pools]
        try:
            judged = self.model.judge(pools, self._instruction)
        except ModelError as error:
            raise RerankError(f"{self.model.name}: {error}") from error
        return [_scores(one) for one in judged]

    def coverage(self, texts: Sequence[str]) -> float:
        """Return how much of the texts the model's vocabulary knows as words, 0.1 to 1."""
        return self.model.coverage(texts)

    def reading(self, query: str, texts: Sequence[str]) -> list[Reading]:
        """Return how much of each text is read; raises `RerankError` as `score` does."""
        try:
            return self.model.reading(query, texts, self._instruction)
        except ModelError as error:
            raise RerankError(f"{self.model.name}: {error}") from error


def cross_encoder(model: str = "", name: str = "", about: str = "") -> Entry:
    """Return the table's line for a model (a folder or an id); the settings' one if empty."""
    summary = f"A cross-encoder reads question and passage together ({model or 'by option'})"

    def named(context: Context) -> str:
        return model or context.settings.cross_encoder

    return Entry(
        name or (f"cross-encoder:{model}" if model else "cross-encoder"),
        f"{about or summary}.",
        lambda context: CrossEncoder(load_cross(context.settings, named(context))),
        missing=lambda context: missing(context, named(context)),
        uses=(*_USES, *(() if model else ("cross_encoder",))),
        unit="logit",
    )


def missing(context: Context, model: str) -> str:
    """Return why a model cannot be loaded here, or nothing."""
    try:
        folder = locate(model)
        return untrusted(model, folder, context.settings)
    except ModelError as error:
        return str(error)


def _scores(judged: Judged) -> Scores:
    read = {"tokens_read": judged.tokens_read, "tokens_total": judged.tokens_total}
    return Scores(judged.logits, read)
