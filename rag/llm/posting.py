"""Post JSON to a provider's server and read JSON: one deadline, one limit, no redirects."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import httpx

from rag.llm.faults import Endpoint, Failure, lost, refusal
from rag.llm.wire import Wire


class Poster:
    """Posts JSON and reads JSON; one pool of connections, safe for several threads."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._headers = {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
        self._client = httpx.Client(**Wire().options(endpoint))

    def post(self, path: str, body: Mapping[str, Any], seconds: float) -> Any:
        """Return the decoded reply; raises `ProviderError`. ``seconds`` bound a slow body too."""
        ends = time.monotonic() + seconds
        url = self._endpoint.address.rstrip("/") + path
        try:
            with self._client.stream(
                "POST", url, json=body, headers=self._headers, timeout=max(0.01, seconds)
            ) as response:
                raw = _read(response, ends)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise self._endpoint.error(lost(error), seconds) from None
        try:
            reply = json.loads(raw)
        except ValueError:
            reply = raw.decode("utf-8", "replace")
        if not response.is_success:
            raise self._endpoint.error(refusal(response.status_code, reply, response.headers))
        if isinstance(reply, str):
            raise self._endpoint.error(Failure("protocol", reply))
        return reply


def _read(response: httpx.Response, ends: float) -> bytes:
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if time.monotonic() > ends:
            raise TimeoutError
    return bytes(body)
