"""Who looks at the page: whom a provider or a trusted proxy vouches for, or nobody yet."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from rag.errors import RanklensError
from rag.settings import Settings
from ranklens.people import EVERYONE, checked_name
from ui import served
from ui.shared import frame

SECRET_HEADER = "x-ranklens-proxy-secret"  # noqa: S105 - the name of a header


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An account, or the ``problem`` for which there is none."""

    account: str = ""
    problem: str = ""


def signed_in(settings: Settings) -> SignedIn:
    """Return whose session this is; it is found out anew in every run of the page."""
    if settings.sign_in == "proxy":
        headers = st.context.headers
        # One may be the visitor's own, beside the proxy's.
        if len(headers.get_all(settings.proxy_user_header)) > 1:
            return SignedIn(problem="The sign-in named more than one account.")
        return of_headers(settings, dict(headers))
    if not st.user.get("is_logged_in"):
        return SignedIn()
    return of_claims(settings, st.user.to_dict())


@dataclass(slots=True)
class Still:
    """Whether the page's present request is an account's; asked with every use of its library.

    A callback runs with the library of the run that drew it, and the browser may have come back as
    somebody else since then. The program's own threads have no request: they go on.
    """

    settings: Settings
    account: str
    _run: object = None  # that was looked at last

    def __call__(self) -> bool:
        """Look once in a run."""
        run = get_script_run_ctx(suppress_warning=True)
        if run is not None and run is not self._run:
            if signed_in(self.settings).account != self.account:
                return False
            self._run = run
        return True


def account() -> str:
    """Return whose session this is; nothing if nobody signs in here."""
    settings = served.library.settings
    return signed_in(settings).account if settings.has_accounts else ""


def of_headers(settings: Settings, headers: Mapping[str, str]) -> SignedIn:
    """Return whom a trusted proxy names; its header counts only beside the secret."""
    sent = {name.lower(): value for name, value in headers.items()}
    secret = settings.proxy_secret.get_secret_value()
    given = sent.get(SECRET_HEADER, "")
    if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
        return SignedIn(problem="This page is reached through its sign-in only.")
    return _account(_decoded(sent.get(settings.proxy_user_header, "")))


def _decoded(value: str) -> str:
    """Return a header's value as UTF-8, if it is that: servers read headers as Latin-1."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def of_claims(settings: Settings, claims: Mapping[str, Any]) -> SignedIn:
    """Return whom the provider names. An e-mail that it has not verified names nobody."""
    if settings.oidc_claim == "email" and claims.get("email_verified") is not True:
        return SignedIn(
            problem="The provider has not verified your e-mail address, so it names no account "
            "(option oidc_claim)."
        )
    return _account(str(claims.get(settings.oidc_claim) or ""))


def _account(name: str) -> SignedIn:
    with suppress(RanklensError):
        if (account := checked_name(name)) != EVERYONE:  # which stands for all who sign in
            return SignedIn(account)
    return SignedIn(problem="The sign-in named no account.")


def ask_to_sign_in(settings: Settings, found: SignedIn) -> None:
    """Show the way in to somebody who has not signed in, and nothing else."""
    frame.title("Ranklens", "Sign in to ask your documents.")
    if found.problem:
        frame.notice(found.problem, "You are not signed in", "bad")
    if settings.sign_in == "oidc":
        st.button("Sign in", icon=":material/login:", type="primary", on_click=st.login)
        if found.problem:
            st.button("Sign out", icon=":material/logout:", on_click=st.logout)


def no_access(settings: Settings, account: str) -> None:
    """Show somebody without any role what to do."""
    frame.title("Ranklens", f"You are signed in as {account}.")
    frame.notice(
        "An administrator gives it: name this account, and the collection that you need.",
        "You have no access yet",
        "warn",
    )
    if settings.sign_in == "oidc":
        st.button("Sign out", icon=":material/logout:", on_click=st.logout)
