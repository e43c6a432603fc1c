"""The one client for language models: chat and stream, at any provider of the table.

Here are the deadline, the retries, stopping, errors in plain words, thinking kept apart from the
answer, tokens and cost. Everything that calls a model calls it through `LanguageModel`.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import chain
from typing import Literal

from rag.errors import ProviderError, RanklensError
from rag.llm import prompts
from rag.llm.base import ChatClient, Message, Piece, progress
from rag.llm.calls import persistently, within
from rag.llm.faults import Endpoint, Failure
from rag.llm.prices import llm_cost
from rag.llm.providers import PROVIDERS
from rag.llm.reply import ArrivingReply, Reply
from rag.llm.thinking import Thought
from rag.settings import Settings
from rag.types import Scalar

Pieces = Generator[Piece, None, None]
Deadline = Literal["llm_seconds", "rewrite_seconds", "expansion_seconds", "rerank_seconds"]


class LanguageModel:
    """One model of one provider. Safe for several threads; each call has a connection of its own.

    Connections are kept and used again.
    """

    def __init__(
        self,
        settings: Settings,
        model: str = "",
        deadline: Deadline = "llm_seconds",
        retries: int | None = None,
    ) -> None:
        """``deadline`` is the option that bounds a call.

        ``model`` and ``retries`` are the settings' (``llm_model``, ``llm_retries``) if not given.
        """
        self.settings = settings
        self.model = model or settings.llm_model
        self.seconds: float = getattr(settings, deadline)
        self._retries = settings.llm_retries if retries is None else retries
        self._provider = PROVIDERS[settings.llm_provider]
        self.endpoint: Endpoint = replace(
            self._provider.endpoint(settings), model=self.model, seconds_option=deadline
        )
        self._lock = threading.Lock()
        self._idle: list[ChatClient] = []
        self._busy: list[ChatClient] = []
        self._stopped = threading.Event()

    @property
    def name(self) -> str:
        """Provider and model: ``openai:gpt-4o``."""
        return f"{self.settings.llm_provider}:{self.model}"

    @property
    def identity(self) -> str:
        """What shapes a reply besides the prompt."""
        return f"{self.model} {self.endpoint.address} {self.settings.llm_temperature}"

    def missing(self) -> str:
        """Return why no model can be called and what to set, or nothing."""
        if not self.model:
            return "no model is set; set llm_model (RANKLENS_LLM_MODEL) and llm_base_url"
        return self.endpoint.missing()

    def prompt(self, name: str) -> str:
        """Return a prompt text, the user's own if there is one; raises `SettingsError`."""
        return prompts.prompt(self.settings, name)

    def chat(self, system: str, user: str, seconds: float = math.inf) -> Reply:
        """Return the whole reply; raises `ProviderError`.

        It comes within the deadline, retries included; ``seconds`` may be less than that.
        """
        messages = [Message("system", system)] if system else []
        messages.append(Message("user", user))

        def once(left: float) -> Reply:
            arriving = self._arriving()
            with closing(self._pieces(messages, left, streamed=False)) as pieces:
                for _part in arriving.parts(pieces):
                    pass
            return arriving.reply(self.endpoint)

        limit = min(self.seconds, seconds)
        reply, retries = persistently(once, limit, self._retries, self._stopped.wait)
        return replace(reply, retries=retries)

    def stream(self, messages: Sequence[Message]) -> Generator[str | Thought, None, Reply]:
        """Yield pieces of the reply and of the thinking before it; returns it whole.

        Raises `ProviderError`, also if the next text or thinking takes longer than the deadline.
        """

        def begun(_left: float) -> tuple[Piece, Pieces]:
            pieces = self._pieces(messages, self.seconds, streamed=True)
            return next(pieces), pieces

        arriving = self._arriving()
        (first, rest), retries = persistently(
            begun, self.seconds, self._retries, self._stopped.wait
        )
        with closing(rest):  # hangs up if it was cut
            yield from arriving.parts(chain([first], rest))
        reply = arriving.reply(self.endpoint)
        if not reply.problem and reply.finish is None:
            reply = replace(reply, problem=self.endpoint.words("cut later"))
        return replace(reply, retries=retries)

    def models(self) -> list[str]:
        """Return the names of the models there, within the deadline; raises `ProviderError`."""
        with self._client() as client:
            listed = (client.models() for _ in range(1))
            try:
                return next(within(listed, self.seconds, client.wire.hang_up, lambda _: True))
            except client.errors as error:
                server = replace(self.endpoint, model="")
                raise server.error(client.failure(error), self.seconds) from None

    def load(self) -> None:
        """Import the client library, which takes a second; otherwise the first call does."""
        with self._client():
            pass

    def stop(self) -> None:
        """Hang up on every call, at once and from any thread; none begins from now on."""
        self._stopped.set()
        with self._lock:
            for client in self._busy:
                client.wire.hang_up()

    def used(self, replies: Sequence[Reply]) -> dict[str, Scalar]:
        """Return the calls, retries, tokens and cost of several replies."""
        return {
            "calls": len(replies),
            "retries": sum(reply.retries for reply in replies),
            **self.tokens(replies),
        }

    def tokens(self, replies: Sequence[Reply]) -> dict[str, Scalar]:
        """Return the tokens that were read and written, and their cost if the price is known."""
        read, written = (sum((r.tokens or (0, 0))[place] for r in replies) for place in (0, 1))
        counted: dict[str, Scalar] = {"prompt_tokens": read, "completion_tokens": written}
        cost = llm_cost(self.settings, self.model, read, written)
        return counted if cost is None else {**counted, "cost_usd": cost}

    def _arriving(self) -> ArrivingReply:
        return ArrivingReply(self.settings.max_answer_characters)

    def _pieces(self, messages: Sequence[Message], seconds: float, streamed: bool) -> Pieces:
        """Yield one call's pieces, at least one; raises `ProviderError`."""
        if reason := self.endpoint.missing():
            raise ProviderError(reason)
        arrived = received = False
        is_progress = progress() if streamed else lambda _: False
        with self._client() as client:
            sent = client.send(messages, streamed)
            try:
                with closing(within(sent, seconds, client.wire.hang_up, is_progress)) as pieces:
                    for piece in pieces:
                        received = True
                        arrived = arrived or bool(streamed and (piece.text or piece.thought))
                        yield piece
            except client.errors as error:
                raise self.endpoint.error(client.failure(error), self.seconds, arrived) from None
        if not received:
            raise self.endpoint.error(Failure("protocol"))

    @contextmanager
    def _client(self) -> Iterator[ChatClient]:
        """Lend a client that nobody else uses; one that was hung up on is not used again."""
        with self._lock:
            client = self._idle.pop() if self._idle else None
        if client is None:
            sampling = self.settings.llm_temperature, self.settings.llm_max_tokens
            client = self._provider.client(self.endpoint, *sampling, self.seconds)
        with self._lock:
            self._busy.append(client)
            if self._stopped.is_set():
                client.wire.hang_up()
        try:
            yield client
        finally:
            with self._lock:
                self._busy.remove(client)
                if not client.wire.is_cut:
                    self._idle.append(client)


def configured(settings: Settings) -> LanguageModel:
    """Return the model of the settings; raises `RanklensError` that shows how to set one."""
    model = LanguageModel(settings)
    if reason := model.missing():
        raise RanklensError(reason)
    return model
