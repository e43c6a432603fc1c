"""Runs of text with their places on a PDF page, from its content stream.

Follows ISO 32000-1, 8.4 (graphics state) and 9.3-9.4 (text state and text showing). pypdf's own
layout mode skips forms and tells no font, so headings and columns could not be seen in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from pypdf import PageObject
from pypdf.generic import ArrayObject, ContentStream, DictionaryObject, StreamObject

from ingest.loaders.pdf_fonts import Font, FontCache, decode, is_bold, look_up

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
DEEPEST_FORM = 8


@dataclass(frozen=True, slots=True)
class Run:
    """Text on one baseline, in the text's own direction: ``x0`` to ``x1`` at height ``y``.

    ``size`` is the height of the font in points; ``turn`` counts quarter turns of the text.
    """

    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    text: str
    turn: int = 0


def multiply(a: Matrix, b: Matrix) -> Matrix:
    """Return the matrix that applies ``a``, then ``b``."""
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4],
        a[4] * b[1] + a[5] * b[3] + b[5],
    )


@dataclass(slots=True)
class _State:
    """The graphics state that ``q`` saves and ``Q`` restores."""

    ctm: Matrix = IDENTITY
    font: Font | None = None
    bold: bool = False
    size: float = 12.0
    char_space: float = 0.0
    word_space: float = 0.0
    scale: float = 1.0
    leading: float = 0.0
    rise: float = 0.0


@dataclass(slots=True)
class RunReader:
    """Reads the runs of pages; fonts that pages share are parsed once."""

    fonts: FontCache = field(default_factory=FontCache)
    runs: list[Run] = field(default_factory=list)
    state: _State = field(default_factory=_State)
    _stack: list[_State] = field(default_factory=list)
    _text: Matrix = IDENTITY
    _line: Matrix = IDENTITY
    _depth: int = 0

    def read(self, page: PageObject) -> list[Run]:
        """Return the page's runs in the order in which they are drawn."""
        self.runs, self.state, self._stack = [], _State(ctm=_upright(page)), []
        contents = page.get("/Contents")
        contents = contents.get_object() if contents is not None else None
        if isinstance(contents, ArrayObject | StreamObject):
            self._interpret(contents, page.get("/Resources"), page.pdf)
        return [run for run in self.runs if run.text.strip()]

    def _interpret(self, contents: Any, resources: Any, pdf: Any) -> None:
        resources = resources.get_object() if resources is not None else None
        resources = resources if isinstance(resources, DictionaryObject) else DictionaryObject()
        for operands, operator in ContentStream(contents, pdf, "bytes").operations:
            if operator in (b"Tf", b"Do"):
                named = operands[0] if operands else None
                self._set_font(operands, resources) if operator == b"Tf" else self._draw(
                    named, resources, pdf
                )
            elif operator in STEPS:
                numbers = [float(o) for o in operands if isinstance(o, int | float)]
                STEPS[operator](self, operands, numbers)

    def _draw(self, name: Any, resources: DictionaryObject, pdf: Any) -> None:
        form = look_up(resources, "/XObject", name)
        if not isinstance(form, StreamObject) or form.get("/Subtype") != "/Form":
            return
        if self._depth >= DEEPEST_FORM:
            return
        saved, stack, self._stack = self.state, self._stack, []
        matrix = _numbers(form.get("/Matrix"))
        self.state = replace(saved, ctm=multiply(_matrix(matrix) or IDENTITY, saved.ctm))
        self._depth += 1
        self._interpret(form, form.get("/Resources", resources), pdf)
        self._depth -= 1
        self.state, self._stack = saved, stack

    def _set_font(self, operands: list[Any], resources: DictionaryObject) -> None:
        if len(operands) > 1 and isinstance(operands[1], int | float):
            self.state.size = float(operands[1])
        self.state.font = self.fonts.find(resources, operands[0] if operands else None)
        self.state.bold = self.state.font is not None and is_bold(self.state.font)

    def move(self, x: float, y: float) -> None:
        """Go to a new line at an offset from the start of this one."""
        self._line = self._text = multiply((1.0, 0.0, 0.0, 1.0, x, y), self._line)

    def set_matrix(self, matrix: Matrix) -> None:
        """Set the text matrix and the line matrix."""
        self._line = self._text = matrix

    def save(self) -> None:
        """Push the graphics state."""
        self._stack.append(replace(self.state))

    def restore(self) -> None:
        """Pop the graphics state; one too many changes nothing."""
        if self._stack:
            self.state = self._stack.pop()

    def advance(self, thousandths: float) -> None:
        """Move along the line by kerning, in thousandths of the font size."""
        state = self.state
        shift = -thousandths / 1000.0 * state.size * state.scale
        self._text = multiply((1.0, 0.0, 0.0, 1.0, shift, 0.0), self._text)

    def show(self, value: Any) -> None:
        """Add the text of one string to the runs."""
        state, font = self.state, self.state.font
        if font is None or not isinstance(value, bytes | str):
            return
        raw, text = decode(font, value)
        spaces = raw.count(" ") if isinstance(font.encoding, dict) else 0
        width = font.get_text_width(raw) / 1000.0 * state.size
        width = (width + len(raw) * state.char_space + spaces * state.word_space) * state.scale
        start = multiply((1.0, 0.0, 0.0, 1.0, 0.0, state.rise), multiply(self._text, state.ctm))
        self._text = multiply((1.0, 0.0, 0.0, 1.0, width, 0.0), self._text)
        end = multiply(self._text, state.ctm)
        height = abs(state.size) * math.hypot(start[2], start[3])
        if font.interpretable and text and height > 0.1:
            space = max(font.space_width, 200.0) / 1000.0 * height
            self._add(_placed(start, end, height, state.bold, text), space)

    def _add(self, run: Run, space: float) -> None:
        last = self.runs[-1] if self.runs else None
        if last and _continues(last, run):
            joint = " " if run.x0 - last.x1 > 0.5 * space and last.text[-1:] != " " else ""
            self.runs[-1] = replace(last, x1=run.x1, text=last.text + joint + run.text)
        else:
            self.runs.append(run)


