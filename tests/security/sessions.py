"""A visitor's session without a browser: what the server sends for a page, as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.security.attacks import port_of


def opened(
    address: str, headers: Mapping[str, str] | None = None, session: str = ""
) -> ClientConnection:
    """Open the connection that a page of that address opens, or comes back to a session with."""
    port = port_of(address)
    own = f"http://127.0.0.1:{port}"
    back = [Subprotocol(name) for name in ("streamlit", "token", session)] if session else None
    return connect(
        f"ws://127.0.0.1:{port}/_stcore/stream", origin=own, max_size=None,
        additional_headers=headers, subprotocols=back,
    )  # fmt: skip


def run(
    wire: ClientConnection, page: str = "", query: str = "", pressed: str = ""
) -> list[ForwardMsg]:
    """Run a page to its end and return every message that the server sends for it.

    ``pressed`` is the id of a button.
    """
    script: dict[str, Any] = {"page_name": page, "query_string": query}
    if pressed:
        script["widget_states"] = {"widgets": [{"id": pressed, "trigger_value": True}]}
    wire.send(BackMsg(rerun_script=script).SerializeToString())
    messages: list[ForwardMsg] = []
    while not messages or messages[-1].WhichOneof("type") != "script_finished":
        messages.append(ForwardMsg.FromString(wire.recv(timeout=60)))
    return messages


def sent(address: str, page: str = "", query: str = "") -> bytes:
    """Return all bytes that a first visit to a page brings."""
    with opened(address) as wire:
        return b"".join(message.SerializeToString() for message in run(wire, page, query))
