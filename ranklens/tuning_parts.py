"""Train and test the parts of a tuning, so that one that was stopped or killed goes on.

Everything is in one folder. A part's logits are written when they are there; its model goes then,
unless it learned from all.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from rag.evaluate.fitting.pools import JudgedQuestion
from rag.evaluate.fitting.tuned import ALL, Example, TestedPool, TuningPart, examples
from rag.models import training
from rag.models.coverage import pool_sample
from rag.models.encoder import Encoder
from rag.models.load import load_cross
from rag.models.training import TrainingOptions, TrainingPair
from rag.models.workers import in_background
from rag.rerank.combine import blend_weights
from rag.settings import Settings

PLAN = "plan.json"
Report = Callable[[int], None]
"""Called with how many steps are done of all parts; may raise to end the work."""


class TuningParts:
    """The parts of one tuning in their folder; what another one left there is removed."""

    def __init__(
        self, folder: Path, digest: str, base: Path, questions: Sequence[JudgedQuestion],
        negatives: int, options: TrainingOptions,
    ) -> None:  # fmt: skip
        self._folder, self._base = folder, base
        self._questions, self._negatives, self._options = questions, negatives, options
        plan = folder / PLAN
        if not plan.is_file() or plan.read_text("utf-8") != digest:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            plan.write_text(digest, "utf-8")

    @property
    def model(self) -> Path:
        """The folder of the model that learned from all."""
        return self._folder / ALL

    def examples(self, part: TuningPart) -> list[Example]:
        """Return what a part is trained on."""
        return examples([self._questions[i] for i in part.trained], self._negatives)

    def steps(self, part: TuningPart) -> int:
        """Return how many steps a part takes: batches of pairs, and questions that are tested."""
        return training.steps_of(len(self.examples(part)), self._options) + len(part.tested)

    def run(
        self, parts: Sequence[TuningPart], settings: Settings, encoder: Encoder, report: Report
    ) -> dict[str, dict[str, TestedPool]]:
        """Train and test what is not there yet; returns part → question → its pool."""
        tested, before = {}, 0
        for part in parts:
            report(before)
            done = self._done(part)
            tested[part.name] = (
                self._run(part, settings, encoder, partial(_added, report, before))
                if done is None
                else done
            )
            before += self.steps(part)
        report(before)
        return tested

    def _run(
        self, part: TuningPart, settings: Settings, encoder: Encoder, report: Report
    ) -> dict[str, TestedPool]:
        model = self._folder / part.name
        if not model.is_dir():
            pairs = [TrainingPair(*example) for example in self.examples(part)]
            aside = self._folder / f"{part.name}.new"
            training.train_cross(self._base, pairs, aside, self._options, report)
            aside.replace(model)
        trained = self.steps(part) - len(part.tested)
        tested = dict(
            self._tested(part, model, settings, encoder, partial(_added, report, trained))
        )
        self._write(part, tested)
        if part.name != ALL:
            shutil.rmtree(model, ignore_errors=True)
        return tested

    def _tested(
        self, part: TuningPart, model: Path, settings: Settings, encoder: Encoder, report: Report
    ) -> Iterator[tuple[str, TestedPool]]:
        """Score the part's other questions, as the version will."""
        if not part.tested:
            return
        aside = settings.updated(cache=self._folder / "cache")  # a part's graph is used once
        with training.quiet():
            cross = load_cross(aside, str(model.absolute()))
        for done, i in enumerate(part.tested, 1):
            one = self._questions[i]
            with in_background():
                (judged,) = cross.judge([(one.text, [c.chunk.passage for c in one.pool])])
            dense = own = 1.0
            if settings.coverage_weights:
                sample = pool_sample(one.text, one.pool)
                dense, own = encoder.coverage(sample), cross.coverage(sample)
            yield one.id, TestedPool(judged.logits, blend_weights(settings, dense, own))
            report(done)

    def _done(self, part: TuningPart) -> dict[str, TestedPool] | None:
        path = self._file(part)
        if not path.is_file() or (part.name == ALL and not self.model.is_dir()):
            return None
        held = json.loads(path.read_text("utf-8"))
        return {
            id: TestedPool(tuple(logits), tuple(weights)) for id, (logits, weights) in held.items()
        }

    def _write(self, part: TuningPart, tested: Mapping[str, TestedPool]) -> None:
        held = {id: (one.logits, one.weights) for id, one in tested.items()}
        aside = self._folder / f"{part.name}.tmp"
        aside.write_text(json.dumps(held), "utf-8")
        aside.replace(self._file(part))

    def _file(self, part: TuningPart) -> Path:
        return self._folder / f"{part.name}.json"


def _added(report: Report, before: int, done: int) -> None:
    report(before + done)
