"""Calls to other people's servers: deadline, retries, and faults in plain words without keys."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx

from rag.errors import RanklensError

T = TypeVar("T")
LONGEST_BODY = 32_000_000
FIRST_WAIT = 0.5
_OWN_WORDS = 300
_KEYS = re.compile(r"\b(?:sk|pk|pa|key|gsk|hf|xai|jina)[-_][\w*.-]{6,}|Bearer\s+\S+", re.IGNORECASE)


class Fault(RanklensError):
    """A call failed. ``passing``: the same call may succeed later, after ``wait`` seconds."""

    def __init__(self, message: str, passing: bool = False, wait: float | None = None) -> None:
        super().__init__(message)
        self.passing, self.wait = passing, wait


@dataclass(frozen=True, slots=True)
class Server:
    """Where a provider is: its name for messages, the option that holds the key, and the key."""

    name: str
    url: str
    key_option: str = ""
    key: str = ""

    def __repr__(self) -> str:
        return f"Server({self.name!r}, {bare_url(self.url)!r})"

    def status(self, status: int, body: Any, headers: Mapping[str, str]) -> Fault:
        """Say what an answer that is not 2xx means and what to do."""
        wait = retry_after(headers)
        told = f" It said: {self.clean(said(body)) or 'nothing'}"
        if status in (401, 403):
            need = f"RANKLENS_{self.key_option.upper()}" if self.key_option else "the key"
            what = "refused the key" if self.key else "wants a key, and none is set"
            return Fault(f"{self.name} {what} ({status}); check {need}.{told}")
        if status == 404:
            return Fault(f"{self.name} knows no such model or address ({self._at()}).{told}")
        if status == 429:
            again = f"; it asks to wait {wait:.0f} s" if wait else ""
            return Fault(
                f"{self.name} is busy, its rate limit is reached (429){again}.{told}", True, wait
            )
        if status >= 500 or status in (408, 409, 424):
            return Fault(f"{self.name} failed ({status}).{told}", status != 424, wait)
        return Fault(f"{self.name} did not accept the request ({status}).{told}")

    def unreachable(self, error: Exception) -> Fault:
        """Say that there was no answer, or only a part of one."""
        if isinstance(error, httpx.TimeoutException | TimeoutError):
            return Fault(f"{self.name} did not answer in time ({self._at()})")
        # By name, for clients bring HTTP libraries of their own.
        kind = type(error.__cause__ or error).__name__
        cut = kind in ("ReadError", "RemoteProtocolError")
        what = "hung up in the middle" if cut else "cannot be reached"
        return Fault(f"{self.name} {what} ({self._at()}); is it running, is the network up?", True)

    def nonsense(self, what: str) -> Fault:
        """Say that the answer is not the protocol."""
        return Fault(f"{self.name} sent something that is not its protocol: {self.clean(what)}")

    def clean(self, words: str) -> str:
        """Return a server's words on one line, cut to size, without anything like a key."""
        if self.key:
            words = words.replace(self.key, "…")
        return shortened(_KEYS.sub("…", words))

    def _at(self) -> str:
        return bare_url(self.url)


class Poster:
    """Posts JSON and reads JSON; one pool of connections, safe for several threads."""

    def __init__(self, server: Server) -> None:
        self.server = server
        # Certificates take 40 ms to load, and plain HTTP needs none.
        secure = not server.url.startswith("http:")
        self._client = httpx.Client(follow_redirects=False, verify=secure)

    def post(self, path: str, body: Mapping[str, Any], seconds: float) -> Any:
        """Return the decoded answer; raises `Fault`. ``seconds`` bound a slow body too."""
        server = self.server
        headers = {"Authorization": f"Bearer {server.key}"} if server.key else {}
        ends = time.monotonic() + seconds
        try:
            request = self._client.build_request(
                "POST",
                server.url.rstrip("/") + path,
                json=body,
                headers=headers,
                timeout=httpx.Timeout(max(0.01, seconds)),
            )
            response = self._client.send(request, stream=True)
            try:
                raw = _read(response, ends)
            finally:
                response.close()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise server.unreachable(error) from None
        try:
            answer = json.loads(raw)
        except ValueError:
            answer = raw.decode("utf-8", "replace")
        if not response.is_success:
            raise server.status(response.status_code, answer, response.headers)
        if isinstance(answer, str):
            raise server.nonsense(answer or "an empty body")
        return answer


def persistently(
    call: Callable[[float], T],
    seconds: float,
    retries: int,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[T, int]:
    """Call until it works; returns the result and the number of further tries.

    ``call`` gets the seconds that are left. A passing `Fault` is followed by the wait that the
    server asks for, else by twice the wait before (with up to a quarter more, so that callers
    spread); where that does not fit into ``seconds`` the fault is raised at once.
    """
    ends = time.monotonic() + seconds
    tries = 0
    while True:
        try:
            return call(ends - time.monotonic()), tries
        except Fault as fault:
            wait = fault.wait
            if wait is None:
                wait = FIRST_WAIT * 2**tries * (1 + random.random() / 4)
            if not fault.passing or tries >= retries or wait >= ends - time.monotonic():
                raise
            tries += 1
            sleep(wait)


def side_by_side(calls: Sequence[Callable[[], T]], workers: int) -> list[T]:
    """Run calls in parallel, at most ``workers`` at a time; the first failure ends it all."""
    if len(calls) == 1:
        return [calls[0]()]
    pool = ThreadPoolExecutor(max_workers=max(1, min(workers, len(calls))))
    try:
        return [future.result() for future in [pool.submit(call) for call in calls]]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait, None where it does not say."""
    value = headers.get("retry-after") or headers.get("Retry-After") or ""
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def said(body: Any) -> str:
    """Return what a server itself said, out of the several shapes that servers use."""
    if isinstance(body, dict):
        for name in ("message", "detail", "error"):
            if body.get(name):
                return said(body[name]) if name == "error" else _text(body[name])
        return ""
    return re.sub(r"<[^>]*>", " ", body) if isinstance(body, str) else ""


def shortened(words: str, limit: int = _OWN_WORDS) -> str:
    """Return words on one line, cut to size."""
    words = " ".join(words.split())
    return words if len(words) <= limit else words[: limit - 1] + "…"


def bare_url(url: str) -> str:
    """Return an address without the name and password that it may hold."""
    return re.sub(r"//[^/@]*@", "//", url)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _read(response: httpx.Response, ends: float) -> bytes:
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if time.monotonic() > ends:
            raise TimeoutError
        if len(body) > LONGEST_BODY:
            raise httpx.ReadError("the body is too long")
    return bytes(body)
