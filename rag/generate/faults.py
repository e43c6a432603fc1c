"""What can go wrong at a model's endpoint, in plain words that never hold a key."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rag.llm.remote import retry_after
from rag.text.plural import plural

OPENAI_URL = "https://api.openai.com/v1"
COHERE_URL = "https://api.cohere.com"
_TOO_LONG = re.compile(
    r"context[ _-]?(?:length|window|size)|too many tokens|prompt is too long|"
    r"input is too long|exceeds? .{0,40}\b(?:context|tokens)\b|"
    r"\btokens?\b.{0,60}\b(?:limit|maximum|exceed)",
    re.IGNORECASE,
)
_KEYS = re.compile(r"\b(?:sk|pk|key|gsk|hf|xai)[-_][\w*.-]{6,}|Bearer\s+\S+", re.IGNORECASE)
_OWN_WORDS = 300


@dataclass(frozen=True, slots=True)
class Failure:
    """What a client library raised, whichever it was.

    ``said`` are the server's own words; ``wait`` the seconds that it asks to wait.
    """

    kind: Literal["status", "time", "connection", "stream", "protocol"]
    said: str = ""
    status: int = 0
    code: str = ""
    wait: float | None = None

    @property
    def too_long(self) -> bool:
        """Whether the server says that the prompt does not fit the model's window."""
        if "context_length_exceeded" in self.code or "exceed_context" in self.code:
            return True
        fits = self.kind == "stream" or self.status in (400, 413, 422)
        return fits and bool(_TOO_LONG.search(self.said))

    @property
    def out_of_credit(self) -> bool:
        """Whether the account has nothing left; asking again does not help."""
        return "insufficient_quota" in self.code

    @property
    def passing(self) -> bool:
        """Whether the same request may well succeed a little later."""
        if self.kind != "status" or self.out_of_credit:
            return False
        return self.status in (408, 409, 429) or self.status >= 500


def refusal(status: int, body: Any, headers: Mapping[str, str] | None, code: str = "") -> Failure:
    """Return the failure that an answer with a status outside of 2xx stands for."""
    return Failure("status", words_of(body), status, code, retry_after(headers or {}))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the model is, for messages: the address, the model, the key, where each is set."""

    base_url: str
    model: str
    key: str
    seconds: float
    provider: str = ""
    key_option: str = "llm_api_key"
    usual_key: str = "OPENAI_API_KEY"
    url_option: str = "llm_base_url"

    def __str__(self) -> str:
        url = re.sub(r"//[^/@]*@", "//", self.base_url)
        return f"{self.provider} ({url})" if self.provider else f"The endpoint {url}"

    def __repr__(self) -> str:
        return f"Endpoint({self!s}, {self.model!r})"

    def no_key(self) -> str:
        """Say that a key is needed."""
        return (
            f"{self} needs a key, and none is set. Set {self._key()} (or {self.usual_key}), "
            "or leave llm_model empty to answer without a model."
        )

    def timed_out(self, arrived: bool) -> str:
        """Say that the next piece took too long."""
        waited = plural(self.seconds, "second")
        if arrived:
            return (
                f"{self} stopped in the middle of its answer: nothing came for "
                f"{waited}. What arrived is kept; ask again, or raise llm_seconds."
            )
        return (
            f"{self} did not begin to answer within {waited}. It may still be "
            f"loading {self.model}; ask again, or raise llm_seconds."
        )

    def cut(self) -> str:
        """Say that the connection broke before the answer was complete."""
        return (
            f"The connection to {self._within()} was cut in the middle of the answer. "
            "What arrived is kept; ask again."
        )

    def empty(self, finish: str | None, thought: bool = False) -> str:
        """Say that nothing was written, with the likely reason; ``thought``: it only thought."""
        if finish == "length":
            return (
                f"{self} wrote nothing before {self.model} reached its limit of tokens. Raise the "
                "limit at the endpoint, or choose a model that reasons less."
            )
        if thought:
            return (
                f"{self.model} thought and ended without an answer; its thinking is kept. Ask "
                "again, or choose a model that reasons less."
            )
        hint = " ends in /v1 (or whatever the provider's manual says)" if not self.provider else ""
        return (
            f"{self} returned an empty answer from {self.model}. Check that {self.url_option}"
            f"{hint or ' is right'}, and ask again."
        )

    def refused(self, words: str) -> str:
        """Say that the model or its provider declined, in its own words where there are any."""
        said = f": “{self.clean(words)}”" if words.strip() else " (its content filter stepped in)"
        return (
            f"{self.model} declined to answer{said}. The passages below still stand; rephrase "
            "the question or choose another model."
        )

    def explain(self, failure: Failure, arrived: bool) -> str:
        """Say what ``failure`` means and what to do. ``arrived``: a part came before it."""
        if failure.kind == "time":
            return self.timed_out(arrived)
        if failure.kind == "connection":
            return self.cut() if arrived else self._unreachable()
        if failure.kind == "status":
            return self._status(failure)
        if failure.kind == "stream":
            return f"{self} reported an error while it answered: {self._said(failure)}"
        return (
            f"{self} sent something that is not the chat completions protocol. Check that "
            f"{self.url_option} points to the right endpoint (often …/v1)."
        )

    def clean(self, words: str) -> str:
        """Return a server's words on one line, cut to size, without anything like a key."""
        if self.key:
            words = words.replace(self.key, "…")
        words = " ".join(_KEYS.sub("…", words).split())
        return words if len(words) <= _OWN_WORDS else words[: _OWN_WORDS - 1] + "…"

    def _status(self, failure: Failure) -> str:
        said, status = self._said(failure), failure.status
        if status in (401, 403) and not self.key:
            return self.no_key()
        if status == 401:
            return f"{self} refused the key. Check {self._key()}. It said: {said}"
        if status == 403:
            return f"{self} does not let this key use {self.model}. It said: {said}"
        if status == 404:
            return (
                f"{self} does not know the model {self.model}, or the address is wrong. Check "
                f"llm_model and {self.url_option}. It said: {said}"
            )
        if failure.too_long:
            return (
                f"The prompt is too long for {self.model}, even with fewer passages. Lower top or "
                f"llm_context. {self} said: {said}"
            )
        if failure.out_of_credit:
            return f"The account at {self._within()} has no credit left. It said: {said}"
        again = (
            f"; it asks to wait {plural(round(failure.wait), 'second')}"
            if failure.wait
            else "; ask again in a moment"
        )
        if status == 429:
            return f"{self} is busy or its rate limit is reached (429){again}. It said: {said}"
        if status >= 500:
            return f"{self} failed ({status}){again}. It said: {said}"
        return f"{self} did not accept the request ({status}). It said: {said}"

    def _unreachable(self) -> str:
        return (
            f"{self} cannot be reached, or hung up at once. Check {self.url_option}, "
            "and that the server is running and the network is up."
        )

    def _key(self) -> str:
        return f"RANKLENS_{self.key_option.upper()}"

    def _within(self) -> str:
        name = str(self)
        return name[0].lower() + name[1:] if name.startswith("The ") else name

    def _said(self, failure: Failure) -> str:
        return self.clean(failure.said) or "nothing"


def words_of(body: Any) -> str:
    """Return what a server itself said, out of the several shapes that servers use."""
    if isinstance(body, dict):
        for name in ("message", "detail", "error"):
            if body.get(name):
                inner = body[name]
                if isinstance(inner, dict) and inner.get("message"):
                    return str(inner["message"])
                return inner if isinstance(inner, str) else json.dumps(inner)
    return re.sub(r"<[^>]*>", " ", body) if isinstance(body, str) else ""
