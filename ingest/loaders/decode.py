"""Bytes in any encoding to text."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from charset_normalizer import from_bytes

from rag.errors import DocumentError

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LEGACY = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "koi8_r", "shift_jis", "euc_jp",
          "gb18030", "big5", "euc_kr")  # fmt: skip
SAMPLE = 64 << 10
CONTROL = set(range(32)) - {8, 9, 10, 11, 12, 13, 27}
CONTROLS = re.compile(r"[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ufffd-\uffff]")
MOST_CONTROLS, CONTROL_SHARE = 4, 0.1
NO_TEXT = "its content is not text; give it the suffix of its real format"


def read_text(path: Path) -> str:
    """Return a file's text; raises `DocumentError` if its bytes are no text."""
    return decode(path.read_bytes())


def decode(data: bytes) -> str:
    """Return bytes as text: a byte order mark decides, then UTF-8, then what they look like.

    If most lines are UTF-8 and some are not, each line is decoded by itself. Raises
    `DocumentError` if the bytes are no text in any encoding.
    """
    text = _decoded(data)
    controls = len(text) - len(CONTROLS.sub("", text))
    if controls > max(MOST_CONTROLS, CONTROL_SHARE * len(text)):
        raise DocumentError(NO_TEXT)
    return text.replace("\0", "")


def _decoded(data: bytes) -> str:
    for mark, encoding in BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace").lstrip("\ufeff")
    wide = _wide_encoding(data[:SAMPLE])
    if wide:
        return data.decode(wide, "replace")
    if _is_binary(data[:SAMPLE]):
        raise DocumentError(NO_TEXT)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _mixed(data) if _is_mostly_utf8(data) else _guessed(data)


def _wide_encoding(sample: bytes) -> str:
    """Recognise UTF-16 without a mark by the places of its zero bytes."""
    if len(sample) < 4 or b"\0" not in sample:
        return ""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * half and odd < 0.05 * half else ""


def _is_binary(sample: bytes) -> bool:
    controls = sum(byte in CONTROL for byte in sample)
    return controls > max(4, 0.02 * len(sample))


def _is_mostly_utf8(data: bytes) -> bool:
    foreign = [line for line in data.splitlines() if not line.isascii()]
    good = sum(_is_utf8(line) for line in foreign)
    return 2 * good >= len(foreign)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _mixed(data: bytes) -> str:
    lines = data.splitlines(keepends=True)
    return "".join(x.decode("utf-8") if _is_utf8(x) else _western(x) for x in lines)


def _guessed(data: bytes) -> str:
    matches = from_bytes(data[:SAMPLE], cp_isolation=list(LEGACY))
    best = matches.best()
    western = next((m for m in matches if "cp1252" in m.could_be_from_charset), None)
    if best is None or (western is not None and western.chaos <= best.chaos + 0.02):
        return _western(data)  # the likeliest of those that read equally well
    return data.decode(best.encoding, "replace")


def _western(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")
