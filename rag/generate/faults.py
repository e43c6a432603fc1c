"""What can go wrong at an OpenAI-compatible endpoint, in plain words that never hold a key."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import openai

OPENAI_URL = "https://api.openai.com/v1"
_TOO_LONG = re.compile(
    r"context[ _-]?(?:length|window|size)|too many tokens|prompt is too long|"
    r"input is too long|exceeds? .{0,40}\b(?:context|tokens)\b",
    re.IGNORECASE,
)
_KEYS = re.compile(r"\b(?:sk|pk|key|gsk|hf|xai)[-_][\w*.-]{6,}|Bearer\s+\S+", re.IGNORECASE)
_OWN_WORDS = 300


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the model is, for messages: the address, the model, and whether a key is set."""

    base_url: str
    model: str
    key: str
    seconds: float

    def __str__(self) -> str:
        url = re.sub(r"//[^/@]*@", "//", self.base_url)
        return f"OpenAI ({url})" if self.base_url.startswith(OPENAI_URL) else f"The endpoint {url}"

    def __repr__(self) -> str:
        return f"Endpoint({self!s}, {self.model!r})"

    def no_key(self) -> str:
        """Say that a key is needed."""
        return (
            f"{self} needs a key, and none is set. Set RANKLENS_LLM_API_KEY (or OPENAI_API_KEY), "
            "or leave llm_model empty to answer without a model."
        )

    def timed_out(self, arrived: bool) -> str:
        """Say that the next piece took too long."""
        if arrived:
            return (
                f"{self} stopped in the middle of its answer: nothing came for "
                f"{self.seconds:g} seconds. What arrived is kept; ask again, or raise llm_seconds."
            )
        return (
            f"{self} did not begin to answer within {self.seconds:g} seconds. It may still be "
            f"loading {self.model}; ask again, or raise llm_seconds."
        )

    def cut(self) -> str:
        """Say that the connection broke before the answer was complete."""
        return (
            f"The connection to {self._within()} was cut in the middle of the answer. "
            "What arrived is kept; ask again."
        )

    def empty(self, finish: str | None) -> str:
        """Say that nothing was written, with the likely reason."""
        if finish == "length":
            return (
                f"{self} wrote nothing before {self.model} reached its limit of tokens. Raise the "
                "limit at the endpoint, or choose a model that reasons less."
            )
        return (
            f"{self} returned an empty answer from {self.model}. Check that llm_base_url ends in "
            "/v1 (or whatever the provider's manual says), and ask again."
        )

    def refused(self, words: str) -> str:
        """Say that the model or its provider declined, in its own words where there are any."""
        said = f": “{self.clean(words)}”" if words.strip() else " (its content filter stepped in)"
        return (
            f"{self.model} declined to answer{said}. The passages below still stand; rephrase "
            "the question or choose another model."
        )

    def explain(self, error: Exception, arrived: bool) -> str:
        """Say what ``error`` means and what to do. ``arrived``: part of an answer came before."""
        if isinstance(error, TimeoutError | openai.APITimeoutError):
            return self.timed_out(arrived)
        if isinstance(error, openai.APIConnectionError):
            return self.cut() if arrived else self._unreachable()
        if isinstance(error, openai.APIStatusError):
            return self._status(error)
        if isinstance(error, openai.APIError):
            return f"{self} reported an error while it answered: {self._said(error)}"
        return (
            f"{self} sent something that is not the chat completions protocol. Check that "
            "llm_base_url points to an OpenAI-compatible endpoint (often …/v1)."
        )

    def clean(self, words: str) -> str:
        """Return a server's words on one line, cut to size, without anything like a key."""
        if self.key:
            words = words.replace(self.key, "…")
        words = " ".join(_KEYS.sub("…", words).split())
        return words if len(words) <= _OWN_WORDS else words[: _OWN_WORDS - 1] + "…"

    def _status(self, error: openai.APIStatusError) -> str:
        said, status = self._said(error), error.status_code
        if status in (401, 403) and not self.key:
            return self.no_key()
        if status == 401:
            return f"{self} refused the key. Check RANKLENS_LLM_API_KEY. It said: {said}"
        if status == 403:
            return f"{self} does not let this key use {self.model}. It said: {said}"
        if status == 404:
            return (
                f"{self} does not know the model {self.model}, or the address is wrong. Check "
                f"llm_model and llm_base_url. It said: {said}"
            )
        if too_long(error):
            return (
                f"The prompt is too long for {self.model}, even with fewer passages. Lower top or "
                f"llm_prompt_tokens. {self} said: {said}"
            )
        if error.code == "insufficient_quota":
            return f"The account at {self._within()} has no credit left. It said: {said}"
        if status == 429:
            return (
                f"{self} is busy or its rate limit is reached (429){_again(error)}. It said: {said}"
            )
        if status >= 500:
            return f"{self} failed ({status}){_again(error)}. It said: {said}"
        return f"{self} did not accept the request ({status}). It said: {said}"

    def _unreachable(self) -> str:
        return (
            f"{self} cannot be reached, or hung up at once. Check llm_base_url, "
            "and that the server is running and the network is up."
        )

    def _within(self) -> str:
        name = str(self)
        return name[0].lower() + name[1:] if name.startswith("The ") else name

    def _said(self, error: openai.APIError) -> str:
        return self.clean(_message(error)) or "nothing"


def too_long(error: openai.APIError) -> bool:
    """Tell whether an endpoint says that the prompt does not fit the model's window."""
    if error.code == "context_length_exceeded" or "exceed_context" in (error.type or ""):
        return True
    status = getattr(error, "status_code", 400)
    return status in (400, 413, 422) and bool(_TOO_LONG.search(_message(error)))


def passing(error: openai.APIError) -> bool:
    """Tell whether the same request may well succeed a little later."""
    if not isinstance(error, openai.APIStatusError) or error.code == "insufficient_quota":
        return False
    return error.status_code in (408, 409, 429) or error.status_code >= 500


def retry_after(error: openai.APIError) -> float | None:
    """Return the seconds that a server asks to wait, None where it does not say."""
    if not isinstance(error, openai.APIStatusError):
        return None
    value = error.response.headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _message(error: openai.APIError) -> str:
    """Return what the server itself said, out of the several shapes that servers use."""
    body = error.body
    if isinstance(body, dict):
        for name in ("message", "detail", "error"):
            if body.get(name):
                return body[name] if isinstance(body[name], str) else json.dumps(body[name])
    if isinstance(body, str):
        return re.sub(r"<[^>]*>", " ", body)
    return "" if isinstance(error, openai.APIStatusError) else error.message


def _again(error: openai.APIError) -> str:
    wait = retry_after(error)
    return f"; it asks to wait {wait:.0f} seconds" if wait else "; ask again in a moment"
