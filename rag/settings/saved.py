"""What the owner may save in a library on the page, and why not the rest.

Saved options shape rankings and answers, as a visitor's do, or say what is logged and when to
alert. A library may come from somebody else: what it holds opens no folder, lifts no limit and
runs no code.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from rag.errors import SettingsError
from rag.settings.base import SHAPES_INDEX
from rag.settings.visitors import from_visitor, visitors_options

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from rag.settings import Settings

# They take effect with the next question too, and neither send nor open anything.
_MONITORING = frozenset(
    [
        "log_questions",
        "ab_first",
        "ab_second",
        "alert_p95_ms",
        "alert_rerank_ms",
        "alert_cost_usd",
        "alert_gain",
        "alert_first_token_ms",
        "alert_fallback_rate",
        "alert_refusal_rate",
        "alert_dislike_rate",
    ]
)
CONNECTION = frozenset(["llm_provider", "llm_base_url", "llm_model"])
_REASONS = {
    "key": "A key: set it in the environment. Keys of model connections are typed above.",
    "connection": "Part of a model connection: choose or add one above.",
    "address": "An address: it decides where text and keys are sent.",
    "folder": "A folder or file: it decides what is read.",
    "code": "It decides whose code runs.",
    "index": "It changes the index: all documents would have to be indexed again.",
    "trust": "It decides who can read along, or what is sent elsewhere.",
    "start": "A limit, or read only when the program starts.",
}
_FILES, _CODE = ("prompts", "prices"), ("trust_remote_code",)


def savable(settings: Settings) -> frozenset[str]:
    """Return the options that may be saved in a library."""
    return visitors_options(settings) | _MONITORING


def why_not_saved(settings: Settings, name: str) -> str:
    """Return why an option can only be set in a file or the environment; nothing if it can."""
    if name in savable(settings):
        return ""
    return _REASONS[_reason(name, type(settings).model_fields[name])]


def checked(settings: Settings, name: str, value: Any) -> Any:
    """Return a value that may be saved, as JSON's own type.

    Raises `SettingsError` if the option may not be saved, or the value is none of its type.
    """
    if reason := why_not_saved(settings, name):
        raise SettingsError(f"option {name} cannot be saved in a library. {reason}")
    if name not in _MONITORING:
        from_visitor(settings, {name: value})
    return settings.updated(**{name: value}).model_dump(mode="json", include={name})[name]


def _reason(name: str, field: FieldInfo) -> str:
    extra = field.json_schema_extra
    marks = extra if isinstance(extra, dict) else {}
    if field.annotation is SecretStr:
        return "key"
    if name in CONNECTION:
        return "connection"
    if name.endswith("_url"):
        return "address"
    if field.annotation is Path or name in _FILES:
        return "folder"
    if name in _CODE:
        return "code"
    if marks.get("shapes") == SHAPES_INDEX:
        return "index"
    return "trust" if marks.get("trusted") else "start"
