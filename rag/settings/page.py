"""Who may open the page, and how they sign in."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, SecretStr, model_validator

from rag.settings.addresses import Address
from rag.settings.base import Section, option

LEAST_SECRET = 16  # characters


def _hosts(value: str) -> str:
    if any(sign in value for sign in "/*@?#:"):
        raise ValueError("give host names separated by commas, without http://, ports, paths and *")
    return value.lower()


def _header(value: str) -> str:
    if not value.replace("-", "").isalnum() or not value.isascii():
        raise ValueError("give the name of a header, such as X-Forwarded-User")
    return value.lower()


class PageSettings(Section):
    """Who may open the page, and how they sign in."""

    page_hosts: Annotated[str, AfterValidator(_hosts)] = option(
        "",
        "Host names, separated by commas, that the page answers to besides 127.0.0.1 and "
        "localhost: those under which your reverse proxy serves it (docs/security.md).",
        trusted=True,
    )
    sign_in: Literal["", "oidc", "proxy", "elsewhere"] = option(
        "",
        "How people sign in: `oidc` at an OpenID Connect provider, `proxy` by a header of a "
        "trusted proxy; each account then has the rights that it was granted. Empty: one person "
        "on this machine. `elsewhere`: something else decides who may open the page, and all who "
        "may share the library.",
        trusted=True,
    )
    admins: str = option(
        "", "Accounts, separated by commas, that are administrators whatever is granted.",
        trusted=True,
    )  # fmt: skip
    oidc_metadata_url: Address = option(
        "", "Address of the provider's metadata, which ends in .well-known/openid-configuration.",
        trusted=True,
    )  # fmt: skip
    oidc_client_id: str = option("", "The client's id at the provider.", trusted=True)
    oidc_client_secret: SecretStr = option(
        SecretStr(""), "The client's secret at the provider.", trusted=True
    )
    oidc_redirect_url: Address = option(
        "", "The page's own address with /oauth2callback behind it, as the provider knows it.",
        trusted=True,
    )  # fmt: skip
    oidc_claim: str = option(
        "email", "The provider's claim that names the account; an email must be verified.",
        trusted=True,
    )  # fmt: skip
    cookie_secret: SecretStr = option(
        SecretStr(""),
        "Signs the cookie of who has signed in; the same for all servers of one page. Empty: the "
        "database keeps one if database_url is set, else another one at each start, so that all "
        "sign in again.",
        trusted=True,
    )
    proxy_user_header: Annotated[str, AfterValidator(_header)] = option(
        "x-forwarded-user", "Header in which the trusted proxy names the account.", trusted=True
    )
    proxy_secret: SecretStr = option(
        SecretStr(""),
        "What the trusted proxy sends as X-Ranklens-Proxy-Secret; without it the header counts "
        f"for nothing. At least {LEAST_SECRET} characters.",
        trusted=True,
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.sign_in == "proxy" and len(self.proxy_secret.get_secret_value()) < LEAST_SECRET:
            raise ValueError(
                f"sign_in = proxy needs proxy_secret with at least {LEAST_SECRET} characters"
            )
        return self

    def hosts(self) -> tuple[str, ...]:
        """Return the names of `page_hosts`."""
        names = (name.strip() for name in self.page_hosts.split(","))
        return tuple(name for name in names if name)

    @property
    def has_accounts(self) -> bool:
        """Whether people sign in here, so that each has rights of its own."""
        return self.sign_in in ("oidc", "proxy")

    def admin_accounts(self) -> frozenset[str]:
        """Return the accounts of `admins`, as accounts are written."""
        names = (name.strip().lower() for name in self.admins.split(","))
        return frozenset(name for name in names if name)
