"""Image files, opened within limits: for text recognition, and to be shown."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from PIL import Image, ImageOps, UnidentifiedImageError

from rag.errors import DocumentError

MOST_PIXELS = 150_000_000  # a page of A1 at 400 dots an inch
LONGEST, MOST_READ = 2_500, 4_400_000  # pixels that are recognised: A4 at 210 dots an inch
FORMATS = ("PNG", "JPEG", "TIFF", "WEBP")
WHITE = (255, 255, 255)
REDUCED_AS = {"1": "L", "P": "RGBA", "PA": "RGBA", "I;16": "I", "I;16B": "I"}


def opened(file: Path | IO[bytes], frame: int = 0) -> Image.Image:
    """Return a frame of an image file upright, in RGB, of at most `MOST_READ` pixels.

    Raises `DocumentError` if it is damaged, too large, or in another format.
    """
    with _image(file) as image:
        image.seek(frame)
        if image.width * image.height > MOST_PIXELS:
            raise DocumentError(
                f"it has {image.width:,} × {image.height:,} pixels, more than {MOST_PIXELS:,}"
            )
        size = fitting(*image.size)
        image.draft("RGB", size)  # a large JPEG is made smaller while it is decoded
        if (times := image.width // size[0]) > 1:  # keeps memory low before it becomes RGB
            image = image.convert(REDUCED_AS.get(image.mode, image.mode)).reduce(times)
        image.thumbnail(size)
        image = ImageOps.exif_transpose(image)
        return _on_white(image)


def fitting(width: float, height: float, scale: float = 1.0) -> tuple[int, int]:
    """Return the size, at most ``scale`` times as large, of a picture that is recognised."""
    most = min(scale, LONGEST / max(width, height), (MOST_READ / (width * height)) ** 0.5)
    return max(int(width * most), 1), max(int(height * most), 1)


def frames(file: Path) -> int:
    """Return how many pages a TIFF has; of other formats, only the first image counts."""
    with _image(file) as image:
        return getattr(image, "n_frames", 1) if image.format == "TIFF" else 1


@contextmanager
def _image(file: Path | IO[bytes]) -> Iterator[Image.Image]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes and of metadata; the size is checked here
            Image.MAX_IMAGE_PIXELS = None
            with Image.open(file, formats=FORMATS) as image:
                yield image
    except UnidentifiedImageError:
        raise DocumentError("it is no PNG, JPEG, TIFF or WebP, or it is damaged") from None
    except (OSError, ValueError, EOFError, SyntaxError, ArithmeticError, IndexError) as error:
        raise DocumentError("the picture is damaged or incomplete") from error


def _on_white(image: Image.Image) -> Image.Image:
    """Return a picture in RGB; what is transparent is white, as on paper."""
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        paper = Image.new("RGB", layer.size, WHITE)
        paper.paste(layer, mask=layer.getchannel("A"))
        return paper
    if image.mode in ("I;16", "I", "F"):
        low, high = image.getextrema()
        span = max(float(high) - float(low), 1.0)  # type: ignore[arg-type]
        image = image.convert("F").point(lambda v: (v - float(low)) * (255 / span))  # type: ignore[arg-type]
    return image.convert("RGB")
