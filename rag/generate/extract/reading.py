"""How a unit reads in an answer, and the short answer that it holds."""

from __future__ import annotations

import re
from dataclasses import replace

from rag.generate.citations import without_markers
from rag.generate.extract.facts import short_answer
from rag.generate.extract.question import ParsedQuestion
from rag.generate.extract.rows import cell, read_cells, read_out, with_unit
from rag.generate.extract.units import ScoredUnit, Unit
from rag.text.words import terms

_SURE = 0.6
_BULLET = re.compile(r"(?:[-*•–·▪]|#{1,6}|\d{1,2}\.)\s+")
_NEXT_ITEM = re.compile(r"(?<=\n)[ \t]*[-*•–·▪]\s+")


def readable(scored: ScoredUnit, question: ParsedQuestion, after_fact: bool = False) -> str:
    """Return a unit fit for an answer: no bullet, no markers of its own, no open code.

    If the value of a table's row stands before it as a fact, only its names follow.
    """
    unit = scored.unit
    if unit.row and after_fact:
        text = f"{unit.row.full_label}, {unit.row.columns[scored.column]}"
    elif unit.row:
        text = read_cells(unit.row, question, unit.context)
    elif unit.part.kind == "row":
        text = read_out(unit.text, question)
    else:
        text = _listed(unit)
    text = without_markers(text)
    if bullet := _BULLET.match(text):
        text = text[bullet.end() :]
    return text.replace("`", "'") if text.count("`") % 2 else text


def fact(best: ScoredUnit, question: ParsedQuestion) -> str:
    """Return the short answer in the best unit, "" if there is none.

    Only if the sentence holds most of the question: a lone date or name is read as a claim.
    """
    unit = best.unit
    if unit.row:
        rows = [one.unit.row for one in best.all if one.unit.row]
        in_unit = replace(unit.row, unit=next((row.unit for row in rows if row.unit), ""))
        return with_unit(in_unit, best.column) if best.column >= 0 else ""
    if unit.part.kind == "row":
        return cell(unit.text, question)
    if len(terms(unit.text) & question.terms) < _SURE * len(question.terms):
        return ""
    answer = short_answer(unit.text, question)
    return answer if len(answer) < len(unit.text) / 2 else ""


def _listed(unit: Unit) -> str:
    """Return a unit's text, a list with what introduces it on lines of its own."""
    items = _NEXT_ITEM.split(unit.chunk.text[unit.part.start : unit.part.end])
    return "\n- ".join(" ".join(item.split()) for item in items)
