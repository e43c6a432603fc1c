"""OpenAI's embeddings, by the library's encoder."""

from __future__ import annotations

import base64
import threading
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, field_validator

from rag.errors import NotThere, RanklensError
from ranklens import Embeddings, Library
from serve.bodies import ApiRoute
from serve.compatible.pipelines import OWN
from serve.dependencies import Opened
from serve.replies import JsonReply
from serve.work import in_thread

router = APIRouter(prefix="/v1", tags=["compatible"], route_class=ApiRoute)
_TOKENS = (
    "numbers of tokens are not read, because every model has its own; send text "
    "(LangChain: check_embedding_ctx_length=False)"
)


class EmbeddingsBody(BaseModel):
    """A request of OpenAI's embeddings."""

    model: str = Field(description="`ranklens`, or the encoder's name.", examples=[OWN])
    input: str | Annotated[list[str], Field(min_length=1)]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(None, ge=1, description="The encoder's own, if given.")
    input_type: Literal["document", "passage", "query"] = Field(
        "document", description="What the texts are; some encoders read questions otherwise."
    )

    @field_validator("input", mode="before")
    @classmethod
    def _text(cls, value: object) -> object:
        first = value[0] if isinstance(value, list) and value else None
        if isinstance(first, int | list):
            raise ValueError(_TOKENS)
        return value


class EmbeddingRow(BaseModel):
    """A vector, as numbers or as their bytes (little-endian float32) in base64."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class EmbeddingsUsage(BaseModel):
    """Tokens of the texts."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingsReply(BaseModel):
    """Unit vectors, in the order of the texts; ``truncated`` are texts read in part."""

    object: Literal["list"]
    data: list[EmbeddingRow]
    model: str
    usage: EmbeddingsUsage
    truncated: list[int]


@router.post("/embeddings", summary="Encode texts (OpenAI's API)", response_model=EmbeddingsReply)
async def embeddings(body: EmbeddingsBody, library: Opened, request: Request) -> JsonReply:
    """Return a unit vector for each text; a text is read as far as the encoder reads."""
    texts = [body.input] if isinstance(body.input, str) else body.input
    _check(body, texts, library)
    return await in_thread(request, lambda stop: _encoded(body, texts, library, stop))


def _encoded(
    body: EmbeddingsBody, texts: Sequence[str], library: Library, stop: threading.Event
) -> JsonReply:
    """Return the reply, written in the thread that computed it: a thousand vectors take a while."""
    found = library.embed(texts, questions=body.input_type == "query", stop=stop)
    tokens = sum(found.tokens)
    return JsonReply(
        {
            "object": "list",
            "data": _rows(found, body.encoding_format),
            "model": found.encoder,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
            "truncated": list(found.cut),
        }
    )


def _check(body: EmbeddingsBody, texts: Sequence[str], library: Library) -> None:
    encoder = library.encoder
    if body.model not in (OWN, encoder.name, encoder.name.rpartition("/")[2]):
        raise NotThere(
            f"there is no encoder {body.model[:100]!r}; this library's is {encoder.name} "
            f"({OWN} names it too)"
        )
    if body.dimensions not in (None, encoder.dimension):
        raise RanklensError(
            f"{encoder.name} gives {encoder.dimension} dimensions and was not trained to be cut to "
            f"{body.dimensions}; leave `dimensions` out"
        )
    if "" in texts:
        raise RanklensError(f"input {texts.index('')} is empty; send text")


def _rows(found: Embeddings, how: str) -> list[dict[str, Any]]:
    vectors: list[Any] = found.vectors.tolist()
    if how == "base64":
        vectors = [base64.b64encode(row.astype("<f4").tobytes()).decode() for row in found.vectors]
    return [
        {"object": "embedding", "index": place, "embedding": vector}
        for place, vector in enumerate(vectors)
    ]
