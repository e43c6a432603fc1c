"""The process in which one page of a PDF is drawn; started by `ingest.page`, ends with its input.

PDFium reads what anybody may have written, in C++, so it never runs in the process of the page.
Imports nothing heavy before the memory limit holds.
"""

from __future__ import annotations

import base64
import io
import math
from array import array
from typing import Any

from ingest.parse_child import serve

MOST_PIXELS = 6_000_000
MOST_LETTERS = 60_000


def main() -> None:
    """Answer requests until there are no more."""
    serve(_answer)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return drawn(
            request["path"], int(request["page"]), float(request["scale"]), request["password"]
        )
    except Locked:
        return {"locked": True}
    except MemoryError:
        return {"memory": True}
    except Exception as error:  # noqa: BLE001 - the boundary: whatever PDFium says is data
        return {"reason": f"the page cannot be drawn ({type(error).__name__}: {error})"}


class Locked(Exception):
    """The PDF does not open with the password that was given, or without one."""


def drawn(path: str, number: int, scale: float, password: str = "") -> dict[str, Any]:
    """Draw page ``number`` (from 1) at ``scale`` pixels a point; return image, letters and boxes.

    ``image`` is a WebP and ``boxes`` hold four 32-bit floats a letter (left, top, right, bottom, as
    shares of the page's width and height), both in base64. A letter is a character of ``text``.
    """
    pdf = _opened(path, password)
    page = pdf[number - 1]
    width, height = page.get_size()
    scale = min(scale, math.sqrt(MOST_PIXELS / max(width * height, 1.0)))
    bitmap = page.render(scale=scale)
    to_pixels = bitmap.get_posconv(page).to_bitmap
    image = io.BytesIO()
    bitmap.to_pil().convert("RGB").save(image, "WEBP", quality=80, method=2)
    text, boxes = _letters(page, to_pixels, bitmap.width, bitmap.height)
    return {
        "pages": len(pdf),
        "width": bitmap.width,
        "height": bitmap.height,
        "image": base64.b64encode(image.getvalue()).decode(),
        "text": text,
        "boxes": base64.b64encode(boxes.tobytes()).decode(),
    }


def _opened(path: str, password: str) -> Any:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(path, password=password or None)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Locked from None
        raise


def _letters(page: Any, to_pixels: Any, width: int, height: int) -> tuple[str, array[float]]:
    """Return the page's letters in the order of the file, and where each stands."""
    from pypdfium2 import PdfiumError, raw

    text_page = page.get_textpage()
    letters: list[str] = []
    boxes = array("f")
    for index in range(min(text_page.count_chars(), MOST_LETTERS)):
        code = raw.FPDFText_GetUnicode(text_page, index)
        try:
            left, bottom, right, top = text_page.get_charbox(index, loose=True)
        except PdfiumError:
            continue
        (x0, y0), (x1, y1) = to_pixels(left, top), to_pixels(right, bottom)
        letters.append(chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else " ")
        boxes.extend((min(x0, x1) / width, min(y0, y1) / height))
        boxes.extend((max(x0, x1) / width, max(y0, y1) / height))
    return "".join(letters), boxes


if __name__ == "__main__":
    main()
