"""Fonts of a PDF: which one is meant, what its codes say, whether it is bold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pypdf.generic import DictionaryObject, IndirectObject
from pypdf.generic._font import Font  # the one place in pypdf that knows widths and characters

__all__ = ["Font", "FontCache", "decode", "is_bold", "look_up"]


@dataclass(slots=True)
class FontCache:
    """Fonts that have been parsed, by the object that describes them; pages share them."""

    known: dict[int, Font] = field(default_factory=dict)

    def find(self, resources: DictionaryObject, name: Any) -> Font | None:
        """Return the font of that name, None where the page does not have it."""
        group = resources.get("/Font")
        group = group.get_object() if group is not None else None
        if not isinstance(group, DictionaryObject) or name not in group:
            return None
        reference = group.raw_get(name)
        described = reference.get_object()
        if not isinstance(described, DictionaryObject):
            return None
        if not isinstance(reference, IndirectObject):
            return Font.from_font_resource(described)
        if reference.idnum not in self.known:
            self.known[reference.idnum] = Font.from_font_resource(described)
        return self.known[reference.idnum]


def decode(font: Font, value: bytes | str) -> tuple[str, str]:
    """Return the characters that the font's widths know, and the characters to read."""
    if isinstance(value, str):
        return value, value
    if isinstance(font.encoding, str):
        raw = value.decode(font.encoding, "replace")
        shown = raw
    else:
        raw = "".join(map(chr, value))
        shown = "".join(font.encoding.get(byte, chr(byte)) for byte in value)
    return raw, "".join(font.character_map.get(char, char) for char in shown)


def is_bold(font: Font) -> bool:
    """Tell a bold font by its name; few PDFs say it otherwise."""
    name = font.name.lower()
    return any(word in name for word in ("bold", "black", "heavy", "demi", "cmbx", "-bd"))


def look_up(resources: DictionaryObject, kind: str, name: Any) -> Any:
    """Return a resource of a kind (``/XObject``) by its name, or None."""
    group = resources.get(kind)
    group = group.get_object() if group is not None else None
    found = group.get(name) if isinstance(group, DictionaryObject) else None
    return found.get_object() if found is not None else None
