"""Settings that the owner saves in the library: what is saved, what it changes, how it is reset.

They come after the settings file and before the environment and the command line, and hold from
the next question on, for page, command line and HTTP API alike.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from rag.errors import SettingsError
from rag.settings import (
    SECTIONS,
    Settings,
    checked,
    load_settings,
    set_in_environment,
    set_in_file,
    why_not_saved,
)
from rag.settings.base import shown
from rag.store.saved_settings import IN_USE, ModelConnection
from ranklens import connection
from ranklens.policy import OWNER
from ranklens.records import Records

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from ranklens.use_cases import UseCases

log = logging.getLogger(__name__)
_APPLYING = threading.RLock()


@dataclass(frozen=True, slots=True)
class ShownOption:
    """An option as a settings page shows it.

    ``value`` is None for a secret. ``source`` is where the value comes from, in words, and
    ``before`` the value that holds if it is not saved. ``reason`` is why it cannot be saved, empty
    if it can.
    """

    name: str
    description: str
    field: FieldInfo
    value: Any
    words: str
    source: str
    before: str
    saved: bool
    reason: str


def apply(library: UseCases) -> None:
    """Let what is saved hold from the next question on, for everybody."""
    library = library.whole
    given = library.given
    # Else one that read before a change puts its older settings over the newer ones.
    with _APPLYING:
        shared = given.database_url.get_secret_value()
        # Before it is read: what is saved meanwhile is read at the next look.
        version = library.index.version() if shared else library.applied
        settings = given
        for name, value in _counting(library).items():
            try:
                settings = settings.updated(**{name: checked(given, name, value)})
            except SettingsError as error:  # an older version allowed it
                log.warning("what is saved in the library is not used: %s", error)
        settings = settings.updated(**connection.changes(library, connection.in_use(library)))
        library.settings = settings
        library.pipeline = library.pipeline.with_settings(**settings.model_dump())
        library.applied = version


def refresh(library: UseCases) -> None:
    """Let what other processes have saved hold, if they share this library.

    For the beginning of a question, a request, a page's run and a worker's round.
    """
    if library.visitor is not OWNER:  # a member's: the library as a whole was refreshed before it
        return
    shared = library.given.database_url.get_secret_value()
    if shared and library.index.version() != library.applied:
        apply(library)


def save(library: UseCases, name: str, value: Any) -> None:
    """Save an option's value; raises `SettingsError` if it may not be saved or is malformed."""
    if reason := _first(library).get(name):
        raise SettingsError(f"option {name} cannot be saved: {reason}")
    library.saved.save(name, checked(library.given, name, value))
    apply(library)


def reset(library: UseCases, name: str) -> None:
    """Forget what was saved of an option: the value from before holds again."""
    library.saved.forget(name)
    apply(library)


def choose(library: UseCases, choice: str) -> None:
    """Save which of `connection.choices` writes the answers."""
    if choice == connection.AS_SET:
        library.saved.forget(IN_USE)
    else:
        library.saved.save(IN_USE, choice)
    apply(library)


def connect(library: UseCases, one: ModelConnection, key: str = "") -> None:
    """Save a connection, as `connection.add` does."""
    connection.add(library, one, key)
    apply(library)


def disconnect(library: UseCases, name: str) -> None:
    """Remove a connection and its key; if it is in use, what the settings say writes."""
    connection.remove(library, name)
    apply(library)


def options(library: Records, owner: bool = True) -> dict[str, list[ShownOption]]:
    """Return every option by section, with its value and where it comes from.

    Others than the owner see no address, and of a folder its last name.
    """
    saved, first = library.saved.options(), _first(library)
    sources = set_in_file() | set_in_environment()
    return {
        title: [
            _shown(library, name, field, saved, first, sources, owner)
            for name, field in section.model_fields.items()
        ]
        for title, section in SECTIONS.items()
    }


def _shown(
    library: Records,
    name: str,
    field: FieldInfo,
    saved: dict[str, Any],
    first: dict[str, str],
    sources: dict[str, str],
    owner: bool,
) -> ShownOption:
    value, given = getattr(library.settings, name), getattr(library.given, name)
    counts = name in saved and name not in first
    source = sources.get(name) or ("default" if given == field.default else "given at the start")
    if counts:
        source = "saved here"
    elif name in connection.OPTIONS and value != given:
        source = f"connection {connection.in_use(library)}".strip()
    return ShownOption(
        name,
        field.description or "",
        field,
        None if isinstance(value, SecretStr) else value,
        _words(name, value, owner),
        source,
        _words(name, given, owner),
        name in saved,
        why_not_saved(library.settings, name) or first.get(name, ""),
    )


def _words(name: str, value: Any, owner: bool) -> str:
    if isinstance(value, SecretStr):
        return "set" if value.get_secret_value() else "not set"
    if not owner and name.endswith("_url"):
        return "set" if value else ""
    words = "none" if value is None else str(shown(name, value))
    return words if owner else words.rstrip("/").rpartition("/")[2]


def _counting(library: Records) -> dict[str, Any]:
    """Return what is saved and not set by something that comes first."""
    saved = library.saved.options()
    if not saved:
        return {}
    first = _first(library)
    return {name: value for name, value in saved.items() if name not in first}


def _first(library: Records) -> dict[str, str]:
    """Return the options that something else sets, which comes before what is saved, and what."""
    try:
        found = load_settings()
    except SettingsError:
        found = Settings()
    given = library.given
    differing = {n for n in Settings.model_fields if getattr(given, n) != getattr(found, n)}
    first = dict.fromkeys(differing, "It was given when the program was started.")
    variables = set_in_environment().items()
    return first | {name: f"The environment sets it ({variable})." for name, variable in variables}
