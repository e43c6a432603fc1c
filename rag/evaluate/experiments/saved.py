"""An evaluation as JSON and back: replayed, it gives exactly the same figures."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from rag.errors import RanklensError
from rag.evaluate.data import Evaluation
from rag.text.json_value import json_value
from rag.text.regular import open_regular
from rag.text.unpack import unpacked

VERSION = 1
MOST = 200 << 20  # bytes that it may unpack to: as much as can be opened on the page unpacked
_EVALUATION = TypeAdapter(Evaluation)


def to_json(evaluation: Evaluation) -> str:
    """Return the evaluation with every question's rankings and grades."""
    return json.dumps({"version": VERSION, **asdict(evaluation)}, ensure_ascii=False)


def digest(evaluation: Evaluation) -> str:
    """Return sixteen hexadecimal digits that name the rankings, grades and settings.

    Times, costs and the date are left out. An evaluation without answers, or without a model's
    grades, has the digest that it had before these were measured.
    """
    data = asdict(evaluation)
    for name in ("unanswerable", "by_model"):
        if not data[name]:
            data.pop(name)
    for run in data["runs"]:
        run.pop("reranker")
        if not run["further"]:
            run.pop("further")
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


def from_json(text: str | bytes) -> Evaluation:
    """Load an evaluation; raises `RanklensError` if the text is none."""
    try:
        data = json_value(text)
        if data.pop("version") != VERSION:
            raise ValueError(f"its version is not {VERSION}")
        return _EVALUATION.validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise RanklensError(f"this is not a saved evaluation: {where}: {first['msg']}") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RanklensError(f"this is not a saved evaluation: {error}") from None


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
        with open_regular(path) as file:
            return opened(str(path), file.read())
    except OSError as error:
        raise RanklensError(f"{path} cannot be read: {error.strerror or error}") from None


def opened(name: str, data: bytes) -> Evaluation:
    """Return the evaluation in a file's bytes; raises `RanklensError` that names the file."""
    try:
        return from_json(b"".join(unpacked([data], MOST)) if name.endswith(".gz") else data)
    except ValueError as error:
        raise RanklensError(f"{name} cannot be read: {error}") from None
    except RanklensError as error:
        raise RanklensError(f"{name}: {error}") from None
