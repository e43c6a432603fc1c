"""An evaluation as JSON and back: replayed, it gives exactly the same figures."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rag.errors import RanklensError
from rag.evaluate.data import Answered, Evaluation, Passage, Question, Ranking, Result, Run

VERSION = 1


def to_json(evaluation: Evaluation) -> str:
    """Return the evaluation with every question's rankings and grades."""
    return json.dumps({"version": VERSION, **asdict(evaluation)}, ensure_ascii=False)


def digest(evaluation: Evaluation) -> str:
    """Return sixteen hexadecimal digits that name the rankings, grades and settings.

    Times, costs and the date are left out: the same rankings of the same questions, the same
    digest. What an evaluation without answers does not have leaves the digest as it was.
    """
    data = asdict(evaluation)
    if not data["unanswerable"]:
        data.pop("unanswerable")
    for run in data["runs"]:
        answers = run.pop("answers")
        for answer in answers:
            answer.pop("seconds")
            answer.pop("cost")
        if answers:
            run["answers"] = answers
        for result in run["results"]:
            result.pop("seconds")
            result.pop("cost")
            for ranking in result["rankings"]:
                ranking.pop("seconds")
    data.pop("made")
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]


def from_json(text: str) -> Evaluation:
    """Load an evaluation; raises `RanklensError` where the text is none."""
    try:
        data = json.loads(text)
        if data["version"] != VERSION:
            raise RanklensError(f"this evaluation has version {data['version']}, not {VERSION}")
        return _evaluation(data)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RanklensError(f"this is not a saved evaluation: {error!r}") from None


def save(evaluation: Evaluation, path: Path) -> None:
    """Write the evaluation; a name that ends in .gz is compressed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = to_json(evaluation).encode()
    aside = path.with_name(path.name + ".tmp")
    aside.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    aside.replace(path)


def load(path: Path) -> Evaluation:
    """Read what `save` wrote; raises `RanklensError` that names the file."""
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise RanklensError(f"{path} cannot be read: {error}") from None
    try:
        return from_json(text)
    except RanklensError as error:
        raise RanklensError(f"{path}: {error}") from None


def _evaluation(data: Mapping[str, Any]) -> Evaluation:
    return Evaluation(
        name=data["name"],
        unit=data["unit"],
        questions=tuple(Question(**q) for q in data["questions"]),
        grades={q: {i: int(g) for i, g in found.items()} for q, found in data["grades"].items()},
        runs=tuple(_run(run) for run in data["runs"]),
        passages={key: Passage(**p) for key, p in data["passages"].items()},
        made=data["made"],
        notes=tuple(data["notes"]),
        unanswerable=tuple(Question(**q) for q in data.get("unanswerable", ())),
    )


def _run(data: Mapping[str, Any]) -> Run:
    return Run(
        name=data["name"],
        settings=data["settings"],
        settings_digest=data["settings_digest"],
        results=tuple(
            Result(
                r["question"],
                tuple(_ranking(one) for one in r["rankings"]),
                r["seconds"],
                r.get("cost"),
            )
            for r in data["results"]
        ),
        failures=data["failures"],
        answers=tuple(_answered(one) for one in data.get("answers", ())),
    )


def _answered(data: Mapping[str, Any]) -> Answered:
    sequences = {name: tuple(data[name]) for name in ("given", "cited")}
    return Answered(**{**data, **sequences})


def _ranking(data: Mapping[str, Any]) -> Ranking:
    sequences = {name: tuple(data[name]) for name in ("items", "scores", "chunks")}
    return Ranking(**{**data, **sequences})
