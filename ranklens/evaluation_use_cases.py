"""What people do to find out how well a library ranks: judge, compare, measure, fit, learn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from os import PathLike
from typing import TYPE_CHECKING, Any, cast

from ranklens.use_cases import UseCases

if TYPE_CHECKING:
    from rag.evaluate.judgements.record import Judgement
    from rag.evaluate.measures.figures import Figures
    from rag.types import Chunk
    from ranklens.advising import Advice, AdviceWishes
    from ranklens.comparing import SideBySide
    from ranklens.fitting import Fit
    from ranklens.judged_sets import JudgedSet
    from ranklens.learning import LearningReport
    from ranklens.library import Library
    from ranklens.sweeping import SweepOutcome, SweepWishes
    from ranklens.tuning import TuningReport, TuningWishes

Questions = str | PathLike[str] | Iterable[str]


class EvaluationUseCases(UseCases):
    """The use cases of one library, with those that judge its rankings."""

    def judge(
        self, question: str, passage: Chunk, grade: int, *, judge: str = "me", note: str = ""
    ) -> Judgement:
        """Keep a judge's grade of a passage: 0 (not relevant) to 3 (answers the question).

        It takes the place of an earlier grade of the same judge. Raises `RanklensError` if the
        grade is not one of these, or the passage is not in its document any more.
        """
        return self.judgements.grade(question, passage, grade, judge, note)

    def compare(
        self,
        question: str,
        pipelines: Iterable[str],
        *,
        collection: str = "",
        one_pool: bool = False,
        answers: bool = False,
        stop: threading.Event | None = None,
    ) -> SideBySide:
        """Ask a question of several pipelines and return their rankings side by side.

        A pipeline is a reranker's name, a saved pipeline, or options written out, such as
        ``pool=100,reranker=none`` or ``wide:pool=100`` to give them a name. They search the
        documents of ``collection``, without it those of the default one. With ``one_pool`` all of
        them rank what the first one retrieves; ``answers`` has each write an answer too. A
        pipeline that fails is a side with a ``problem``. Raises `SettingsError` for a pipeline
        that is not known, and `RanklensError` once ``stop`` is set.
        """
        from ranklens import comparing

        found = comparing.resolve(self.settings, list(pipelines), owner=True)
        pipeline = self.pipeline_in(collection)
        return comparing.compare(pipeline, found, question, one_pool, answers, stop=stop)

    def measure(
        self,
        questions: Questions,
        pipelines: Iterable[str] = (),
        *,
        collection: str = "",
        one_pool: bool = False,
        answers: bool = False,
        on_progress: Callable[[int, int], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Figures:
        """Measure what each stage of each pipeline gains on judged questions, with intervals.

        ``questions`` is the name of a question set, a folder (BEIR's layout, or documents with
        questions; it gets a library of its own), or the questions themselves, judged with `judge`.
        A question set is asked of its own collection unless another ``collection`` is named.
        Pipelines are named as in `compare`; without any the current settings are measured.
        ``on_progress`` gets (questions done, questions in all). Raises `LibraryError` if there is
        no such set, and `RanklensError` if no question is judged or once ``stop`` is set.
        """
        from ranklens import measuring

        found = measuring.resolve(self.settings, list(pipelines), owner=True)
        with self._judged(questions, stop, collection) as judged:
            return measuring.figures_of(
                measuring.measure(
                    judged, found, one_pool=one_pool, answers=answers,
                    on_progress=on_progress, stop=stop,
                )
            )  # fmt: skip

    def fit(
        self,
        questions: Questions,
        pipeline: str = "current",
        *,
        collection: str = "",
        blend: bool = False,
        stop: threading.Event | None = None,
    ) -> Fit:
        """Fit fusion weights, the score threshold and when to refuse; nothing is changed.

        Half of the judged questions choose, the other half shows what the choice is worth.
        ``blend`` fits the weights of a hybrid reranker too. `Fit.parts` has the chosen options,
        to be given to `ask` or kept in ranklens.toml. Raises `RanklensError` for fewer than four
        judged questions.
        """
        from ranklens import fitting

        options = self._options_of(pipeline)
        with self._judged(questions, stop, collection) as judged:
            return fitting.fit(judged, options, blend=blend, stop=stop)

    def advise(
        self,
        questions: Questions,
        wishes: AdviceWishes | None = None,
        *,
        collection: str = "",
        on_progress: Callable[[int, int], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Advice:
        """Measure rerankers at several pool sizes, and advise whether reranking is worth it here.

        ``questions`` as in `measure`; ``wishes`` names rerankers, pools, a time budget and a
        volume. Raises `RanklensError` if no question is judged or no reranker can rank.
        """
        from ranklens import advising

        with self._judged(questions, stop, collection) as judged:
            wanted = wishes or advising.AdviceWishes()
            return advising.advice(judged, wanted, on_progress=on_progress, stop=stop)

    def sweep(
        self,
        questions: Questions,
        wishes: SweepWishes,
        *,
        collection: str = "",
        on_progress: Callable[[int, int, str], None] | None = None,
        stop: threading.Event | None = None,
    ) -> SweepOutcome:
        """Try options on half of the judged questions, and test the best ones on the other half.

        ``questions`` as in `measure`; ``wishes`` names options and values. The same call goes on
        where it was stopped. Raises `RanklensError` if too few questions are judged.
        """
        from ranklens import sweeping

        with self._judged(questions, stop, collection) as judged:
            return sweeping.sweep(judged, wishes, owner=True, on_progress=on_progress, stop=stop)

    def learn(
        self,
        questions: Questions,
        pipeline: str = "current",
        *,
        others: Iterable[str] = (),
        collection: str = "",
        stop: threading.Event | None = None,
    ) -> LearningReport:
        """Learn a reranker from judged questions and compare it with a pipeline.

        The scores of ``others``, rerankers of this machine, are weighed too. The version is kept
        and used by nobody: `ranklens.learning.adopt` has it rank if its gain on questions that it
        was not learned from is shown. Raises `RanklensError` for fewer than twenty judged
        questions.
        """
        from ranklens import learning

        options = self._options_of(pipeline)
        with self._judged(questions, stop, collection) as judged:
            return learning.learn(judged, options, others=list(others), stop=stop)

    def tune(
        self,
        questions: Questions,
        wishes: TuningWishes | None = None,
        pipeline: str = "current",
        *,
        collection: str = "",
        on_progress: Callable[[int, int, str], None] | None = None,
        stop: threading.Event | None = None,
    ) -> TuningReport:
        """Tune a cross-encoder on judged questions and compare it with a pipeline.

        The version is kept and used by nobody: `ranklens.tuning.adopt` has it rank if its gain on
        questions that it was not tuned on is shown. Needs the extra ``train``. Raises
        `RanklensError` for fewer than twenty judged questions, `ModelError` without a model.
        """
        from ranklens import tuning

        options = self._options_of(pipeline)
        with self._judged(questions, stop, collection) as judged:
            return tuning.tune(judged, options, wishes, on_progress=on_progress, stop=stop)

    def _judged(
        self, questions: Questions, stop: threading.Event | None, collection: str
    ) -> AbstractContextManager[JudgedSet]:
        from ranklens.judged_sets import judged_set

        return judged_set(cast("Library", self), questions, stop, collection)

    def _options_of(self, pipeline: str) -> dict[str, Any]:
        from ranklens.measuring import resolve

        (options,) = resolve(self.settings, [pipeline], owner=True).values()
        return options
