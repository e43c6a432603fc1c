"""Other ways to learn from judged questions: what each gains on questions that it has not seen.

``python -m benchmarks.recipes DIR [--work DIR] [--recipe NAME…] [--sizes N…]``

The recipes of a cross-encoder differ in loss, negatives, rate and frozen layers; `projection` is
late interaction with a learned projection of the stored token vectors and a learned weight of each
token of the question. Each is used alone and as a shift of the present scores: both min-max
normalised, the learned one times a weight, 0 being the present order.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks._report import about_the_run, table
from benchmarks.tuned import apart
from rag.evaluate.data import Grades
from rag.evaluate.fitting.pools import JudgedQuestion, judged_questions, ordered, present_reranker
from rag.evaluate.measures.metrics import PRIMARY, per_question
from rag.evaluate.measures.statistics import compare
from rag.models.hub import locate
from rag.models.training import load_base, quiet
from rag.pipeline import Pipeline
from rag.settings import Settings
from rag.types import normalised
from ranklens.judged_sets import opened_set
from ranklens.library import Library
from ranklens.tuning import SIZES

SHIFTS = (0.05, 0.1, 0.2, 0.4)
TEMPERATURE = 10.0  # of the present scores (0 to 1) before a softmax
TOKENS = 128
RANK = 8  # of the projection
DECAY = 0.01  # how strongly the projection is drawn to none

Pools = Sequence[JudgedQuestion]
Scorer = Callable[[Pools], list[list[float]]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a cross-encoder is trained; ``offset`` adds its logit to the present score."""

    offset: bool = False
    others: bool = False
    rate: float = 5e-5
    epochs: int = 1
    frozen: int = 0


RECIPES = {
    "gentle": Recipe(rate=1e-5),
    "others": Recipe(others=True),
    "offset": Recipe(offset=True, rate=2e-5, frozen=3),
}


def cross_encoder(recipe: Recipe, base: Path, trained: Pools) -> Scorer:
    """Train one on some questions; returns what scores others."""
    torch.manual_seed(0)
    with quiet():
        model = load_base(base, TOKENS)
    network = model.model
    if recipe.offset:  # so that it begins with the present order
        torch.nn.init.zeros_(network.classifier.weight)
        torch.nn.init.zeros_(network.classifier.bias)
    if recipe.frozen:
        for part in (network.bert.embeddings, *network.bert.encoder.layer[: recipe.frozen]):
            part.requires_grad_(False)

    def logits(query: str, texts: Sequence[str]) -> torch.Tensor:
        read = model.tokenizer([query] * len(texts), list(texts), padding=True, truncation=True,
                               max_length=TOKENS, return_tensors="pt")  # fmt: skip
        found: torch.Tensor = network(**read).logits[:, 0]
        return found

    free = [one for one in network.parameters() if one.requires_grad]
    optimiser = torch.optim.AdamW(free, lr=recipe.rate, weight_decay=0.01)
    random = np.random.default_rng(0)
    network.train()
    for _ in range(recipe.epochs):
        for at in random.permutation(len(trained)):
            optimiser.zero_grad()
            _loss(recipe, trained, int(at), random, logits).backward()
            optimiser.step()
    network.eval()

    def score(pools: Pools) -> list[list[float]]:
        with torch.no_grad():
            return [logits(q.text, [c.chunk.passage for c in q.pool]).tolist() for q in pools]

    return score


def _loss(
    recipe: Recipe, trained: Pools, at: int, random: np.random.Generator,
    logits: Callable[[str, Sequence[str]], torch.Tensor],
) -> torch.Tensor:  # fmt: skip
    """Return the loss of one question: its relevant candidates and seven others."""
    one, present = trained[at], normalised(trained[at].scores)
    good = [row for row, grade in enumerate(one.grades) if grade][:2]
    bad = sorted((r for r, grade in enumerate(one.grades) if not grade), key=lambda r: -present[r])
    bad = bad[: 3 if recipe.others else 7]
    texts = [one.pool[row].chunk.passage for row in (*good, *bad)]
    offsets = [present[row] for row in (*good, *bad)]
    if recipe.others:
        for other in random.choice([n for n in range(len(trained)) if n != at], 4, False):
            pool = trained[other]
            row = next(row for row, grade in enumerate(pool.grades) if grade)
            texts.append(pool.pool[row].chunk.passage)
            offsets.append(0.0)
    scores = logits(one.text, texts)
    target = torch.tensor([1.0] * len(good) + [0.0] * (len(texts) - len(good)))
    if not recipe.offset:
        return torch.nn.functional.binary_cross_entropy_with_logits(scores, target)
    shifted = TEMPERATURE * torch.tensor(offsets) + scores
    return -(target / target.sum() * shifted.log_softmax(0)).sum()