def _continues(last: Run, run: Run) -> bool:
    near = -0.3 * run.size < run.x0 - last.x1 < 0.8 * run.size
    alike = last.turn == run.turn and last.bold == run.bold and abs(last.size - run.size) < 0.3
    return near and alike and abs(last.y - run.y) < 0.1 * run.size


def _placed(start: Matrix, end: Matrix, height: float, bold: bool, text: str) -> Run:
    turn = round(math.atan2(start[1], start[0]) / (math.pi / 2)) % 4
    x0, y0 = _turned(start[4], start[5], turn)
    x1, _ = _turned(end[4], end[5], turn)
    return Run(min(x0, x1), max(x0, x1), y0, height, bold, text, turn)


def _turned(x: float, y: float, turn: int) -> tuple[float, float]:
    return ((x, y), (y, -x), (-x, -y), (-y, x))[turn]


def _upright(page: PageObject) -> Matrix:
    """Return the matrix that undoes the page's /Rotate."""
    rotate = page.get("/Rotate")
    rotate = rotate.get_object() if rotate is not None else 0
    quarter = int(rotate) // 90 % 4 if isinstance(rotate, int | float) else 0
    cos, sin = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[quarter]
    return (cos, -sin, sin, cos, 0.0, 0.0)


def _numbers(value: Any) -> list[float]:
    items = value.get_object() if value is not None else []
    return [float(item) for item in items if isinstance(item, int | float)]


def _matrix(numbers: list[float]) -> Matrix | None:
    if len(numbers) != 6:
        return None
    a, b, c, d, e, f = numbers
    return (a, b, c, d, e, f)


def _begin(reader: RunReader, operands: list[Any], numbers: list[float]) -> None:
    reader.set_matrix(IDENTITY)


def _save(reader: RunReader, operands: list[Any], numbers: list[float]) -> None:
    reader.save()


def _restore(reader: RunReader, operands: list[Any], numbers: list[float]) -> None:
    reader.restore()


def _concatenate(reader: RunReader, operands: list[Any], numbers: list[float]) -> None:
    matrix = _matrix(numbers)
    if matrix:
        reader.state.ctm = multiply(matrix, reader.state.ctm)


def _place(reader: RunReader, operands: list[Any], numbers: list[float]) -> None:
    reader.set_matrix(_matrix(numbers) or IDENTITY)


def _move(reader: RunReader, operands: list[Any], numbers: list[float]) -> None:
    if len(numbers) == 2:
        reader.move(*numbers)


def _move_and_lead(reader: RunReader, operands: list[Any], numbers: list[float]) -> None:
    if len(numbers) == 2:
        reader.state.leading = -numbers[1]
        reader.move(*numbers)


def _next_line(reader: RunReader, operands: list[Any], numbers: list[float]) -> None:
    reader.move(0.0, -reader.state.leading)


def _show(reader: RunReader, operands: list[Any], numbers: list[float]) -> None:
    for item in operands[0] if operands and isinstance(operands[0], ArrayObject) else operands[:1]:
        if isinstance(item, int | float):
            reader.advance(float(item))
        else:
            reader.show(item)


def _show_on_next_line(reader: RunReader, operands: list[Any], numbers: list[float]) -> None:
    if len(numbers) == 2:
        reader.state.word_space, reader.state.char_space = numbers
    reader.move(0.0, -reader.state.leading)
    reader.show(operands[-1] if operands else None)


def _sets(name: str, factor: float = 1.0) -> Step:
    def step(reader: RunReader, operands: list[Any], numbers: list[float]) -> None:
        if numbers:
            setattr(reader.state, name, numbers[0] * factor)

    return step


Step = Callable[[RunReader, list[Any], list[float]], None]
STEPS: dict[bytes, Step] = {
    b"BT": _begin,
    b"q": _save,
    b"Q": _restore,
    b"cm": _concatenate,
    b"Tm": _place,
    b"Td": _move,
    b"TD": _move_and_lead,
    b"T*": _next_line,
    b"Tj": _show,
    b"TJ": _show,
    b"'": _show_on_next_line,
    b'"': _show_on_next_line,
    b"Tc": _sets("char_space"),
    b"Tw": _sets("word_space"),
    b"TL": _sets("leading"),
    b"Ts": _sets("rise"),
    b"Tz": _sets("scale", 0.01),
}
