"""Find a passage on a page whose text was taken out in another way.

What pypdf gave when the document was indexed and what PDFium gives when the page is drawn differ
in spaces, line ends, hyphens, ligatures and the order of columns and cells. So only letters and
digits are compared, and the passage is found in runs: the longest first, each wherever it stands.
"""

from __future__ import annotations

import heapq
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

SEED = 6
"""Letters that a run has at least; shorter ones count between two runs that lie close together."""
NEAR = 40
STRAY = 16
LONGEST_REST = 24
MOST_STARTS = 400


@dataclass(frozen=True, slots=True)
class Located:
    """Where each character of a passage stands on the page: an index, or -1 where none is known.

    ``share``: how much of its letters and digits was found (0 to 1).
    """

    places: tuple[int, ...]
    share: float

    def within(self, start: int, end: int) -> list[int]:
        """Return the page's characters that the passage's ``start:end`` stand for, ascending."""
        return sorted({place for place in self.places[start:end] if place >= 0})


def locate(passage: str, page: str) -> Located:
    """Find ``passage`` among the letters of ``page``."""
    needle, owners = _bare(passage)
    hay, spots = _bare(page)
    matched = _aligned(needle, hay)
    places = [-1] * len(passage)
    for index, at in enumerate(matched):
        if at >= 0:
            places[owners[index]] = spots[at]
    found = sum(at >= 0 for at in matched)
    return Located(tuple(places), found / len(needle) if needle else 0.0)


def _bare(text: str) -> tuple[str, list[int]]:
    """Return the letters and digits of a text in one form, and where each came from."""
    letters: list[str] = []
    owners: list[int] = []
    for index, character in enumerate(text):
        if character.isascii():
            if character.isalnum():
                letters.append(character.lower())
                owners.append(index)
            continue
        for part in unicodedata.normalize("NFKD", character).casefold():
            if part.isalnum():
                letters.append(part)
                owners.append(index)
    return "".join(letters), owners


def _aligned(needle: str, hay: str) -> list[int]:
    """Return for every letter of ``needle`` its place in ``hay``, or -1."""
    matched = [-1] * len(needle)
    taken = bytearray(len(hay))
    # A heap of (minus length, choices, start, places in hay): long runs first, and among runs of
    # one length those that can stand in one place only, so that repeated words find their company.
    heap = [(-length, len(at), start, length, at) for start, length, at in _runs(needle, hay)]
    heapq.heapify(heap)
    while heap:
        _, _, start, length, choices = heapq.heappop(heap)
        free = [at for at in choices if not any(taken[at : at + length])]
        if free and not any(at >= 0 for at in matched[start : start + length]):
            _take(matched, taken, start, length, _nearest(matched, start, free))
            continue
        for first, size, places in _rests(matched, taken, start, length, choices):
            heapq.heappush(heap, (-size, len(places), first, size, places))
    _drop_strays(matched, taken)
    _bridge(matched, taken, needle, hay)
    return matched


def _runs(needle: str, hay: str) -> Iterator[tuple[int, int, list[int]]]:
    """Yield runs that cannot be made longer: start, length and every place in ``hay``."""
    starts: dict[str, list[int]] = defaultdict(list)
    for at in range(len(hay) - SEED + 1):
        starts[hay[at : at + SEED]].append(at)
    for start in range(len(needle) - SEED + 1):
        lengths: dict[int, list[int]] = defaultdict(list)
        for at in starts.get(needle[start : start + SEED], ())[:MOST_STARTS]:
            if start and at and needle[start - 1] == hay[at - 1]:
                continue
            lengths[_common(needle, hay, start, at)].append(at)
        for length, places in lengths.items():
            yield start, length, places


def _common(needle: str, hay: str, start: int, at: int) -> int:
    length = SEED
    most = min(len(needle) - start, len(hay) - at)
    while length < most and needle[start + length] == hay[at + length]:
        length += 1
    return length


def _rests(
    matched: Sequence[int], taken: bytearray, start: int, length: int, choices: Sequence[int]
) -> Iterator[tuple[int, int, list[int]]]:
    """Yield what longer runs have left of a run: start, length and places in ``hay``."""
    rests: dict[tuple[int, int], list[int]] = defaultdict(list)
    for at in choices:
        open_ = [matched[start + i] < 0 and not taken[at + i] for i in range(length)]
        for first, size in _stretches(open_):
            if size >= SEED:
                rests[first, size].append(at + first)
    for (first, size), places in rests.items():
        yield start + first, size, places


