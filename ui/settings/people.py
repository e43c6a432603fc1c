"""People: who may do what, granted and revoked by an administrator; and the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from rag.errors import RanklensError
from rag.text.quoting import as_it_reads
from ranklens import sharing
from ranklens.people import EVERYWHERE, ROLES, audit_as_csv, people
from ui.shared import frame, share

if TYPE_CHECKING:
    from ranklens.library import Library
    from ranklens.people import GrantedRole, People

_PROBLEM = "people_problem"
MOST = 1000  # entries of the audit log


def show(library: Library) -> None:
    """Show roles and the audit log; raises `Refused` for anybody but an administrator."""
    managed = people(library)
    granted, by = managed.listed(), library.visitor.account
    frame.say(
        "An account is named as your sign-in names it; * is everybody who signs in. A role has the "
        "rights of those before it: viewer, judge, editor, admin. What is revoked is gone within a "
        "minute."
    )
    if problem := st.session_state.pop(_PROBLEM, ""):
        frame.notice(problem, "Nothing was changed", "bad")
    st.dataframe(
        _table(managed, granted),
        hide_index=True,
        key="people",
        column_config={"Last seen": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")},
    )
    _granting(library, by)
    if granted:
        _revoking(library, granted, by)
    _links(library)
    frame.label("Audit log", "h3")
    entries = managed.accounts.audit(MOST)
    rows = [(one.at, one.account or "command line", one.action, one.what) for one in entries]
    st.dataframe(
        pd.DataFrame(rows, columns=("Time", "Account", "Action", "What")),
        hide_index=True,
        key="audit",
        column_config={"Time": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss")},
    )
    st.download_button(
        "CSV",
        lambda: audit_as_csv(people(library).accounts.audit(MOST)),
        "audit.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="audit_csv",
    )


def _table(managed: People, granted: list[GrantedRole]) -> pd.DataFrame:
    known = {one.name: one for one in managed.accounts.all()}
    rows: list[tuple[str, str, str]] = [(one.account, one.role, one.collection) for one in granted]
    rows += [(name, "", "") for name in known if name not in {one.account for one in granted}]
    seen = [known[name].seen if name in known else None for name, _, _ in rows]
    frame_ = pd.DataFrame(rows, columns=("Account", "Role", "Collection"))
    return frame_.assign(**{"Last seen": pd.to_datetime(seen)})


def _granting(library: Library, by: str) -> None:
    with st.form("grant", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Account", key="grant_account", max_chars=200, width=260)
        st.selectbox("Role", ROLES, key="grant_role", width=140)
        places = [EVERYWHERE, *library.collections.names()]
        st.selectbox("Collection", places, key="grant_place", width=220)
        st.form_submit_button("Grant", icon=":material/add:", on_click=_grant, args=(library, by))


def _grant(library: Library, by: str) -> None:
    chosen = st.session_state
    place = chosen["grant_place"]
    where = "" if place == EVERYWHERE else place
    try:
        people(library).grant(chosen["grant_account"], chosen["grant_role"], where, by)
    except RanklensError as error:
        chosen[_PROBLEM] = str(error)


def _revoking(library: Library, granted: list[GrantedRole], by: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        one = st.selectbox("Role to revoke", granted, key="revoke_role", width=420,
                           format_func=_words)  # fmt: skip
        st.button("Revoke", icon=":material/block:", key="revoke_grant", on_click=_revoke,
                  args=(library, one, by))  # fmt: skip


def _links(library: Library) -> None:
    """Show the links that can be followed, each to be revoked."""
    held = [one for one in sharing.shared(library) if one.open]
    if held:
        frame.label("Links", "h3")
        share.revoker(library, held, "link")


def _words(one: GrantedRole) -> str:
    return as_it_reads(f"{one.account}: {one.role} in {one.collection}")


def _revoke(library: Library, one: GrantedRole, by: str) -> None:
    where = "" if one.collection == EVERYWHERE else one.collection
    try:
        people(library).revoke(one.account, where, by)
    except RanklensError as error:
        st.session_state[_PROBLEM] = str(error)
