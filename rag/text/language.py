"""The language of a text, by Chromium's detector (CLD2), as the name of the rules for its words."""

from __future__ import annotations

import pycld2

ENGLISH, NONE = "english", "none"
_SAMPLE = 20_000  # characters from the start and as many from the middle
# ISO 639-1 codes of the languages that `rag.store.analyse` has rules for: Snowball's, Vietnamese.
STEMMED = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": ENGLISH,
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
    "nb": "norwegian",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "vi": "vietnamese",
    "yi": "yiddish",
}


def stemming_of(text: str) -> str:
    """Return the rules for the words of a text's language, ``none`` for a language without any.

    English if the language cannot be seen: of numbers, names, a few words.
    """
    middle = max(_SAMPLE, len(text) // 2)
    _, code = _detected(text[:_SAMPLE] + " " + text[middle : middle + _SAMPLE])
    return ENGLISH if code == "un" else STEMMED.get(code, NONE)


def name_of(text: str) -> str:
    """Return the English name of a text's language; "" if it is English or cannot be seen."""
    name, code = _detected(text[:_SAMPLE])
    # Codes beginning with xx are scripts, whose names begin with X_.
    return "" if code in ("en", "un") else _named(name.removeprefix("X_"))


def _detected(text: str) -> tuple[str, str]:
    """Return the name and the code that the detector gives."""
    # It takes no control characters.
    readable = "".join(sign if sign.isprintable() else " " for sign in text)
    name, code, *_ = pycld2.detect(readable)[2][0]
    return name, code


def _named(name: str) -> str:
    """Write ``THAI`` as Thai, ``SCOTS_GAELIC`` as Scots Gaelic, ``ChineseT`` as Chinese."""
    return name.removesuffix("T").title() if name == "ChineseT" else name.replace("_", " ").title()
