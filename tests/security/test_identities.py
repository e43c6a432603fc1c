"""A proxy that signs people in, a real server, and a browser that comes back as somebody else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from rag.settings import Settings
from ranklens.people import people_of
from tests.security import sessions
from tests.servers.page import ROOT, free_port, started

pytestmark = pytest.mark.long
SECRET = "between-proxy-and-page"
ADMIN, VIEWER = "ada@example.org", "vera@example.org"


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[tuple[str, Settings]]:
    folder = tmp_path_factory.mktemp("identities")
    paper = folder / "walrus.md"
    paper.write_text("# The walrus\n\nThe walrus rests on ice in the summer.\n")
    settings = Settings(library=folder / "library")
    subprocess.run(
        [sys.executable, "-m", "ui.cli", "--library", settings.library, "ingest", paper],
        cwd=ROOT, check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    with people_of(settings) as managed:
        managed.grant(ADMIN, "admin")
        managed.grant(VIEWER, "viewer")
    options = {
        "RANKLENS_LIBRARY": str(settings.library),
        "RANKLENS_SIGN_IN": "proxy",
        "RANKLENS_PROXY_SECRET": SECRET,
    }
    port = free_port()
    command = [sys.executable, "-P", "-m", "ui.server", str(port)]
    with started(command, port, cwd=Path(ROOT), **options) as address:
        yield address, settings


def signed(account: str, secret: str = SECRET) -> dict[str, str]:
    return {"X-Forwarded-User": account, "X-Ranklens-Proxy-Secret": secret}


def session_of(messages: Sequence[ForwardMsg]) -> str:
    found = [
        one.new_session.initialize.session_id for one in messages if one.HasField("new_session")
    ]
    return found[0]


def revoke_button(messages: Sequence[ForwardMsg]) -> str:
    elements = [one.delta.new_element for one in messages if one.HasField("delta")]
    buttons = [one.button for one in elements if one.HasField("button")]
    return next(one.id for one in buttons if one.label == "Revoke")


def text(messages: Sequence[ForwardMsg]) -> bytes:
    return b"".join(one.SerializeToString() for one in messages)


def granted(settings: Settings) -> set[str]:
    with people_of(settings) as managed:
        return {one.account for one in managed.listed()}


def test_a_session_is_never_another_account_s(served):
    address, settings = served
    with sessions.opened(address, signed(ADMIN)) as wire:
        first = sessions.run(wire, "settings", "section=People")
    session, button = session_of(first), revoke_button(first)
    assert VIEWER.encode() in text(first)
    for headers in (signed(VIEWER), signed("eve@example.org"), signed(ADMIN, "a wrong secret"), {}):
        with sessions.opened(address, headers, session) as wire:
            again = sessions.run(wire, "settings", "section=People", button)
        assert b"Audit log" not in text(again)
        if headers.get("X-Forwarded-User") != ADMIN:
            assert session_of(again) != session
            assert ADMIN.encode() not in text(again)
        assert granted(settings) == {ADMIN, VIEWER}
    # The click works: the one whose session it is comes back, and revokes the first role: her own.
    with sessions.opened(address, signed(ADMIN), session) as wire:
        again = sessions.run(wire, "settings", "section=People", button)
        assert session_of(again) == session
    assert granted(settings) == {VIEWER}
