"""A/B in use: real questions ranked by two pipelines at once, and which of them readers prefer.

Both rankings are interleaved by team draft, so a reader sees one ranking in which neither pipeline
has an advantage. Opened citations and thumbs credit the team that gave the passage.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from rag.chat.interleaved import InterleavedTurn
from rag.errors import SettingsError, StorageError
from rag.evaluate.experiments.pipelines import resolve
from rag.evaluate.experiments.side_by_side import RETRIEVAL
from rag.evaluate.judgements.feedback import cited
from rag.evaluate.measures.interleaved import TeamCredits, TeamResult
from rag.evaluate.measures.interleaved import result as counted
from rag.evaluate.reports.interleaved import table
from rag.evaluate.sweeps.plan import digest
from rag.retrieve.draft import FIRST, SECOND, team_draft
from rag.settings import SHAPES_ANSWER, SHAPES_INDEX, SHAPES_RANKING, Settings
from rag.types import Hit, Stage, StageName, Trace, ranked

if TYPE_CHECKING:
    from rag.chat.store import Turn
    from rag.pipeline import Pipeline
    from ranklens.library import Library

__all__ = ["TeamResult", "outside", "results", "table"]

log = logging.getLogger(__name__)
TEAMS = "teams"  # of the interleaved stage's details: a sign for each passage, best first


@dataclass(frozen=True, slots=True)
class PipelinePair:
    """The two pipelines that are compared in use: names and options."""

    first: str
    second: str
    options: tuple[Mapping[str, Any], Mapping[str, Any]]


def pair_of(settings: Settings) -> PipelinePair | None:
    """Return the two pipelines that the settings compare, None if that is off.

    Raises `SettingsError` if one of them is not there, or both are the same.
    """
    if not settings.ab_first or not settings.ab_second:
        return None
    found = resolve(settings, [settings.ab_first, settings.ab_second])
    if len(found) < 2:
        raise SettingsError("ab_first and ab_second name the same pipeline")
    (first, one), (second, other) = found.items()
    return PipelinePair(first, second, (one, other))


def problem(settings: Settings) -> str:
    """Return why the two pipelines cannot be compared, "" if they can or that is off."""
    try:
        pair_of(settings)
    except SettingsError as error:
        return str(error)
    return ""


def wanted(library: Library, options: Mapping[str, Any]) -> PipelinePair | None:
    """Return the pipelines to interleave for a question that is asked with these options.

    None if that is off, or if the reader chose options: they get what they chose. A comparison
    whose settings are wrong keeps no question from being answered.
    """
    settings = library.settings
    if settings.updated(**options) != settings:
        return None
    try:
        return pair_of(settings)
    except SettingsError as error:
        log.warning("questions are not interleaved: %s", error)
        return None


def search(pipeline: Pipeline, pair: PipelinePair, question: str) -> Trace:
    """Rank a question by both pipelines; the last stage is the interleaved ranking.

    The trace has the stages of the first pipeline, then the final ranking of the second. Its
    settings are those that the question was asked with, and the names of both. Raises as
    `Pipeline.search` does.
    """
    first, second = (pipeline.with_settings(**options) for options in pair.options)
    retrieved = first.retrieve(question)
    one = first.rank(retrieved)
    before = len(retrieved.stages)
    if all(getattr(first.settings, o) == getattr(second.settings, o) for o in RETRIEVAL):
        other = second.rank(retrieved)
        seconds = sum(stage.seconds for stage in other.stages[before:])
    else:
        other = second.search(question)
        seconds = other.seconds
    last = other.stages[-1]
    ranking = replace(last, name=StageName.SECOND_PIPELINE, seconds=seconds)
    settings = {
        **_asked_with(pipeline, one), "threshold": None, "ab_first": pair.first,
        "ab_second": pair.second,
    }  # fmt: skip
    top = int(settings["top"])
    return Trace(
        one.question, settings, (*one.stages, ranking, _interleaved(pair, one, other, top))
    )


def keep(library: Library, pair: PipelinePair, turn: Turn) -> None:
    """Keep which team gave each passage of a turn; a full disk costs the question's part in it."""
    stage = turn.trace.stages[-1]
    signs = str(stage.details[TEAMS])
    teams = {hit.chunk.id: sign for hit, sign in zip(stage.hits, signs, strict=True)}
    given = {hit.chunk.id: teams[hit.chunk.id] for hit in turn.trace.evidence}
    try:
        library.interleavings.add(
            turn.id, pair.first, pair.second, _digest(library.settings, pair), given
        )
    except StorageError as error:
        log.warning("a question takes no part in the comparison of pipelines: %s", error)