def projection(pipeline: Pipeline, trained: Pools) -> Scorer:
    """Learn a projection of rank `RANK` and token weights; returns what scores others."""
    torch.manual_seed(0)
    width = pipeline.encoder.encode_tokens(["a"])[0].shape[1]
    down = torch.nn.Parameter(torch.randn(width, RANK) / width**0.5)
    up, weigh = (torch.nn.Parameter(torch.zeros(shape)) for shape in ((RANK, width), (width,)))

    def read(pools: Pools) -> list[tuple[torch.Tensor, list[torch.Tensor]]]:
        return [
            (torch.tensor(pipeline.encoder.encode_tokens([q.text])[0]),
             [torch.tensor(one) for one in
              pipeline.encoder.encode_tokens([c.chunk.passage for c in q.pool])])
            for q in pools
        ]  # fmt: skip

    def max_sims(query: torch.Tensor, texts: list[torch.Tensor]) -> torch.Tensor:
        turn = torch.nn.functional.normalize
        asked = turn(query + query @ down @ up, dim=1)
        weights = (query @ weigh).softmax(0)
        every = torch.cat(texts)
        rows = turn(every + every @ down @ up, dim=1)
        best = [part.max(1).values for part in (asked @ rows.T).split([len(t) for t in texts], 1)]
        return torch.stack([(weights * one).sum() for one in best])

    held = read(trained)
    optimiser = torch.optim.Adam([down, up, weigh], lr=0.01)
    for _ in range(30):
        optimiser.zero_grad()
        losses = []
        for one, (query, texts) in zip(trained, held, strict=True):
            target = torch.tensor([float(grade > 0) for grade in one.grades])
            offset = TEMPERATURE * torch.tensor(normalised(one.scores))
            scores = offset + 2 * TEMPERATURE * max_sims(query, texts)
            losses.append(-(target / target.sum() * scores.log_softmax(0)).sum())
        size = (down @ up).square().sum() + weigh.square().sum()
        (torch.stack(losses).mean() + DECAY * size).backward()
        optimiser.step()

    def score(pools: Pools) -> list[list[float]]:
        with torch.no_grad():
            return [max_sims(query, texts).tolist() for query, texts in read(pools)]

    return score


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", help="a judged folder, as for `ranklens eval`")
    parser.add_argument("--work", type=Path, help="the folder of its library")
    parser.add_argument("--tested", type=int, default=100, help="questions that are only tested")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="judged questions")
    parser.add_argument("--recipe", nargs="+", default=[*RECIPES, "projection"])
    parser.add_argument("--pool", type=int, default=20, help="candidates a question")
    options = parser.parse_args()
    rows: list[tuple[str, ...]] = []
    with opened_set(Library.open, Settings(), options.folder, work=options.work) as judged:
        pipeline = judged.pipeline.with_settings(pool=options.pool)
        chosen = judged.judged[: options.tested + 2 * max(options.sizes)]
        questions = list(judged_questions(pipeline, chosen, judged.grades, judged.unit))
        trained, tested = apart(questions, options.tested, max(options.sizes))
        print(about_the_run())
        print(f"{judged.name}: pool {options.pool}, tested on {len(tested)}, "
              f"present: {present_reranker(pipeline)}", flush=True)  # fmt: skip
        for recipe in options.recipe:
            for size in options.sizes:
                started = time.perf_counter()
                found = _scorer(recipe, pipeline, trained[:size])(tested)
                taken = time.perf_counter() - started
                rows += _rows(recipe, size, tested, found, judged.grades, taken)
                print(table(COLUMNS, rows[-len(SHIFTS) - 1 :]), flush=True)
    print(table(COLUMNS, rows))


COLUMNS = ("recipe", "judged", "used", "gain in nDCG@10", "95 % interval", "p", "seconds")


def _scorer(recipe: str, pipeline: Pipeline, trained: Pools) -> Scorer:
    if recipe == "projection":
        return projection(pipeline, trained)
    return cross_encoder(RECIPES[recipe], locate(pipeline.settings.encoder), trained)


def _rows(
    name: str, size: int, tested: Pools, found: Sequence[Sequence[float]], grades: Grades,
    seconds: float,
) -> list[tuple[str, ...]]:  # fmt: skip
    before = per_question({q.id: q.present for q in tested}, grades, (PRIMARY,))[PRIMARY]
    rows = []
    for shift in (None, *SHIFTS):
        orders = {}
        for one, scores in zip(tested, found, strict=True):
            both = zip(normalised(one.scores), normalised(list(scores)), strict=True)
            used = scores if shift is None else [own + shift * new for own, new in both]
            orders[one.id] = ordered(one.items, used)
        after = per_question(orders, grades, (PRIMARY,))[PRIMARY]
        gain = compare([(before, after)])[0]
        held = gain.interval
        used_as = "alone" if shift is None else f"shift {shift:g}"
        rows.append(
            (
                name,
                str(size),
                used_as,
                f"{held.mean:+.3f}",
                f"{held.low:+.3f} to {held.high:+.3f}",
                f"{gain.p:.2g}",
                f"{seconds:.0f}",
            )
        )
    return rows


if __name__ == "__main__":
    main()
