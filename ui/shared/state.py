"""What the pages share: the open library (one a process), and errors in plain words."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

import ranklens
from rag.errors import (
    FilterError,
    LibraryInUse,
    LibraryMismatch,
    ModelError,
    RanklensError,
    Refused,
    SettingsError,
)
from rag.settings import Settings
from ranklens import connection, people, policy, saved_settings
from ranklens.hiding import hidden
from ranklens.members import member_of
from serve.policy import is_local
from ui import served
from ui.shared import collections, frame, navigation, places, visitor
from ui.shared.collector import spare

if TYPE_CHECKING:
    from ranklens.library import Library

log = logging.getLogger(__name__)

WRITER = "session_writer"  # what a visitor chose who may not save it
LOOK_AGAIN = 30.0  # seconds between looks at whether a visitor's rights have changed
# Pages that only some may open, by folder, and what that is asked of the policy as.
NEEDS = {"judge": "judge", "monitor": "see the log", "models": "models"}

_HEADLINES = {
    LibraryInUse: "This library is open in another program",
    LibraryMismatch: "This library was indexed with other settings",
    SettingsError: "A setting is not right",
    ModelError: "The model cannot be loaded",
    FilterError: "No such document",
    Refused: "This needs another role",
    RanklensError: "That did not work",
}


@st.cache_resource(show_spinner="Opening the library…")
def _opened() -> Library:
    """Return the library that this process has open, for all sessions and the API."""
    return served.library.get()


def library() -> Library:
    """Return the library as this visitor may see and change it.

    If it cannot be opened, show why and end the page's run. Raises `Refused` if people sign in here
    and this one has not.
    """
    try:
        return _as_seen(_opened())
    except Refused:
        raise
    except RanklensError as error:
        frame.title("Ranklens")
        problem(error)
        with st.container(horizontal=True):
            if isinstance(error, LibraryMismatch) and not served.settings().has_accounts:
                again = "Index all documents again"
                st.button(again, icon=":material/sync:", on_click=_accept_settings)
            st.button("Try again", icon=":material/refresh:", type="primary")
        st.stop()


def library_if_it_opens() -> Library | None:
    """Return the library, or None if it cannot be opened: for pages that do without it."""
    try:
        return _as_seen(_opened())
    except RanklensError:
        return None


def _as_seen(opened: Library) -> Library:
    """Return the library for who looks; with sign-in nobody gets it as a whole."""
    saved_settings.refresh(opened)
    settings = opened.given
    if not settings.has_accounts:
        return opened
    if not (account := visitor.signed_in(settings).account):
        raise Refused("sign in first")
    return member_of(opened, account, still=visitor.Still(settings, account))


def menu() -> Literal["top", "hidden"]:
    """Return where the list of pages is; whoever has not signed in can open none of them."""
    settings = served.library.settings
    known = not settings.has_accounts or visitor.signed_in(settings).account
    return "top" if known else "hidden"


def offered(page: str) -> bool:
    """Return whether a page, named by its folder, is in the list of pages for this visitor."""
    action = NEEDS.get(page)
    if action is None or not served.library.settings.has_accounts:
        return True
    library = library_if_it_opens()
    return library is not None and policy.may(library.visitor, action)


def may(library: Library, action: str, collection: str = "") -> bool:
    """Return whether this visitor may do something, in a collection if it is named."""
    within = [library.collections.id_of(collection)] if collection else None
    return policy.may(library.visitor, action, within)


def may_change(library: Library, document: str) -> bool:
    """Return whether this visitor may change a document, and remove it."""
    within = library.collections.ids_of_document(document)
    return policy.may(library.visitor, "remove", within)


def require(action: str) -> None:
    """Raise `Refused` unless this visitor may do something with the library as a whole."""
    if served.library.settings.has_accounts:
        policy.require(library().visitor, action)


def is_owner(library: Library) -> bool:
    """Return whether this visitor may save settings: an administrator, if people sign in here.

    Without sign-in it is who has the page open on the library's own machine. Behind a reverse proxy
    (option ``page_hosts``) nobody is known to be.
    """
    if library.given.has_accounts:
        return library.visitor.is_admin
    if library.given.hosts():
        return False
    address = st.context.ip_address  # None is the loopback address
    headers = {name.lower(): value for name, value in st.context.headers.items()}
    return is_local("127.0.0.1" if address is None else address, headers)


def writer(library: Library) -> str:
    """Return which of `connection.choices` writes the answers for this session.

    The owner's choice is saved in the library; anybody else's holds for the session.
    """
    chosen: str | None = st.session_state.get(WRITER)
    return connection.in_use(library) if chosen is None else chosen


def choose_writer(library: Library, choice: str) -> None:
    """Let a model connection write the answers, or none."""
    if is_owner(library):
        saved_settings.choose(library, choice)
    else:
        st.session_state[WRITER] = choice


def answer_model() -> dict[str, Any]:
    """Return what this session's choice of a writer changes of the library's settings."""
    chosen = st.session_state.get(WRITER)
    return {} if chosen is None else connection.changes(library(), chosen)


def settings(library: Library) -> Settings:
    """Return the library's settings with the model connection that this session chose."""
    return library.settings.updated(**answer_model())


