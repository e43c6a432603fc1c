import contextlib
from functools import cache

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.errors import StreamlitPageNotFoundError
from streamlit.testing.v1 import AppTest

import ui.shared.state
from tests.ui.fakes import FakeLibrary
from ui.shared import navigation


@pytest.fixture(scope="session", autouse=True)
def packages_read_once():
    """Have Streamlit look for components in the installed packages once, not at every run."""
    with pytest.MonkeyPatch.context() as patch:
        scan = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture(autouse=True)
def lone_pages(monkeypatch):
    """Let a page run alone, without the app: its links to other pages are not shown then."""
    link = st.page_link

    def shown(*args, **more):
        with contextlib.suppress(StreamlitPageNotFoundError):
            link(*args, **more)

    monkeypatch.setattr(st, "page_link", shown)


@pytest.fixture
def library(monkeypatch):
    """A fake library that the pages open instead of a real one."""
    fake = FakeLibrary()
    monkeypatch.setattr(ui.shared.state, "_opened", lambda: fake)
    monkeypatch.setattr(ui.shared.state, "is_owner", lambda _library: True)
    return fake


@pytest.fixture
def page(library):
    """Return a function that runs a page's file as the user sees it."""

    def run(path="app.py", **state):
        at = AppTest.from_file(f"../../{path}", default_timeout=30)
        for key, value in state.items():
            at.session_state[key] = value
        return at.run()

    return run


@pytest.fixture
def went(monkeypatch):
    """Return a function that runs a page as the browser's Back and Forward do."""

    def run(at):
        with monkeypatch.context() as during:
            during.setattr(navigation, "went_back_or_forward", lambda: True)
            return at.run()

    return run
