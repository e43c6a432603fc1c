"""One thing shared by a link, from where it is shown: made, shown once, and revoked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from rag.errors import RanklensError
from rag.text.quoting import as_it_reads
from ranklens import sharing
from ui.shared import frame

if TYPE_CHECKING:
    from ranklens.library import Library

_SECRET, _PROBLEM = "share_secret", "share_problem"
DAYS = {1.0: "A day", 7.0: "A week", 30.0: "30 days", 90.0: "90 days"}
_AS_OF_NOW: dict[sharing.SharedKind, str] = {
    "conversation": " It shows what has been asked so far, and nothing that is asked later.",
    "comparison": " It shows the rankings as they are now.",
}
Make = Callable[[float], tuple[str, sharing.Share]]
"""Makes a link for so many days; returns its secret and what is kept of it."""


def offer(library: Library, kind: sharing.SharedKind, make: Make) -> None:
    """Offer to share what is shown, if people have accounts here."""
    if library.given.has_accounts:
        with st.popover("Share", icon=":material/share:", key=f"share_{kind}"):
            controls(library, kind, make)


def controls(library: Library, kind: sharing.SharedKind, make: Make) -> None:
    """Offer a link, to be read only; and to revoke those of this kind."""
    frame.say(
        "Whoever has an account here and the link can read this, as long as you can, until it is "
        "over or revoked." + _AS_OF_NOW.get(kind, "")
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        days = st.selectbox("For how long", list(DAYS), index=1, format_func=DAYS.__getitem__,
                            key=f"share_days_{kind}", width=140)  # fmt: skip
        st.button("Share by a link", key=f"make_share_{kind}", icon=":material/add_link:",
                  on_click=_make, args=(make, days))  # fmt: skip
    if problem := st.session_state.pop(_PROBLEM, ""):
        frame.notice(problem, "Not shared", "bad")
    if secret := st.session_state.pop(_SECRET, ""):
        here = urlsplit(st.context.url or "/")
        query = urlencode({"shared": secret})
        st.code(urlunsplit((here.scheme, here.netloc, "/", query, "")), language=None,
                wrap_lines=True)  # fmt: skip
    account = library.visitor.account
    revoker(
        library,
        [one for one in sharing.shared(library) if (one.kind, one.account) == (kind, account)],
        kind,
    )


def revoker(library: Library, held: list[sharing.Share], place: str) -> None:
    """Offer those of the links that can be followed, each to be revoked."""
    held = [one for one in held if one.open]
    if not held:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        one = st.selectbox("Link", held, key=f"revoke_{place}_of", format_func=_words)
        st.button("Revoke the link", icon=":material/link_off:", key=f"revoke_{place}",
                  on_click=_revoke, args=(library, one.id))  # fmt: skip


def _make(make: Make, days: float) -> None:
    try:
        st.session_state[_SECRET], _ = make(days)
    except RanklensError as error:
        st.session_state[_PROBLEM] = str(error)


def _revoke(library: Library, share_id: int) -> None:
    try:
        sharing.unshare(library, share_id)
    except RanklensError as error:
        st.session_state[_PROBLEM] = str(error)


def _words(one: sharing.Share) -> str:
    until = f"{one.expires.astimezone():%d %b %Y}"
    return as_it_reads(f"{one.kind} {one.title}, by {one.account}, until {until}")