def _accept_settings() -> None:
    """Queue every document of the library to be indexed with the present settings.

    If people sign in, whoever runs the server does that (``ranklens reindex``): the library that
    would know their roles does not open.
    """
    if served.settings().has_accounts:
        return
    try:
        ranklens.open(reindex=True, command=served.COMMAND).close()
    except RanklensError as error:
        log.warning("the library could not be set up for a new index: %s", error)


def run(page: st.Page) -> None:
    """Run a page. An unexpected error goes to the log; the reader gets a sentence, no traceback."""
    navigation.note(page.title)
    places.hide_with(_hiding())
    try:
        if not _let_in() or _shown_by_link():
            return
        collections.selector(page.title, library_if_it_opens)
        page.run()
    except RanklensError as error:
        problem(error)
    except Exception:  # the outermost frame: nothing may reach the reader as a stack trace
        log.exception("the page failed")
        text = "Details are in the server log. Reload the page to go on."
        frame.notice(text, "Unexpected error", "bad")
    finally:
        collections.note_in_address()
        spare(page.title)


def _hiding() -> Callable[[str], str] | None:
    """Return what takes the server's places out of messages, if this visitor does not own it."""
    settings = served.library.settings
    if not (settings.has_accounts or settings.hosts()):
        return None
    library = library_if_it_opens()
    if library is None:
        return lambda text: hidden(text, settings)
    if is_owner(library):
        return None
    return lambda text: hidden(text, library.settings, answer_model())


def _let_in() -> bool:
    """Return whether there is somebody to show the page to; else show the way in."""
    settings = served.library.settings
    if not settings.has_accounts:
        return True
    found = visitor.signed_in(settings)
    if not found.account:
        visitor.ask_to_sign_in(settings, found)
        return False
    opened = library()
    _opened().accounts.note(found.account)
    if opened.visitor.highest == policy.NOBODY.highest or not opened.collections.names():
        visitor.no_access(settings, found.account)
        return False
    now = _rights(found.account)
    st.fragment(_look_again, run_every=LOOK_AGAIN)(now)
    return True


def _shown_by_link() -> bool:
    """Show what a link shares, if the address is one."""
    secret = st.query_params.get("shared", "")
    if not secret or not served.library.settings.has_accounts:
        return False
    from ui.link import shared_link

    shared_link.show(library(), secret)
    return True


def _rights(account: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    roles = people.visitor(_opened(), account).roles
    return account, tuple(sorted((key, int(role)) for key, role in roles.items()))


def _look_again(shown: object) -> None:
    """Run the page again if this visitor's rights are not those that it was shown with."""
    found = visitor.signed_in(served.library.settings)
    if shown != _rights(found.account):
        st.rerun()


def problem(error: RanklensError) -> None:
    """Show an error of this project with what to do about it."""
    kind = next(kind for kind in _HEADLINES if isinstance(error, kind))
    frame.notice(str(error), _HEADLINES[kind], "bad")


def keep_in_address(name: str, value: str | None) -> None:
    """Let a reload show the same again: keep a value in the page's address, or remove it."""
    if value and st.query_params.get(name) != value:
        st.query_params[name] = value
    elif not value and name in st.query_params:
        del st.query_params[name]
