"""What text recognition (OCR) read in the pictures of a document, and which are still to be read.

A loader asks for the text of each picture by a key that its own function ``picture`` understands.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.loaders.base import Words, pages_named
from rag.text.plural import plural

NEEDS_OCR = (
    "reading them needs text recognition (OCR), which is not installed: "
    "`pip install 'ranklens[ocr]'`, then `ranklens reindex`"
)
SCRIPTS = "text recognition reads Latin, Chinese and Japanese script, if it can be seen clearly"
UNSURE = 0.88  # mean confidence; scans of reports have 0.97 and more, Greek letters 0.85
# Letters of a line, as times its width by its height: Latin ones are about 2.8, Chinese ones 1.4;
# in scripts that the models do not know most letters are left out.
WIDE, HOLLOW = 5.0, 0.5
Corners = Sequence[int]
"""x and y of the upper left, upper right, lower right and lower left corner, in pixels."""


@dataclass(frozen=True, slots=True)
class PictureLine:
    """A line of text in a picture.

    ``confidence`` is the mean of its letters' (0 to 1). ``words`` have boxes in the picture as it
    is shown; ``corners`` are those of the line in the picture turned upright.
    """

    text: str
    confidence: float
    words: Words
    corners: Corners


@dataclass(frozen=True, slots=True)
class PictureText:
    """The lines of a picture, in no order; empty if it holds no text."""

    lines: tuple[PictureLine, ...] = ()

    @property
    def letters(self) -> int:
        """How many characters were read."""
        return sum(len(line.text) for line in self.lines)

    @property
    def certainty(self) -> float:
        """The confidence of all letters, added up."""
        return sum(len(line.text) * line.confidence for line in self.lines)

    @property
    def is_doubtful(self) -> bool:
        """Whether much of it is probably wrong or missing."""
        wide = [ratio for ratio in map(_width, self.lines) if ratio[0] > WIDE]
        hollow = [ratio for ratio in wide if ratio[1] < HOLLOW * ratio[0]]
        return self.certainty < UNSURE * self.letters or 2 * len(hollow) > len(wide)

    def to_json(self) -> str:
        """Return it as text; `from_json` reads it."""
        return json.dumps([(x.text, x.confidence, x.words, x.corners) for x in self.lines])

    @classmethod
    def from_json(cls, data: str | bytes) -> PictureText:
        """Return what `to_json` was called on."""
        return cls(
            tuple(
                PictureLine(text, confidence, _words(words), tuple(corners))
                for text, confidence, words, corners in json.loads(data)
            )
        )


@dataclass(frozen=True, slots=True)
class Pictures:
    """What is known of a document's pictures, by key.

    ``reasons`` say in words why some could not be read, ``otherwise`` why the rest was not.
    ``asked`` collects what a loader asked for that is neither; with ``asking``, these are read
    before the document, and an empty document is no error yet.
    """

    texts: Mapping[str, PictureText] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = NEEDS_OCR
    asking: bool = False
    asked: list[str] = field(default_factory=list)

    def text(self, key: str) -> PictureText | None:
        """Return what a picture reads as, None if it was not read."""
        if key not in self.texts and key not in self.reasons and key not in self.asked:
            self.asked.append(key)
        return self.texts.get(key)

    @property
    def waits(self) -> bool:
        """Whether pictures are to be read before the document is."""
        return self.asking and bool(self.asked)

    def why_not(self, keys: Iterable[str]) -> dict[str, list[str]]:
        """Return, for pictures that were not read, their keys by the reason."""
        found: dict[str, list[str]] = {}
        for key in keys:
            found.setdefault(self.reasons.get(key, self.otherwise), []).append(key)
        return found

    def doubts(self) -> tuple[str, ...]:
        """Return a sentence that names the pictures whose text is probably wrong, if any are."""
        keys = [key for key, text in self.texts.items() if text.is_doubtful]
        if not keys:
            return ()
        paged = all(key.isdigit() for key in keys)
        named = pages_named(sorted(map(int, keys))) if paged else plural(len(keys), "picture")
        return (f"the text of {named} is doubtful; {SCRIPTS}",)

    @property
    def confidence(self) -> float | None:
        """The mean confidence of all letters that were read, None if none were."""
        letters = sum(text.letters for text in self.texts.values())
        return sum(text.certainty for text in self.texts.values()) / letters if letters else None

    @classmethod
    def from_json(cls, data: bytes) -> Pictures:
        """Return what `packed` was given; nothing was asked for yet."""
        texts, reasons, otherwise, asking = json.loads(data)
        known = {key: PictureText.from_json(text) for key, text in texts.items()}
        return cls(known, reasons, otherwise, asking)


def _width(line: PictureLine) -> tuple[float, int]:
    """Return how many times as wide as high a line is, and its letters."""
    x0, y0, x1, y1, _, _, x3, y3 = line.corners
    return math.dist((x0, y0), (x1, y1)) / max(math.dist((x0, y0), (x3, y3)), 1), len(line.text)


def packed(
    texts: Mapping[str, str], reasons: Mapping[str, str], otherwise: str, asking: bool
) -> bytes:
    """Return what is known of pictures for the parsing process; texts as JSON, by key.

    The server process never looks into these texts.
    """
    return json.dumps([dict(texts), dict(reasons), otherwise, asking]).encode()


def _words(stored: Sequence[Sequence[object]]) -> Words:
    return tuple((start, end, tuple(box)) for start, end, box in stored)  # type: ignore[misc, arg-type]
