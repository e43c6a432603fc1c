"""A question while it is answered: its passages are ranked, the answer comes piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rag.chat.rewrite import Exchange, Rewritten, exchanges, standalone
from rag.llm.client import LanguageModel
from rag.retrieve.question import checked_question
from rag.settings import Settings
from rag.types import Trace
from ranklens.monitoring import record

if TYPE_CHECKING:
    from rag.generate.answer import Answering
    from rag.pipeline import Pipeline
    from rag.watch.entry import Origin
    from ranklens.records import Records


LONGEST_HISTORY = 20


def search_in_conversation(
    pipeline: Pipeline, question: str, history: Sequence[tuple[str, str]]
) -> Trace:
    """Search for a question that may refer to earlier ones, (question, answer), oldest first.

    Documents that it names (``@name``) are found in it before it is rewritten.
    """
    asked = checked_question(question, pipeline.settings)
    words, named = pipeline.mentioned(asked)
    rewritten = rewrite(words, exchanges(history[-LONGEST_HISTORY:]), pipeline.settings)
    trace = (pipeline.within(named) if named else pipeline).search(rewritten.question)
    return rewritten.kept_in(trace)


def rewrite(question: str, history: Sequence[Exchange], settings: Settings) -> Rewritten:
    """Make a follow-up stand alone, with the settings' model or by the rule."""
    model = LanguageModel(settings, "", "rewrite_seconds", 0) if settings.llm_model else None
    return standalone(question, history, model)


class AnswerInProgress:
    """Iterate for the answer's pieces; `finish` returns the trace with the whole answer.

    ``trace`` holds the rankings and no answer. `close` ends the answer early, from any thread.
    """

    def __init__(
        self, library: Records, trace: Trace, answering: Answering, origin: Origin
    ) -> None:
        self.trace = trace
        self._library = library
        self._answering = answering
        self._origin = origin
        self._finished: Trace | None = None

    def __iter__(self) -> Iterator[str]:
        return iter(self._answering)

    def close(self) -> None:
        """Stop writing; what has arrived is the answer."""
        self._answering.close()

    def finish(self) -> Trace:
        """Write what is left, log the question, and return the trace with its answer."""
        if self._finished is None:
            for _piece in self._answering:
                pass
            self._finished = self.trace.with_answer(self._answering.answer)
            record(self._library, self._finished, self._origin)
        return self._finished
