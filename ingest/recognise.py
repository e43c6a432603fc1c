"""Text recognition (OCR) with rapidocr: PP-OCR's models, offline, in ONNX Runtime.

Runs in the parsing process only. The models read Latin, Chinese and Japanese script.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.loaders.base import SHARES, Box
from ingest.loaders.picture_files import LONGEST, WHITE
from ingest.loaders.pictures import Corners, PictureLine, PictureText

if TYPE_CHECKING:
    from PIL import Image

MODELS = {
    "Det": "PP-OCRv6_det_small.onnx",
    "Rec": "PP-OCRv6_rec_small.onnx",
}
SMALLEST = 12  # pixels of a side: less holds no letter
NARROWEST = 0.1  # of the longer side: in narrower pictures no lines are found
# Pixels of the longer side in which lines are looked for; they are read in all pixels. Twenty scans
# of reports read alike at 2,500, which takes a quarter more time and 400 MB more memory.
FOUND_AT = 1600
SURE = 0.8  # confidence below which a picture may stand on its head
TALL = 1.5  # height to width of a line that stands sideways


def recognise(picture: Image.Image) -> PictureText:
    """Return the text of a picture (RGB), which may stand sideways or on its head.

    It is read in the turn whose letters are surest.
    """
    if min(picture.size) < SMALLEST:
        return PictureText()
    first = _read(picture, 0)
    turns = (1, 3) if _is_sideways(first) else (2,) if _is_doubtful(first) else ()
    return max((first, *(_read(picture, turn) for turn in turns)), key=lambda t: t.certainty)


def _is_sideways(text: PictureText) -> bool:
    long = [line for line in text.lines if len(line.text) > 2]
    tall = sum(len(line.text) for line in long if _is_tall(line.corners))
    return 2 * tall > sum(len(line.text) for line in long)


def _is_tall(corners: Corners) -> bool:
    left, top, right, _, _, bottom, *_ = corners
    return bottom - top > TALL * (right - left)


def _is_doubtful(text: PictureText) -> bool:
    return text.certainty < SURE * text.letters


def _read(picture: Image.Image, turn: int) -> PictureText:
    """Return the text of a picture turned left by so many quarters."""
    upright = _padded(picture.rotate(90 * turn, expand=True)) if turn else _padded(picture)
    try:
        found = _engine()(upright, return_word_box=True)
    except Exception as error:
        if "bad_alloc" in str(error) or "Failed to allocate" in str(error):
            raise MemoryError from None
        raise
    if not found.txts:
        return PictureText()
    size = (picture.width, picture.height)
    words = list(found.word_results)
    lines = []
    for text, score, quad in zip(found.txts, found.scores, found.boxes, strict=True):
        text = text.strip()
        whole = [(text, score, quad)]
        cut = words.pop(0) if words and _spells(words[0], text) else whole
        boxes = tuple(_boxes(text, cut, size, turn))
        corners = tuple(round(float(x)) for x in quad.reshape(-1))
        lines.append(PictureLine(text, round(float(score), 4), boxes, corners))
    return PictureText(tuple(lines))


def _padded(picture: Image.Image) -> Image.Image:
    """Return a picture that is not too narrow, widened with white on the right or below."""
    from PIL import Image

    least = round(max(picture.size) * NARROWEST)
    size = (max(picture.width, least), max(picture.height, least))
    if size == picture.size:
        return picture
    wider = Image.new("RGB", size, WHITE)
    wider.paste(picture)
    return wider


def _spells(words: Sequence[Any], text: str) -> bool:
    return "".join(word for word, *_ in words) == "".join(text.split())


def _boxes(
    text: str, words: Sequence[Any], size: tuple[int, int], turn: int
) -> Iterator[tuple[int, int, Box]]:
    """Yield the place in ``text`` and in the picture of each of its words."""
    end = 0
    for word, _, quad in words:
        start = end + len(text[end:]) - len(text[end:].lstrip())
        end = start + len(word)
        yield start, end, _box(quad, size, turn)


def _box(quad: Sequence[Sequence[float]], size: tuple[int, int], turn: int) -> Box:
    """Return the box around a quadrangle of the turned picture, in the picture as it is shown."""
    wide, high = size if turn % 2 == 0 else size[::-1]
    xs, ys = zip(*(_turned_back(x / wide, y / high, turn) for x, y in quad), strict=True)
    edges = (min(xs), min(ys), max(xs), max(ys))
    left, top, right, bottom = (min(max(round(SHARES * edge), 0), SHARES) for edge in edges)
    return left, top, right, bottom


def _turned_back(x: float, y: float, turn: int) -> tuple[float, float]:
    return ((x, y), (1 - y, x), (1 - x, 1 - y), (y, 1 - x))[turn]


@cache
def _engine() -> Any:
    """Load the models, from files of the package: nothing is ever downloaded."""
    import rapidocr

    folder = Path(rapidocr.__file__).parent / "models"
    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,  # whole pictures are turned instead
            "Global.max_side_len": LONGEST,
            "Det.limit_type": "max",
            "Det.limit_side_len": FOUND_AT,
            "Rec.rec_batch_num": 1,  # lines of unequal length would be padded to the longest
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            **{f"{part}.model_path": str(folder / file) for part, file in MODELS.items()},
        }
    )
