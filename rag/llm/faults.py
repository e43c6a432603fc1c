"""What can go wrong at a provider's server, in plain words that never hold a key.

An exception of a client library becomes a `Failure`; `Endpoint.error` turns that into the
`ProviderError` that names the provider and what to do.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from rag.errors import ProviderError
from rag.text.plural import plural
from rag.text.quoting import on_one_line

_TOO_LONG = re.compile(
    r"context[ _-]?(?:length|window|size)|too many tokens|prompt is too long|"
    r"input is too long|exceeds? .{0,40}\b(?:context|tokens)\b|"
    r"\btokens?\b.{0,60}\b(?:limit|maximum|exceed)",
    re.IGNORECASE,
)
_KEYS = re.compile(r"\b(?:sk|pk|pa|key|gsk|hf|xai|jina)[-_][\w*.-]{6,}|Bearer\s+\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Failure:
    """What a client library raised, whichever it was.

    ``words`` are the server's own; ``wait`` is the seconds that it asks to wait.
    """

    kind: Literal["status", "time", "unreachable", "cut", "stream", "protocol"]
    words: str = ""
    status: int = 0
    code: str = ""
    wait: float | None = None

    @property
    def too_long(self) -> bool:
        """Whether the server reports that the prompt does not fit the model's window."""
        if "context_length_exceeded" in self.code or "exceed_context" in self.code:
            return True
        fits = self.kind == "stream" or self.status in (400, 413, 422)
        return fits and bool(_TOO_LONG.search(self.words))

    @property
    def out_of_credit(self) -> bool:
        """Whether the account has nothing left; asking again does not help."""
        return "insufficient_quota" in self.code

    @property
    def passing(self) -> bool:
        """Whether the same request may well succeed a little later."""
        if self.kind == "status":
            busy = self.status in (408, 409, 429) or self.status >= 500
            return busy and not self.out_of_credit
        return self.kind in ("unreachable", "cut")


def refusal(status: int, body: Any, headers: Mapping[str, str] | None, code: str = "") -> Failure:
    """Return the failure that a response with a status outside of 2xx stands for."""
    return Failure("status", words_of(body), status, code, retry_after(headers or {}))


