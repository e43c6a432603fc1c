"""Every reranker by name. To add one: write its `score`, add a line here (docs/rerankers.md).

Other packages add theirs by the entry point `GROUP`: an `Entry`, or a function that returns one.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from rag.errors import RanklensError, SettingsError
from rag.models.catalogue import CATALOGUE
from rag.plugins import Plugin, plugins
from rag.rerank.adoption import Adoptions, Versions
from rag.rerank.base import Combined, Context, Entry, Ranker, Reranker
from rag.rerank.cohere import cohere
from rag.rerank.colbert import colbert
from rag.rerank.cross_encoder import cross_encoder
from rag.rerank.learned import LearnedVersions, learned
from rag.rerank.llm_listwise import llm_listwise
from rag.rerank.llm_pointwise import llm_pointwise
from rag.rerank.services import (
    contextual,
    jina,
    mixedbread,
    nvidia,
    rerank_server,
    tei,
    voyage,
    zeroentropy,
)
from rag.rerank.tuned import TunedVersions, tuned
from rag.settings import Settings

AUTO = "auto"
GROUP = "ranklens.rerankers"
_JOINTS: tuple[tuple[Literal["cascade", "rrf"], str], ...] = (("cascade", ">"), ("rrf", "+"))

FAMILIES: dict[str, Callable[[str], Entry]] = {
    "learned": learned,
    "tuned": tuned,
    "cross-encoder": cross_encoder,
    "colbert": colbert,
    "cohere": cohere,
    "jina": jina,
    "voyage": voyage,
    "contextual": contextual,
    "zeroentropy": zeroentropy,
    "mixedbread": mixedbread,
    "nvidia": nvidia,
    "rerank-server": rerank_server,
    "llm-listwise": llm_listwise,
    "llm-pointwise": llm_pointwise,
}


def _maxsim(context: Context) -> Reranker:
    from rag.rerank.late_interaction import LateInteraction

    return LateInteraction(context.encoder, context.kept)


MAXSIM = Entry(
    "maxsim",
    "MaxSim over the encoder's own token embeddings; needs no download.",
    _maxsim,
    unit="mean cosine",
)
# What the embedded weights do best without training: docs/rerankers.md has the figures.
LATE_INTERACTION = Combined("hybrid", (MAXSIM,), title="late-interaction")
NONE = Entry("none", "Keeps the fused order.", lambda _context: None)
_LINES: tuple[Ranker, ...] = (
    NONE,
    LATE_INTERACTION,
    MAXSIM,
    learned(),
    tuned(),
    cross_encoder(),
    *(cross_encoder(m.name, m.title, m.note) for m in CATALOGUE if m.kind == "cross-encoder"),
    *(colbert(m.name, m.title, m.note) for m in CATALOGUE if m.kind == "colbert"),
    cohere(),
    jina(),
    voyage(),
    contextual(),
    zeroentropy(),
    mixedbread(),
    nvidia(),
    rerank_server(),
    tei(),
    llm_listwise(),
    llm_pointwise(),
)
TABLE: dict[str, Ranker] = {line.name: line for line in _LINES}


@dataclass(frozen=True, slots=True)
class Availability:
    """A reranker for a list: ``reason`` is why it cannot run here and what to do, or nothing."""

    name: str
    summary: str
    reason: str


def available(context: Context) -> list[Availability]:
    """Return every reranker, those that can run here first. Waits for no network."""
    found = [Availability(r.name, r.summary, r.missing(context)) for r in by_name().values()]
    return sorted(found, key=lambda one: bool(one.reason))


def by_name() -> dict[str, Ranker]:
    """Return the table and the rerankers of other packages; the table's own names win."""
    others = {name: _from(plugin) for name, plugin in plugins(GROUP).items()}
    return TABLE | {name: entry for name, entry in others.items() if name not in TABLE}


