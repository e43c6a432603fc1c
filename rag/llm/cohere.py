"""Cohere's chat models through its own client (`ClientV2`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
from cohere import ClientV2, SystemChatMessageV2, UserChatMessageV2
from cohere.core.api_error import ApiError
from cohere.core.parse_error import ParsingError

from rag.llm.base import Finish, Message, Piece
from rag.llm.faults import Endpoint, Failure, lost, refusal
from rag.llm.wire import Wire

_LIMIT = re.compile(r"max[_ ]tokens", re.IGNORECASE)
_FINISHES: dict[str, Finish] = {"MAX_TOKENS": "length"}
ERRORS: tuple[type[Exception], ...] = (
    ApiError,
    ParsingError,
    httpx.HTTPError,
    httpx.InvalidURL,
    TimeoutError,
    ValueError,
    AttributeError,
    TypeError,
)


class CohereClient:
    """Cohere's chat, streamed or whole."""

    errors = ERRORS

    def __init__(
        self, endpoint: Endpoint, temperature: float, max_tokens: int, seconds: float
    ) -> None:
        self.wire = Wire()
        self._model, self._temperature = endpoint.model, temperature
        self._max_tokens: int | None = max_tokens
        self._client = connected(endpoint, seconds, self.wire)

    def send(self, messages: Sequence[Message], streamed: bool) -> Iterator[Piece]:
        """Yield the reply's pieces; a limit of tokens that the model does not take is left out."""
        try:
            yield from self._sent(messages, streamed)
        except ApiError as error:
            if self._max_tokens is None or not _LIMIT.search(str(error.body)):
                raise
            self._max_tokens = None
            yield from self._sent(messages, streamed)

    def _sent(self, messages: Sequence[Message], streamed: bool) -> Iterator[Piece]:
        call: Any = self._client.chat_stream if streamed else self._client.chat
        limit = {} if self._max_tokens is None else {"max_tokens": self._max_tokens}
        reply = call(
            model=self._model,
            messages=[
                (SystemChatMessageV2 if message.role == "system" else UserChatMessageV2)(
                    content=message.content
                )
                for message in messages
            ],
            temperature=self._temperature,
            **limit,
        )
        yield from map(_piece, reply) if streamed else _whole(reply)

    def models(self) -> list[str]:
        """Return the names of Cohere's chat models."""
        listed = self._client.models.list(endpoint="chat", page_size=200)
        return sorted(model.name for model in listed.models if model.name)

    def failure(self, error: Exception) -> Failure:
        """Return what went wrong."""
        return failure(error)


def connected(endpoint: Endpoint, seconds: float, wire: Wire) -> ClientV2:
    """Return Cohere's own client, which neither retries nor outlives ``seconds`` of silence."""
    return ClientV2(
        api_key=endpoint.key,
        base_url=endpoint.address,
        client_name="ranklens",
        httpx_client=httpx.Client(**wire.options(endpoint)),
        timeout=seconds,
        max_retries=0,
        log_warning_experimental_features=False,
    )


def failure(error: Exception) -> Failure:
    """Return what one of `ERRORS` was."""
    if isinstance(error, ApiError) and error.status_code and error.status_code >= 300:
        return refusal(error.status_code, error.body, error.headers)
    if isinstance(error, httpx.HTTPError | httpx.InvalidURL | TimeoutError):
        return lost(error)
    return Failure("protocol")


def _piece(event: Any) -> Piece:
    delta = getattr(event, "delta", None)
    if event.type == "content-delta" and delta:
        content = delta.message.content
        return Piece(text=content.text or "", thought=content.thinking or "")
    return _end(delta) if event.type == "message-end" and delta else Piece()


def _whole(reply: Any) -> Iterator[Piece]:
    for content in reply.message.content or ():
        text, thought = (getattr(content, name, None) for name in ("text", "thinking"))
        yield Piece(text=text or "", thought=thought or "")
    yield _end(reply)


def _end(reply: Any) -> Piece:
    reason = str(reply.finish_reason or "COMPLETE")
    used = reply.usage and (reply.usage.tokens or reply.usage.billed_units)
    tokens = (int(used.input_tokens or 0), int(used.output_tokens or 0)) if used else None
    if reason.startswith("ERROR"):
        return Piece(refusal=str(getattr(reply, "error", "") or ""), finish="filter", tokens=tokens)
    return Piece(finish=_FINISHES.get(reason, "stop"), tokens=tokens)
