"""Every reranker by name. To add one: write its `score`, add a line here."""

from __future__ import annotations

from rag.errors import ModelMissing, SettingsError
from rag.models.hub import locate
from rag.rerank.base import Context, Entry, Reranker

AUTO = "auto"


def _late_interaction(context: Context) -> Reranker:
    from rag.rerank.late_interaction import LateInteraction

    return LateInteraction(context.encoder)


def _cross_encoder(context: Context) -> Reranker:
    from rag.models.cross import load_cross
    from rag.rerank.cross_encoder import CrossEncoder

    return CrossEncoder(load_cross(context.settings))


def _cross_encoder_missing(context: Context) -> str:
    try:
        locate(context.settings.cross_encoder)
    except ModelMissing as error:
        return str(error)
    return ""


TABLE: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry("none", "Keeps the fused order.", lambda _context: None),
        Entry(
            "late-interaction",
            "MaxSim over the encoder's token embeddings, blended with the first stage's scores. "
            "Needs no download.",
            _late_interaction,
            blends=True,
        ),
        Entry(
            "cross-encoder",
            "A cross-encoder reads question and passage together (option cross_encoder).",
            _cross_encoder,
            missing=_cross_encoder_missing,
        ),
    )
}


def choose(context: Context) -> tuple[Entry, str]:
    """Return the entry that the settings ask for and, for ``auto``, why it is that one.

    Raises `SettingsError` for a name that is not in the table.
    """
    name = context.settings.reranker
    if name == AUTO:
        why = _cross_encoder_missing(context)
        chosen = "late-interaction" if why else "cross-encoder"
        reason = why or f"the weights of {context.settings.cross_encoder} are on this machine"
        return TABLE[chosen], f"auto chose {chosen}: {reason}"
    if name not in TABLE:
        raise SettingsError(f"unknown reranker {name!r}; there are {AUTO}, {', '.join(TABLE)}")
    return TABLE[name], ""