def _stretches(open_: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield start and length of every stretch of true values."""
    start = 0
    for is_open, group in groupby(open_):
        length = len(list(group))
        if is_open:
            yield start, length
        start += length


def _nearest(matched: Sequence[int], start: int, choices: Sequence[int]) -> int:
    """Return the choice that continues best what was found before or after it."""
    if len(choices) == 1:
        return choices[0]
    expected = []
    for steps in (range(start - 1, -1, -1), range(start, len(matched))):
        known = next((i for i in steps if matched[i] >= 0), None)
        if known is not None:
            expected.append(matched[known] + start - known)
    return min(choices, key=lambda at: min((abs(at - e) for e in expected), default=at))


def _take(matched: list[int], taken: bytearray, start: int, length: int, at: int) -> None:
    for offset in range(length):
        matched[start + offset] = at + offset
        taken[at + offset] = 1


def _drop_strays(matched: list[int], taken: bytearray) -> None:
    """Let go of a few letters that stand far from all the others: such words stand anywhere."""
    found = sorted(at for at in matched if at >= 0)
    if not found:
        return
    cuts = [i for i in range(1, len(found)) if found[i] - found[i - 1] > NEAR]
    for first, last in pairwise([0, *cuts, len(found)]):
        if last - first < min(STRAY, len(found) / 5):
            stray = set(found[first:last])
            for index, at in enumerate(matched):
                if at in stray:
                    matched[index] = -1
                    taken[at] = 0


def _bridge(matched: list[int], taken: bytearray, needle: str, hay: str) -> None:
    """Find the short rests: word by word close behind, or else before, what was found."""
    for first, length in list(_stretches([at < 0 for at in matched])):
        for size in range(min(length, LONGEST_REST), 0, -1):
            for start in range(first, first + length - size + 1):
                if any(at >= 0 for at in matched[start : start + size]):
                    continue
                at = _close_by(matched, taken, needle[start : start + size], start, hay)
                if at is not None:
                    _take(matched, taken, start, size, at)


def _close_by(
    matched: Sequence[int], taken: bytearray, word: str, start: int, hay: str
) -> int | None:
    """Return where ``word`` stands free near its neighbour in the passage; shorter means nearer."""
    reach = len(word) + (1 if len(word) < 3 else NEAR if len(word) < SEED else 3 * NEAR)
    end = start + len(word)
    before = matched[start - 1] if start else -1
    after = matched[end] if end < len(matched) else -1
    found = []
    if before >= 0:
        found.append(hay.find(word, before + 1, before + 1 + reach))
    if after >= 0:
        found.append(hay.rfind(word, max(0, after - reach), after))
    free = (at for at in found if at >= 0 and not any(taken[at : at + len(word)]))
    return next(free, None)


@dataclass(frozen=True, slots=True)
class Mark:
    """A rectangle around letters of one line, as shares of the page, and the words in it."""

    left: float
    top: float
    right: float
    bottom: float
    text: str


def marks(places: Iterable[int], text: str, boxes: Sequence[Sequence[float]]) -> list[Mark]:
    """Join the boxes of a page's letters (ascending places) to one rectangle a line.

    Spaces and signs between two letters that are marked are marked with them.
    """
    done: list[Mark] = []
    before = -1
    for place in places:
        box = _box(boxes[place], text[place])
        if done and place - before <= 4 and _one_line(done[-1], box):
            joined = text[before + 1 : place + 1].replace("\r", "").replace("\n", "")
            done[-1] = _around(done[-1], box, joined)
        else:
            done.append(box)
        before = place
    return done


def _box(box: Sequence[float], letter: str) -> Mark:
    left, top, right, bottom = (min(max(float(edge), 0.0), 1.0) for edge in box)
    return Mark(left, top, right, bottom, letter)


def _one_line(mark: Mark, box: Mark) -> bool:
    height = min(mark.bottom - mark.top, box.bottom - box.top)
    overlap = min(mark.bottom, box.bottom) - max(mark.top, box.top)
    gap = max(box.left - mark.right, mark.left - box.right)  # either way: Hebrew, Arabic
    return gap < 0.1 and overlap > 0.5 * height


def _around(mark: Mark, box: Mark, joined: str) -> Mark:
    return Mark(
        min(mark.left, box.left),
        min(mark.top, box.top),
        max(mark.right, box.right),
        max(mark.bottom, box.bottom),
        mark.text + joined,
    )
