"""A library behind the address of a server (`ranklens serve`, or the page's own server).

    library = ranklens.RemoteLibrary("http://127.0.0.1:8600", key="rk_…", seconds=10)
    trace = library.search("When was the bridge opened?", reranker="none")

It is searched as one in this process is, and returns the same traces.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import httpx

from rag.errors import (
    FilterError,
    LibraryError,
    ModelError,
    ProviderError,
    RanklensError,
    RerankError,
    SettingsError,
)
from rag.settings.addresses import without_login
from rag.trace import from_dict
from rag.types import Trace

if TYPE_CHECKING:
    from ranklens.reranking import Reranking

MOST_MB = 64  # of a reply: a trace of a thousand candidates has a few
_PROBLEM = "urn:ranklens:problem:"
_ERRORS: Mapping[str, type[RanklensError]] = {
    "filter": FilterError,
    "library": LibraryError,
    "model": ModelError,
    "option": SettingsError,
    "request": RanklensError,
    "reranker": RerankError,
    "invalid": RanklensError,
}


class RemoteLibrary:
    """A library of a server. Safe to use from several threads; `close` lets connections go.

    ``url`` is the server's address, ``key`` one with the scope read (`ranklens keys add`), needed
    unless the server is on this machine and has no keys. ``seconds`` is the longest wait for a
    whole reply. Redirects are not followed, so the key goes to that address only.
    """

    def __init__(self, url: str, *, key: str = "", seconds: float = 30.0) -> None:
        self.url = without_login(url).rstrip("/")
        self._seconds = seconds
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(headers=headers, timeout=seconds)

    def __repr__(self) -> str:
        return f"RemoteLibrary({self.url!r})"

    def search(
        self,
        question: str,
        *,
        documents: Iterable[str] = (),
        types: Iterable[str] = (),
        since: date | None = None,
        collection: str = "",
        **settings: Any,
    ) -> Trace:
        """Rank the passages for a question, as `Library.search` does on the server.

        Raises `FilterError`, `SettingsError` and `LibraryError` as the server does, and
        `ProviderError` if it cannot be reached, refuses the key or is too slow.
        """
        if not question.strip():
            raise RanklensError("the question is empty; type a few words")
        body = {
            "question": question,
            "documents": list(documents),
            "types": list(types),
            "since": since.isoformat() if since else None,
            "settings": settings,
            **({"collection": collection} if collection else {}),
        }
        return from_dict(self._post("/api/v1/search", body))

    def rerank(
        self,
        question: str,
        texts: Sequence[str],
        *,
        top: int | None = None,
        whole: bool = False,
        **settings: Any,
    ) -> Reranking:
        """Rank texts of your own by the server's reranker, as `Library.rerank` does there.

        Raises `RanklensError`, `RerankError` and `SettingsError` as the server does, and
        `ProviderError` if it cannot be reached, refuses the key or is too slow.
        """
        from ranklens.reranking import RankedText, Reranking

        body = {"question": question, "texts": list(texts), "top": top, "whole": whole}
        reply = self._post("/api/v1/texts/rerank", {**body, "settings": settings})
        try:
            ranked = tuple(RankedText(**one) for one in reply.pop("ranked"))
            return Reranking(ranked=ranked, cut=tuple(reply.pop("cut")), **reply)
        except (KeyError, TypeError):
            raise self._error("sent no ranking; is it an older Ranklens?") from None

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        ends = time.monotonic() + self._seconds
        try:
            with self._http.stream("POST", self.url + path, json=body) as response:
                raw = _read(response, ends)
        except (httpx.TimeoutException, TimeoutError):
            raise self._error(f"did not answer within {self._seconds:g} s", passing=True) from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise self._error("cannot be reached", passing=True) from None
        try:
            reply = json.loads(raw)
        except ValueError:
            reply = None
        if not isinstance(reply, dict):
            raise self._error(f"sent no JSON ({response.status_code}); is it Ranklens' address?")
        if not response.is_success:
            raise self._refused(response, reply)
        return reply

    def _refused(self, response: httpx.Response, reply: Mapping[str, Any]) -> RanklensError:
        detail = str(reply.get("detail", ""))[:2000]
        kind = str(reply.get("type", "")).removeprefix(_PROBLEM)
        if kind in _ERRORS:
            return _ERRORS[kind](detail)
        wait = response.headers.get("retry-after", "")
        passing = response.status_code in (429, 503)
        why = f"refused ({response.status_code}): {detail}"
        return self._error(why, passing, float(wait) if wait.isdecimal() else None)

    def _error(self, why: str, passing: bool = False, wait: float | None = None) -> ProviderError:
        return ProviderError(f"the server {self.url} {why}", passing, wait)


def _read(response: httpx.Response, ends: float) -> bytes:
    """Return a reply's body; raises `TimeoutError` once its time is over, or it is too large."""
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if time.monotonic() > ends:
            raise TimeoutError
        if len(body) > MOST_MB * 1_000_000:
            raise httpx.HTTPError(f"more than {MOST_MB} MB")
    return bytes(body)
