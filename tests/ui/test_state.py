"""Who is the owner of a library: who may save settings on the page."""

from types import SimpleNamespace

import pytest

from rag.settings import Settings
from ui.shared import state

HERE = {"Host": "127.0.0.1:8501"}


@pytest.mark.parametrize(
    ("address", "headers", "hosts", "owner"),
    [
        (None, HERE, "", True),
        (None, {"Host": "localhost:8501"}, "", True),
        (None, HERE, "docs.example.org", False),
        (None, {"Host": "docs.example.org"}, "", False),
        (None, {**HERE, "X-Forwarded-For": "1.2.3.4"}, "", False),
        ("10.0.0.7", HERE, "", False),
        ("", HERE, "", False),
        (None, {}, "", False),
    ],
)
def test_only_a_browser_on_this_machine_may_save(monkeypatch, address, headers, hosts, owner):
    seen = SimpleNamespace(ip_address=address, headers=headers)
    monkeypatch.setattr(state.st, "context", seen)
    library = SimpleNamespace(given=Settings(page_hosts=hosts))
    assert state.is_owner(library) is owner
