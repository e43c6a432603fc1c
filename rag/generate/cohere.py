"""Cohere's chat models through its own client (`ClientV2`), streamed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import httpx
from cohere import ClientV2, SystemChatMessageV2, UserChatMessageV2
from cohere.core.api_error import ApiError
from cohere.core.parse_error import ParsingError

from rag.generate.deadline import within
from rag.generate.faults import COHERE_URL, Endpoint, Failure, refusal
from rag.generate.prompt import Message
from rag.generate.provider import Finish, Piece, Stream
from rag.generate.wire import Wire
from rag.settings import Settings

_FINISHES: dict[str, Finish] = {"MAX_TOKENS": "length"}


class CohereProvider:
    """``settings.llm_model`` at Cohere, or at ``settings.cohere_url``."""

    errors: tuple[type[Exception], ...] = (
        ApiError,
        ParsingError,
        httpx.HTTPError,
        TimeoutError,
        ValueError,
        AttributeError,
    )

    def __init__(self, settings: Settings) -> None:
        self.name = f"cohere:{settings.llm_model}"
        self._settings = settings
        self._wire = Wire()
        self.endpoint = Endpoint(
            settings.cohere_url.strip() or COHERE_URL,
            settings.llm_model,
            settings.cohere_api_key.get_secret_value().strip(),
            settings.llm_seconds,
            "Cohere",
            "cohere_api_key",
            "CO_API_KEY",
            "cohere_url",
        )

    def ready(self) -> bool:
        """Whether a key is set."""
        return bool(self.endpoint.key)

    def open(self, messages: Sequence[Message]) -> Stream:
        """Open a stream on a connection of its own, which `Stream.close` ends."""
        http = httpx.Client(timeout=self.endpoint.seconds, event_hooks=self._wire.hooks)
        told: list[Any] = [
            (SystemChatMessageV2 if message.role == "system" else UserChatMessageV2)(
                content=message.content
            )
            for message in messages
        ]
        events = self._client(http).chat_stream(
            model=self.endpoint.model,
            messages=told,
            temperature=self._settings.llm_temperature,
        )
        # The client sends nothing before it is asked for the first event, and then waits for it
        # as long as the server keeps the connection alive.
        pieces = within(_pieces(events), self.endpoint.seconds, self._wire.hang_up)
        try:
            first = next(pieces, None)
        except BaseException:
            http.close()
            raise
        return Stream(_following(first, pieces, http), self._wire.hang_up)

    def stop(self) -> None:
        """Cut the connection, whether it waits for the first word or the next."""
        self._wire.cut()

    def models(self) -> list[str]:
        """Return the names of Cohere's chat models."""
        with httpx.Client(timeout=self.endpoint.seconds) as http:
            listed = self._client(http).models.list(endpoint="chat", page_size=200)
        return sorted(model.name for model in listed.models if model.name)

    def failure(self, error: Exception) -> Failure:
        """Say what went wrong."""
        if isinstance(error, ApiError) and error.status_code and error.status_code >= 300:
            return refusal(error.status_code, error.body, error.headers)
        if isinstance(error, TimeoutError | httpx.TimeoutException):
            return Failure("time")
        if isinstance(error, httpx.HTTPError):
            return Failure("connection")
        return Failure("protocol")

    def _client(self, http: httpx.Client) -> ClientV2:
        return ClientV2(
            api_key=self.endpoint.key,
            base_url=self.endpoint.base_url,
            client_name="ranklens",
            httpx_client=http,
            timeout=self.endpoint.seconds,
            max_retries=0,
            log_warning_experimental_features=False,
        )


def _following(first: Piece | None, pieces: Iterator[Piece], http: httpx.Client) -> Iterator[Piece]:
    try:
        if first:
            yield first
        yield from pieces
    finally:
        http.close()


def _pieces(events: Iterator[Any]) -> Iterator[Piece]:
    for event in events:
        delta = getattr(event, "delta", None)
        if event.type == "content-delta" and delta:
            content = delta.message.content
            yield Piece(text=content.text or "", thought=content.thinking or "")
        elif event.type == "message-end" and delta:
            yield _end(delta)
        else:
            yield Piece()


def _end(delta: Any) -> Piece:
    reason = str(delta.finish_reason or "COMPLETE")
    used = delta.usage and (delta.usage.tokens or delta.usage.billed_units)
    tokens = (int(used.input_tokens or 0), int(used.output_tokens or 0)) if used else None
    if reason.startswith("ERROR"):
        return Piece(refusal=str(getattr(delta, "error", "") or ""), finish="filter", tokens=tokens)
    return Piece(finish=_FINISHES.get(reason, "stop"), tokens=tokens)