def results(library: Library) -> list[TeamResult]:
    """Return the result of every pair of pipelines that was compared in use, the newest first."""
    groups: dict[tuple[str, str, str], list[TeamCredits]] = {}
    for turn in library.interleavings.all():
        groups.setdefault((turn.first, turn.second, turn.digest), []).append(_credits(turn))
    return [counted(first, second, held) for (first, second, _), held in groups.items()]


def outside(found: list[TeamResult]) -> list[dict[str, Any]]:
    """Return results as JSON's own types."""
    return [
        {
            **asdict(one), "questions": one.questions, "share": _share(one), "p": one.p,
            "sentence": one.sentence,
        }
        for one in found
    ]  # fmt: skip


def _share(one: TeamResult) -> dict[str, float] | None:
    return asdict(one.share) if one.wins + one.losses else None


def _credits(turn: InterleavedTurn) -> TeamCredits:
    """Count a credit for each citation that was opened, and by the thumb for each cited passage."""
    credits = dict.fromkeys(turn.opened, 1)
    if turn.trace is not None:
        for chunk in cited(turn.trace):
            credits[chunk.id] = credits.get(chunk.id, 0) + (1 if turn.liked else -1)
    first, second = (
        sum(value for key, value in credits.items() if turn.teams.get(key) == team)
        for team in (FIRST, SECOND)
    )
    return TeamCredits(first, second)


def _interleaved(pair: PipelinePair, one: Trace, other: Trace, top: int) -> Stage:
    started = time.perf_counter()
    sides = [_able(trace) for trace in (one, other)]
    chunks = {hit.chunk.id: hit.chunk for hits in sides for hit in hits}
    first, second = ([hit.chunk.id for hit in hits] for hits in sides)
    drafted = team_draft(first, second, lambda: bool(secrets.randbits(1)))
    hits = ranked((chunks[key], 1 / place) for place, (key, _) in enumerate(drafted, 1))
    signs = "".join(team for _, team in drafted)
    given = {
        name: signs[:top].count(sign) for name, sign in ((pair.first, FIRST), (pair.second, SECOND))
    }
    counts = ", ".join(f"{count} of {name}" for name, count in given.items())
    note = f"team draft of {pair.first} and {pair.second}; the best {top}: {counts}"
    details = {"first": pair.first, "second": pair.second, TEAMS: signs}
    return Stage(StageName.INTERLEAVED, hits, time.perf_counter() - started, note, details=details)


def _able(trace: Trace) -> tuple[Hit, ...]:
    """Return a final ranking without what its own threshold keeps from the answer."""
    hits, threshold = trace.stages[-1].hits, trace.threshold
    return hits if threshold is None else tuple(hit for hit in hits if hit.score >= threshold)


def _asked_with(pipeline: Pipeline, trace: Trace) -> dict[str, Any]:
    shaping = pipeline.settings.shaping(SHAPES_INDEX, SHAPES_RANKING, SHAPES_ANSWER)
    return {**trace.settings, **shaping}


def _digest(settings: Settings, pair: PipelinePair) -> str:
    both = (settings.updated(**options) for options in pair.options)
    return digest([one.shaping(SHAPES_INDEX, SHAPES_RANKING) for one in both])[:16]
