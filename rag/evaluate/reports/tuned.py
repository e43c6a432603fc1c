"""What a tuned cross-encoder is worth, for page and command line, and its model card."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version as installed

from rag.evaluate.fitting.tuned import ALONE, BLENDED, Example, Tuning
from rag.evaluate.reports.fitted import FittedPart
from rag.evaluate.reports.learned import curve, few, split
from rag.evaluate.reports.tables import EvaluationTable, FigureCell
from rag.rerank.tuned import TunedVersion
from rag.text.plural import plural

ONE_DRAW = "Each row but the last is one draw of so many judged questions, tuned anew."


def described(found: Tuning, version: int) -> list[FittedPart]:
    """Describe what was tuned, each way to use it, and the gain by number of judged questions."""
    rows = tuple(
        (_way(way), (*(FigureCell(f"{value:+.3f}") for value in (one.interval.mean,
                     one.interval.low, one.interval.high)),))
        for way, one in found.ways.items()
    )  # fmt: skip
    return [
        FittedPart(
            "Tuned cross-encoder",
            f"version {version}, {_way(found.way)}",
            f"{worth(found)} {split(found.questions, found.apart)}{few(found.questions)}",
            EvaluationTable(("Used", "Gain", "From", "To"), rows),
        ),
        *curve(found.curve, found.held_out, found.questions, ONE_DRAW),
    ]


def worth(found: Tuning) -> str:
    """Return what cross-validation shows, and what follows, in sentences."""
    held = found.held_out
    by = f"nDCG@10 on questions that it was not tuned on: {held.verdict}."
    if held.gained:
        return f"{by} It can be adopted."
    return f"{by} No gain is shown: keep the present reranker."


def card(version: TunedVersion, found: Tuning, learned_from: Sequence[Example]) -> str:
    """Return the model card as Markdown; it holds no words of documents or questions."""
    good = sum(label > 0 for *_, label in learned_from)
    options = "\n".join(f"| {name} | {value} |" for name, value in version.options.items())
    lines = "\n".join(
        f"| {_way(way)} | {one.interval.mean:+.3f} | {one.interval.low:+.3f} to "
        f"{one.interval.high:+.3f} | {one.questions} |"
        for way, one in found.ways.items()
    )
    by_size = "\n".join(
        f"| {point.questions} | {point.held_out.interval.mean:+.3f} | "
        f"{point.held_out.interval.low:+.3f} to {point.held_out.interval.high:+.3f} | "
        f"{point.held_out.questions} |"
        for point in found.curve
    )
    learning = (
        f"\n## Learning curve\n\n| judged | gain | 95 % interval | tested on |\n"
        f"| ---: | ---: | --- | ---: |\n{by_size}\n"
        if by_size
        else ""
    )
    programs = ", ".join(
        f"{name} {installed(name)}" for name in ("sentence-transformers", "transformers", "torch")
    )
    return f"""# Tuned cross-encoder, version {{version}}

A cross-encoder for one library, tuned on its judgements. Elsewhere it may be worse than its base.

- Base: {version.base} (its licence holds for this model too)
- Date: {version.made}
- Made with: {programs}

## Data

The question set "{version.name}": {split(found.questions, found.apart)} Trained on
{plural(good, "relevant pair")} and {plural(len(learned_from) - good, "other pair")}; others were
judged 0, or ranked high and not judged relevant.

## Settings

| setting | value |
| --- | --- |
{options}

Loss: binary cross-entropy of the grade as a share of the highest one.

## Figures

Gain in nDCG@10 over the reranker of then, on questions that the weights were not tuned on:
{found.held_out.interval.mean:+.3f} (95 % interval {found.held_out.interval.low:+.3f} to
{found.held_out.interval.high:+.3f}). {worth(found)}

| used | gain | 95 % interval | questions |
| --- | ---: | --- | ---: |
{lines}
{learning}
## Use

Reranker `{version.way}:{{version}}` in its library, or `cross-encoder:FOLDER` with this folder.
"""


def _way(way: str) -> str:
    if way == ALONE:
        return "alone"
    if way == BLENDED:
        return "blended with dense and BM25 scores"
    return f"fused with {way.removeprefix('rrf:').removesuffix('+' + ALONE)}"
