"""A visitor's session without a browser: what the server sends for a page, as bytes."""

from __future__ import annotations

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from tests.security.attacks import port_of


def opened(address: str) -> ClientConnection:
    """Open the connection that a page of that address opens."""
    port = port_of(address)
    own = f"http://127.0.0.1:{port}"
    return connect(f"ws://127.0.0.1:{port}/_stcore/stream", origin=own, max_size=None)


def run(wire: ClientConnection, page: str = "", query: str = "") -> list[ForwardMsg]:
    """Run a page to its end and return every message that the server sends for it."""
    script = {"page_name": page, "query_string": query}
    wire.send(BackMsg(rerun_script=script).SerializeToString())
    messages: list[ForwardMsg] = []
    while not messages or messages[-1].WhichOneof("type") != "script_finished":
        messages.append(ForwardMsg.FromString(wire.recv(timeout=60)))
    return messages


def sent(address: str, page: str = "", query: str = "") -> bytes:
    """Return all bytes that a first visit to a page brings."""
    with opened(address) as wire:
        return b"".join(message.SerializeToString() for message in run(wire, page, query))
