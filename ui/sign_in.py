"""What the page's server needs for signing in, and whom it may not let in without.

Streamlit reads its provider from a file of secrets (`[auth]`). If the settings name one, that file
is made here, for this process alone.
"""

from __future__ import annotations

import atexit
import importlib.util
import ipaddress
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from rag.errors import RanklensError
from rag.settings import Settings

CALLBACK = "/oauth2callback"
PREFIX = "ranklens-sign-in-"
_locks: list[int] = []  # handles of the folders of this process, open until it ends
OPEN = (
    "ranklens: {what}, so other people can open the page, and nothing says who they are. Let them "
    "sign in: RANKLENS_SIGN_IN=oidc, or =proxy. If something else decides who may open the page "
    "and all who may share one library: RANKLENS_SIGN_IN=elsewhere (docs/security.md)."
)


def refuse_open(settings: Settings, address: str) -> None:
    """End the program if others could open the page without signing in.

    ``address`` is the one that the server listens on.
    """
    if settings.sign_in == "oidc":
        _refuse_incomplete(settings)
    if settings.sign_in:
        return
    if settings.hosts():
        sys.exit(OPEN.format(what=f"page_hosts is {settings.page_hosts}"))
    if not _is_loopback(address):
        sys.exit(OPEN.format(what=f"the server listens on {address or 'every address'}"))


def _refuse_incomplete(settings: Settings) -> None:
    if importlib.util.find_spec("authlib") is None:
        sys.exit(
            "ranklens: sign_in = oidc needs a library: pip install 'ranklens[oidc]', or "
            "pip install Authlib"
        )
    redirect = settings.oidc_redirect_url
    if redirect and not redirect.endswith(CALLBACK):
        sys.exit(f"ranklens: option oidc_redirect_url must end in {CALLBACK}")
    given = (settings.oidc_metadata_url, settings.oidc_client_id, redirect)
    if any(given) and not all(given):
        sys.exit(
            "ranklens: sign_in = oidc needs oidc_metadata_url, oidc_client_id and "
            "oidc_redirect_url together, or none of them and a section [auth] in Streamlit's "
            "secrets.toml"
        )


def secrets_file(settings: Settings) -> Path | None:
    """Write the provider of the settings as Streamlit reads it; None if they name none.

    The file can be read by this user only, and is gone when the process ends; if it was killed,
    when the next one starts.
    """
    if settings.sign_in != "oidc" or not settings.oidc_client_id:
        return None
    values = {
        "redirect_uri": settings.oidc_redirect_url,
        "cookie_secret": _cookie_secret(settings),
        "client_id": settings.oidc_client_id,
        "client_secret": settings.oidc_client_secret.get_secret_value(),
        "server_metadata_url": settings.oidc_metadata_url,
    }
    _sweep()
    folder = _own_folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "secrets.toml"
    # A JSON string is a TOML string too.
    lines = (f"{name} = {json.dumps(value)}" for name, value in values.items())
    path.write_text("\n".join(["[auth]", *lines, ""]), "utf-8")
    return path


def _cookie_secret(settings: Settings) -> str:
    """Return what signs cookies; ends the program if the other hosts' secret cannot be had."""
    from ranklens.cookies import cookie_secret  # what serves no sign-in starts without it

    try:
        return cookie_secret(settings)
    except RanklensError as error:
        sys.exit(
            f"ranklens: who signs in elsewhere could not be known here: {error}. Or set the option "
            "cookie_secret, the same one on every host"
        )


def _own_folder() -> Path:
    """Make a folder that this process holds locked; the system ends that with the process.

    The number of the process would not do: containers that share a folder have the same ones.
    """
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        handle = _locked(folder, wait=True)
        if handle is not None:  # else another server that starts has swept it already
            _locks.append(handle)
            return folder


def _sweep() -> None:
    """Delete what killed processes of this user left: nobody holds it locked."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        handle = _locked(folder, wait=False)
        if handle is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(handle)


def _locked(folder: Path, wait: bool) -> int | None:
    """Lock a folder of this user; None if another process has it, or it is not there any more."""
    import fcntl  # not on Windows, where no page with accounts is served

    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if wait or os.fstat(handle).st_uid == os.getuid():
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), folder.lstat()):
                return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(handle)
    return None


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False
