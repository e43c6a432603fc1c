"""How the page is served: the options of its server, which the program sets itself, and its start.

``python -P -m ui.server [PORT [ADDRESS]]`` serves the page. Streamlit reads
``.streamlit/config.toml`` of the working folder and of the user, and variables of the environment.
None of them may open the page to others or let it load from elsewhere: what `options` returns, and
else Streamlit's own default, holds however the server was started. A flag of ``streamlit run`` may
change what `FLAGS` names.
"""

from __future__ import annotations

import logging
import secrets
import signal
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from streamlit import config
from streamlit.config_option import ConfigOption

from rag.settings import Settings
from serve import process
from serve.guard import OWN_NAMES, Guard
from ui import served, sign_in
from ui.headers import response_headers

log = logging.getLogger(__name__)

APP = Path(__file__).resolve().parents[1] / "app.py"
OPTIONS = Path(__file__).with_name("server.toml")
# What whoever starts the server by hand may choose: where it listens, and where its keys are.
FLAGS = frozenset(
    {
        "server.address",
        "server.port",
        "server.headless",
        "server.baseUrlPath",
        "server.sslCertFile",
        "server.sslKeyFile",
        "browser.serverAddress",
        "browser.serverPort",
        "logger.level",
        "secrets.files",
    }
)
# `streamlit run` acts on these before it reads app.py.
_AT_ONCE = ("server.address", "server.sslCertFile", "server.sslKeyFile")


def options(settings: Settings) -> dict[str, Any]:
    """Return the program's own values of Streamlit's options, by their dotted names."""
    folders = (Path.home(), APP.parent)
    # Streamlit hands a session only to whom it belongs, if it knows by which header it does.
    users = {"server.trustedUserHeaders": {settings.proxy_user_header: "account"}}
    own = users if settings.sign_in == "proxy" else {}
    return (
        own
        | dict(_flat(tomllib.loads(OPTIONS.read_text("utf-8"))))
        | {
            "server.allowedHosts": [*OWN_NAMES, *settings.hosts()],
            "server.cookieSecret": secrets.token_hex(),
            "server.maxUploadSize": settings.max_file_mb,
            "secrets.files": [str(folder / ".streamlit" / "secrets.toml") for folder in folders],
        }
    )


def parts() -> dict[str, Any]:
    """Set up the process and the server's options; return `st.App`'s arguments but the script.

    For `streamlit run`, which has read its files and chosen an address by now.
    """
    _prepare()
    sign_in.refuse_open(served.settings(), str(config.get_option("server.address") or ""))
    return _arguments()


def _prepare() -> dict[str, Any]:
    """Set up the process and the server's options, and return these."""
    process.prepare()
    settings = served.settings()
    own = options(settings)
    if made := sign_in.secrets_file(settings):
        own["secrets.files"] = [*own["secrets.files"], str(made)]
    hold(own)
    return own


def _arguments() -> dict[str, Any]:
    settings = served.settings()
    return {
        "routes": served.routes(),
        "middleware": [Middleware(Guard, hosts=settings.hosts(), headers=response_headers())],
        "lifespan": served.lifespan,
    }


def hold(own: Mapping[str, Any]) -> None:
    """Set options, now if Streamlit has read its files, and whenever it reads them (again)."""

    def put() -> None:
        for name, option in config.get_config_options().items():
            _put(name, option, own)

    config.on_config_parsed(put, force_connect=True)
    config.on_config_parsed(put)


def _put(name: str, option: ConfigOption, own: Mapping[str, Any]) -> None:
    by_hand = config.is_manually_set(name) and not _in_file(name)
    if name in FLAGS and by_hand:
        return
    if name in own:
        value, where = own[name], "<ranklens>"
    elif config.is_manually_set(name):
        value, where = option.default_val, None
        if name == "browser.serverPort":
            value = config.get_option("server.port")
    else:
        return
    if config.is_manually_set(name) and option.value != value and not name.startswith("theme."):
        log.warning("Streamlit's option %s is not taken from %s", name, option.where_defined)
    option.set_value(value, where)


def refuse_late_options() -> None:
    """End the program if a settings file of Streamlit has opened the page to others already."""
    own = options(Settings())
    for name in _AT_ONCE:
        if _in_file(name) and config.get_option(name) != own.get(name):
            sys.exit(
                f"ranklens: {config.get_where_defined(name)} sets {name}, which is not taken from "
                f"a file; remove it there or give it by hand: --{name}=…"
            )


def _in_file(name: str) -> bool:
    return config.get_where_defined(name).endswith(".toml")


def _flat(table: Mapping[str, Any], section: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{section}{name}.")
        else:
            yield f"{section}{name}", value


def main() -> None:
    """Serve the page: ``python -P -m ui.server [PORT [ADDRESS]]``."""
    # As flags they also win while Streamlit reads its files: a theme could name an address.
    flags = _prepare() | {"theme.base": "light"}
    for name in ("server.cookieSecret", "server.trustedUserHeaders"):  # held all the same
        flags.pop(name, None)
    for name, value in zip(("server.port", "server.address"), sys.argv[1:], strict=False):
        flags[name] = int(value) if name == "server.port" else value
    sign_in.refuse_open(served.settings(), str(flags["server.address"]))
    sys.argv = [str(APP)]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        # A closed terminal stops the server in order, as SIGTERM does: the library is closed.
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    st.App(APP, **_arguments()).run(config=flags)


if __name__ == "__main__":
    main()