def _from(plugin: Plugin) -> Entry:
    """Return a plugin's entry; one that is broken stays in the list with the reason."""
    made = plugin.loaded
    if callable(made):
        try:
            made = made()
        # Another package's code may raise anything.
        except Exception as error:  # noqa: BLE001
            plugin = plugin.refused(f"failed ({type(error).__name__}: {error})")
    if isinstance(made, Entry):
        return replace(made, name=plugin.name)
    if not plugin.reason:
        plugin = plugin.refused("is no rag.rerank.base.Entry and no function that returns one")
    about = f"A reranker of the package {plugin.package}."
    return Entry(plugin.name, about, lambda _context: None, lambda _context: plugin.reason)


def resolve(name: str) -> Ranker:
    """Return the reranker or combination of that name.

        name     = entry | family ":" model | "hybrid:" name
                 | "cascade:" name ">" name … | "rrf:" name "+" name …
        entry    = a reranker of `by_name`
        family   = one of `FAMILIES`: cross-encoder, colbert, cohere, …

    A prefix takes all that follows it, so ``hybrid:cascade:A>B`` blends a cascade and
    ``cascade:A>hybrid:B`` ends in a hybrid. Raises `SettingsError` with the nearest name.
    """
    name = name.strip()
    if name in TABLE:
        return TABLE[name]
    family, colon, rest = name.partition(":")
    rest = rest.strip()
    if family == "hybrid" and rest:
        return Combined("hybrid", (resolve(rest),))
    for how, joint in _JOINTS:
        if family == how and colon:
            parts = rest.split(joint)
            if len(parts) < 2:
                raise SettingsError(f"{name!r} needs two rerankers: {how}:A{joint}B")
            return Combined(how, tuple(resolve(part) for part in parts))
    if family in FAMILIES and rest:
        return FAMILIES[family](rest)
    every = by_name()
    if name not in every:
        raise SettingsError(_unknown(name, every))
    return every[name]


def _unknown(name: str, every: Iterable[str]) -> str:
    shapes = [f"{family}:MODEL" for family in FAMILIES]
    shapes += ["hybrid:NAME", "cascade:A>B", "rrf:A+B"]
    known = {known.lower(): known for known in every}
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    hint = f"; did you mean {known[near[0]]}? There" if near else "; there"
    return f"unknown reranker {name!r}{hint} are auto, {', '.join((*every, *shapes))}"


def choose(context: Context) -> tuple[Ranker, str]:
    """Return what the settings ask for and, for ``auto``, why it is that one.

    Raises `SettingsError` for an unknown name.
    """
    name = context.settings.reranker
    if name != AUTO:
        return resolve(name), ""
    try:
        if adopted := _adopted(context.settings):
            return adopted
    except RanklensError as error:  # the files are damaged, or the version is gone
        return LATE_INTERACTION, f"auto chose {LATE_INTERACTION.name}: {error}"
    return choose_unlearned(context)


_VERSIONS: Mapping[str, Callable[[Settings], Versions[Any]]] = {
    one.source: one for one in (LearnedVersions, TunedVersions)
}


def _adopted(settings: Settings) -> tuple[Ranker, str] | None:
    """Return the version that was adopted last, as it was measured, and what it is."""
    last = Adoptions(settings).last()
    if last is None:
        return None
    source, number = last
    one = _VERSIONS[source](settings).version(number)
    about = f"{source} from {one.questions} judged questions and adopted"
    return resolve(one.reranker), f"auto chose {one.reranker}: version {number} was {about}"


def choose_unlearned(context: Context) -> tuple[Ranker, str]:
    """Return what ``auto`` takes if nothing was learned and adopted, and why."""
    chosen = TABLE["cross-encoder"]
    if why := chosen.missing(context):
        return LATE_INTERACTION, f"auto chose {LATE_INTERACTION.name}: {why}"
    model = context.settings.cross_encoder
    return chosen, f"auto chose cross-encoder: the weights of {model} are on this machine"
