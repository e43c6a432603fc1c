"""What can go wrong at a provider's server, in plain words that never hold a key.

An exception of a client library becomes a `Failure`; `Endpoint.error` turns that into the
`ProviderError` that names the provider and what to do. `WORDS` is the table of all sentences.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal, Self

import httpx

from rag.errors import ProviderError
from rag.settings import Settings
from rag.settings.addresses import login, without_login
from rag.settings.keys import KEYS
from rag.text.plural import plural
from rag.text.quoting import on_one_line

WORDS: Mapping[str, str] = {
    # before a call
    "no address": "{who} has no address; set {url_option} (RANKLENS_{URL_OPTION}) to its base URL",
    "no key": "{who} needs a key, and none is set for this address. Set {key}{usual_key}.",
    # the connection
    "unreachable": "{who} cannot be reached. Check {url_option}, and that the server is running "
    "and the network is up.",
    "cut": "{who} hung up in the middle; ask again.",
    "cut later": "{who}: the connection was cut in the middle of the answer. What arrived is "
    "kept; ask again.",
    "time": "{who} did not answer {within}.{loading} Ask again, or raise {seconds_option}.",
    "time later": "{who} stopped in the middle of its answer: nothing came {within}. What arrived "
    "is kept; ask again, or raise {seconds_option}.",
    "protocol": "{who} sent something that is not its protocol. Check that {url_option} points to "
    "the right address (often …/v1).",
    "web page": "{who} answered with a web page, not with data. Check that {url_option} points to "
    "the right address (often …/v1).",
    "too much": "{who} sent more than {most} MB, the limit of max_reply_mb; the rest was not read.",
    "stream": "{who} reported an error while it answered.",
    # a status outside of 2xx
    "401": "{who} refused the key (401). Check {key}.",
    "403": "{who} does not let this key use {model} (403).",
    "404": "{who} does not know the model {model}, or the address is wrong (404). Check the "
    "model's name and {url_option}.",
    "redirect": "{who} sends requests on to another address ({status}), and they are not followed. "
    "Set {url_option} to the address that answers.",
    "429": "{who} is busy or its rate limit is reached (429){again}.",
    "5xx": "{who} failed ({status}){again}.",
    "status": "{who} did not accept the request ({status}).",
    "too long": "The prompt is too long for {model}, even with fewer passages. Lower top or "
    "llm_context.",
    "no credit": "{who} reports that the account has no credit left.",
    # a reply that is no answer
    "limit": "{who} wrote nothing before {model} reached its limit of tokens. Raise "
    "llm_max_tokens, or choose a model that reasons less.",
    "characters": "{who} wrote no answer within the limit of max_answer_characters; the rest was "
    "not read. Raise max_answer_characters, or choose a model that reasons less.",
    "thought": "{model} thought and ended without an answer; its thinking is kept. Ask again, or "
    "choose a model that reasons less.",
    "empty": "{who} returned an empty answer from {model}. Check that {url_option} is right "
    "(often …/v1), and ask again.",
    "declined": "{model} declined to answer: “{reason}”. Rephrase the question, or choose another "
    "model.",
}
_TOO_LONG = re.compile(
    r"context[ _-]?(?:length|window|size)|too many tokens|prompt is too long|"
    r"input is too long|exceeds? .{0,40}\b(?:context|tokens)\b|"
    r"\btokens?\b.{0,60}\b(?:limit|maximum|exceed)",
    re.IGNORECASE,
)
_KEYS = re.compile(
    r"\b(?:sk|pk|pa|key|gsk|hf|xai|jina|nvapi|ze|mxb)[-_][\w*.-]{6,}|(?:Bearer|Basic)\s+\S+",
    re.IGNORECASE,
)


class UnreadableReply(httpx.HTTPError):
    """A reply that is not read (any further); `rag.llm.wire` raises it."""

    def __init__(self, kind: Literal["web page", "too much", "protocol"]) -> None:
        super().__init__(kind)
        self.kind: Literal["web page", "too much", "protocol"] = kind


@dataclass(frozen=True, slots=True)
class Failure:
    """What a client library raised, whichever it was.

    ``words`` are the server's own; ``wait`` is the seconds that it asks to wait.
    """

    kind: Literal[
        "status", "time", "unreachable", "cut", "stream", "protocol", "web page", "too much"
    ]
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

    def case(self, arrived: bool) -> str:
        """Return the line of `WORDS` that fits; ``arrived``: a part of the answer came before."""
        if self.kind in ("cut", "time"):
            return f"{self.kind} later" if arrived else self.kind
        if self.too_long or self.out_of_credit:
            return "too long" if self.too_long else "no credit"
        if str(self.status) in WORDS:
            return str(self.status)
        if 300 <= self.status < 400:
            return "redirect"
        return "5xx" if self.status >= 500 else self.kind


def refusal(status: int, body: Any, headers: Mapping[str, str] | None, code: str = "") -> Failure:
    """Return the failure that a response with a status outside of 2xx stands for."""
    return Failure("status", words_of(body), status, code, retry_after(headers or {}))


def lost(error: BaseException) -> Failure:
    """Return the failure of a connection: no reply, or only a part of one."""
    if isinstance(error, UnreadableReply):
        return Failure(error.kind)
    # By name: the clients bring two HTTP libraries, whose errors are called the same.
    name = type(error).__name__
    if "Timeout" in name:
        return Failure("time")
    if name == "SSEError":
        return Failure("protocol")
    return Failure("cut" if name in ("ReadError", "RemoteProtocolError") else "unreachable")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A provider's server: its address and key, and the options that hold them.

    ``name`` is empty for one that is known by its address only; ``seconds_option`` is the option
    that holds the deadline. ``quoted``: its own words may be shown. ``most`` is the size of its
    longest reply in MB.
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
    quoted: bool = True
    most: int = 32

    @classmethod
    def of(cls, settings: Settings, key_option: str, name: str) -> Self:
        """Return the server that a key is for; one whose key has a usual name needs a key."""
        bound = KEYS[key_option]
        return cls(
            name=name,
            url=getattr(settings, bound.option).strip() or bound.provider,
            url_option=bound.option,
            key=getattr(settings, key_option).get_secret_value().strip(),
            key_option=key_option,
            usual_key=bound.usual,
            needs_key=bool(bound.usual),
            quoted=settings.provider_words,
            most=settings.max_reply_mb,
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.address})" if self.name else f"The endpoint {self.address}"

    def __repr__(self) -> str:
        return f"Endpoint({self!s}, {self.model!r})"

    @property
    def address(self) -> str:
        """The address without the name and password that it may hold: what is called and shown."""
        return without_login(self.url)

    @property
    def login(self) -> tuple[str, str] | None:
        """The name and password that the address holds."""
        return login(self.url)

    def missing(self) -> str:
        """Return why this server cannot be called and what to do about it, or nothing."""
        if not self.url:
            return self.words("no address", who=self.name)
        try:
            httpx.URL(self.address)
        except httpx.InvalidURL:
            return self.words("unreachable")
        return self.words("no key") if self.needs_key and not self.key else ""

    def error(
        self, failure: Failure, seconds: float | None = None, arrived: bool = False
    ) -> ProviderError:
        """Return the error that a failure means. ``arrived``: a part of the answer came before.

        ``seconds`` is how long it was waited for.
        """
        case = failure.case(arrived)
        if case in ("401", "403") and not self.key:
            case = "no key"
        waited = "" if seconds is None else plural(seconds, "second")
        words = self.words(
            case,
            within=f"{'for' if arrived else 'within'} {waited}" if waited else "in time",
            loading=f" It may still be loading {self.model}." if self.model else "",
            status=str(failure.status),
            again=f"; it asks to wait {plural(round(failure.wait), 'second')}"
            if failure.wait
            else "; ask again in a moment",
        )
        if message := self.clean(failure.words):
            words += f" Its message: {message}"
        if arrived:
            return ProviderError(words)
        return ProviderError(words, failure.passing, failure.wait, failure.too_long)

    def words(self, case: str, **more: str) -> str:
        """Return a line of `WORDS` about this server."""
        known = {
            "who": str(self),
            "model": self.model or "this",
            "url_option": self.url_option,
            "URL_OPTION": self.url_option.upper(),
            "key": f"RANKLENS_{self.key_option.upper()}",
            "usual_key": f" (or {self.usual_key})" if self.usual_key else "",
            "seconds_option": self.seconds_option,
            "most": str(self.most),
        }
        return WORDS[case].format(**known | more)

    def clean(self, words: str) -> str:
        """Return a server's words on one line, cut to size, without anything like a key.

        Nothing if its words are not to be shown.
        """
        if not self.quoted:
            return ""
        for secret in (self.key, *(self.login or ())):
            words = words.replace(secret, "…") if secret else words
        return on_one_line(_KEYS.sub("…", words), 300)


def words_of(body: Any) -> str:
    """Return a server's own words, out of the several shapes that servers use."""
    if isinstance(body, dict):
        for name in ("message", "detail", "error"):
            if inner := body.get(name):
                if isinstance(inner, dict) and inner.get("message"):
                    return str(inner["message"])
                return inner if isinstance(inner, str) else json.dumps(inner)
    return re.sub(r"<[^<>]*>", " ", body) if isinstance(body, str) else ""


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
