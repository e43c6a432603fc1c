"""The language of a text, by Chromium's detector (CLD2), as the name of its stemming rules."""

from __future__ import annotations

import pycld2

ENGLISH, NONE = "english", "none"
_SAMPLE = 20_000  # characters from the start and as many from the middle
# ISO 639-1 codes of the languages that Snowball has rules for.
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
    "yi": "yiddish",
}


def stemming_of(text: str) -> str:
    """Return the Snowball rules for a text's language, ``none`` for a language without any.

    English if the language cannot be seen: of numbers, names, a few words.
    """
    middle = max(_SAMPLE, len(text) // 2)
    sample = text[:_SAMPLE] + " " + text[middle : middle + _SAMPLE]
    # The detector takes no control characters.
    readable = "".join(sign if sign.isprintable() else " " for sign in sample)
    code = pycld2.detect(readable)[2][0][1]
    return ENGLISH if code == "un" else STEMMED.get(code, NONE)