def lost(error: BaseException) -> Failure:
    """Return the failure of a connection: no reply, or only a part of one."""
    # By name: the clients bring two HTTP libraries, whose errors are called the same.
    name = type(error).__name__
    if "Timeout" in name:
        return Failure("time")
    if name == "SSEError":
        return Failure("protocol", str(error))
    return Failure("cut" if name in ("ReadError", "RemoteProtocolError") else "unreachable")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A provider's server: its address and key, and the options that hold them.

    ``name`` is empty for one that is known by its address only; ``seconds_option`` is the option
    that holds the deadline.
    """

    name: str
    url: str
    url_option: str
    key: str = ""
    key_option: str = ""
    usual_key: str = ""
    needs_key: bool = False
    model: str = ""
    seconds_option: str = "llm_seconds"

    def __str__(self) -> str:
        url = bare_url(self.url)
        return f"{self.name} ({url})" if self.name else f"The endpoint {url}"

    def __repr__(self) -> str:
        return f"Endpoint({self!s}, {self.model!r})"

    def missing(self) -> str:
        """Return why this server cannot be called and what to do about it, or nothing."""
        if not self.url:
            option = f"{self.url_option} (RANKLENS_{self.url_option.upper()})"
            return f"{self.name} has no address; set {option} to its base URL"
        if self.needs_key and not self.key:
            return self.no_key()
        return ""

    def no_key(self) -> str:
        """Return that a key is needed."""
        usual = f" (or {self.usual_key})" if self.usual_key else ""
        return (
            f"{self} needs a key, and none is set. Set RANKLENS_{self.key_option.upper()}{usual}."
        )

    def error(
        self, failure: Failure, seconds: float | None = None, arrived: bool = False
    ) -> ProviderError:
        """Return the error that a failure means. ``arrived``: a part of the answer came before.

        ``seconds`` is how long it was waited for.
        """
        words = self._words(failure, seconds, arrived)
        early = not arrived
        return ProviderError(
            words, early and failure.passing, failure.wait, early and failure.too_long
        )

    def not_the_protocol(self, words: str) -> ProviderError:
        """Return the error for a reply that cannot be read."""
        return self.error(Failure("protocol", words))

    def cut(self) -> str:
        """Return that the connection broke before the answer was complete."""
        name = str(self)
        name = name[0].lower() + name[1:] if name.startswith("The ") else name
        return (
            f"The connection to {name} was cut in the middle of the answer. What arrived is kept; "
            "ask again."
        )

    def empty(self, finish: str | None, thought: bool = False) -> str:
        """Return that nothing was written, with the likely reason; ``thought``: it only thought."""
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
        hint = "is right" if self.name else "is right (it often ends in /v1)"
        return (
            f"{self} returned an empty answer from {self.model}. Check that {self.url_option} "
            f"{hint}, and ask again."
        )

    def refused(self, words: str) -> str:
        """Return that the model or its provider declined, in its own words if there are any."""
        reason = f": “{self.clean(words)}”" if words.strip() else " (its content filter stepped in)"
        return (
            f"{self.model} declined to answer{reason}. Rephrase the question, or choose "
            "another model."
        )

    def clean(self, words: str) -> str:
        """Return a server's words on one line, cut to size, without anything like a key."""
        if self.key:
            words = words.replace(self.key, "…")
        return on_one_line(_KEYS.sub("…", words), 300)

    def _words(self, failure: Failure, seconds: float | None, arrived: bool) -> str:
        if failure.kind == "time":
            return self._timed_out(seconds, arrived)
        if failure.kind == "unreachable":
            return (
                f"{self} cannot be reached. Check {self.url_option}, and that the server is "
                "running and the network is up."
            )
        if failure.kind == "cut":
            return self.cut() if arrived else f"{self} hung up in the middle; ask again."
        if failure.kind == "status":
            return self._status(failure) + self._own_words(failure)
        if failure.kind == "stream":
            return f"{self} reported an error while it answered.{self._own_words(failure)}"
        return (
            f"{self} sent something that is not its protocol. Check that {self.url_option} points "
            f"to the right address (often …/v1).{self._own_words(failure)}"
        )

    def _timed_out(self, seconds: float | None, arrived: bool) -> str:
        waited = "in time" if seconds is None else f"within {plural(seconds, 'second')}"
        if arrived:
            return (
                f"{self} stopped in the middle of its answer: nothing came "
                f"{waited.replace('within', 'for')}. What arrived is kept; ask again, or raise "
                f"{self.seconds_option}."
            )
        loading = f" It may still be loading {self.model}." if self.model else ""
        return (
            f"{self} did not answer {waited}.{loading} Ask again, or raise {self.seconds_option}."
        )

    def _status(self, failure: Failure) -> str:
        status = failure.status
        if status in (401, 403) and not self.key:
            return self.no_key()
        if status == 401:
            return f"{self} refused the key (401). Check RANKLENS_{self.key_option.upper()}."
        if status == 403:
            return f"{self} does not let this key use {self.model or 'it'} (403)."
        if status == 404:
            if not self.model:
                return f"{self} has nothing at this address (404). Check {self.url_option}."
            return (
                f"{self} does not know the model {self.model}, or the address is wrong (404). "
                f"Check the model's name and {self.url_option}."
            )
        if failure.too_long:
            return (
                f"The prompt is too long for {self.model}, even with fewer passages. Lower top or "
                "llm_context."
            )
        if failure.out_of_credit:
            return f"{self} reports that the account has no credit left."
        again = "; ask again in a moment"
        if failure.wait:
            again = f"; it asks to wait {plural(round(failure.wait), 'second')}"
        if status == 429:
            return f"{self} is busy or its rate limit is reached (429){again}."
        if status >= 500:
            return f"{self} failed ({status}){again}."
        return f"{self} did not accept the request ({status})."

    def _own_words(self, failure: Failure) -> str:
        words = self.clean(failure.words)
        return f" Its message: {words}" if words else ""


def words_of(body: Any) -> str:
    """Return a server's own words, out of the several shapes that servers use."""
    if isinstance(body, dict):
        for name in ("message", "detail", "error"):
            if inner := body.get(name):
                if isinstance(inner, dict) and inner.get("message"):
                    return str(inner["message"])
                return inner if isinstance(inner, str) else json.dumps(inner)
    return re.sub(r"<[^>]*>", " ", body) if isinstance(body, str) else ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait, None if it names none."""
    value = headers.get("retry-after") or headers.get("Retry-After") or ""
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def bare_url(url: str) -> str:
    """Return an address without the name and password that it may hold."""
    return re.sub(r"//[^/@]*@", "//", url)
