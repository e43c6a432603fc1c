"""A visitor of the page without a browser: Streamlit's own messages over its WebSocket."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Self

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import ChatInputValue
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect

LONGEST = 120.0  # seconds that one run of the page may take
ENDED_WELL = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_EARLY_FOR_RERUN)
HEADLINES = ("Unexpected error", "That did not work", "The model cannot be loaded")


@dataclass
class PageRun:
    """What one run of the page brought: its HTML, the ids of its widgets by key, its errors."""

    html: list[str] = field(default_factory=list)
    widgets: dict[str, str] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Visitor:
    """One open page, its session and its connection."""

    def __init__(self, address: str) -> None:
        """Open a connection; `open` shows the first page."""
        self._socket: ClientConnection = connect(
            address.replace("http", "ws", 1) + "/_stcore/stream",
            origin=address,
            subprotocols=["streamlit"],
            max_size=None,
            legacy=True,
        )
        self._known: dict[str, ForwardMsg] = {}
        self._page = ""
        self._query = ""  # of the address, which names what the page shows
        self.run = PageRun()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def open(self, page: str = "") -> PageRun:
        """Show a page by its title, the first one without."""
        self._page, self._query = self.run.pages.get(page, ""), ""
        return self._rerun()

    def ask(self, question: str) -> PageRun:
        """Type a question and wait for the complete answer."""
        box = WidgetState(id=self.run.widgets["question"])
        box.chat_input_value.CopyFrom(ChatInputValue(data=question))
        return self._rerun(box)

    def press(self, key: str) -> PageRun:
        """Press a button by its key."""
        return self._rerun(WidgetState(id=self.run.widgets[key], trigger_value=True))

    def _rerun(self, *widgets: WidgetState) -> PageRun:
        message = BackMsg()
        message.rerun_script.page_script_hash = self._page
        message.rerun_script.query_string = self._query
        message.rerun_script.widget_states.widgets.extend(widgets)
        started = time.perf_counter()
        self._socket.send(message.SerializeToString())
        run = PageRun(pages=self.run.pages)
        while (left := started + LONGEST - time.perf_counter()) > 0:
            got = ForwardMsg()
            got.ParseFromString(self._socket.recv(timeout=left, decode=False))
            if self._ended(got, run):
                break
        run.seconds = time.perf_counter() - started
        self.run = run
        return run

    def _ended(self, got: ForwardMsg, run: PageRun) -> bool:
        """Note what a message brings; returns whether the page is complete."""
        if got.WhichOneof("type") == "ref_hash":
            got = self._known[got.ref_hash]
        elif got.metadata.cacheable:
            self._known[got.hash] = got
        kind = got.WhichOneof("type")
        if kind == "navigation":
            run.pages = {one.page_name: one.page_script_hash for one in got.navigation.app_pages}
        elif kind == "delta" and got.delta.WhichOneof("type") == "new_element":
            self._note(got, run)
        elif kind == "page_info_changed":
            self._query = got.page_info_changed.query_string
        elif kind == "session_event" and got.session_event.HasField("script_compilation_exception"):
            run.errors.append(str(got.session_event))
        elif kind == "script_finished" and got.script_finished not in ENDED_WELL:
            run.errors.append(f"the script ended with {got.script_finished}")
        return kind == "script_finished" and (
            got.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        )

    def _note(self, got: ForwardMsg, run: PageRun) -> None:
        element = got.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            run.errors.append(f"{element.exception.type}: {element.exception.message}")
        elif kind == "html":
            run.html.append(element.html.body)
            run.errors += [line for line in HEADLINES if line in element.html.body]
        elif name := getattr(getattr(element, kind or "", None), "id", ""):
            run.widgets[name.split("-", 2)[-1]] = name
