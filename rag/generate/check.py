"""A language model judges whether passages support the sentences that cite them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.errors import GenerationError
from rag.generate.support import AnswerSentence
from rag.llm.client import LanguageModel
from rag.text.quoting import boundary, defused, delimited, shorten

_LINE = re.compile(r"^\W*(\d{1,3})\W+(yes|no)\b\W*(.*)$", re.IGNORECASE)
_TOKENS_OF_A_PASSAGE = 400


def judged(model: LanguageModel, cited: Sequence[AnswerSentence]) -> dict[int, str]:
    """Return what is missing by the sentence's place.

    A sentence about which the model writes nothing is an error: silence is no support. Raises
    `ProviderError` if the call fails, `GenerationError` if its reply cannot be read.
    """
    texts = [_shown(one) for one in cited]
    mark = boundary(texts)
    statements = "\n\n".join(
        delimited("statement", mark, f"{number}: {text}") for number, text in enumerate(texts, 1)
    )
    prompt = model.prompt("judge").format(boundary=mark, statements=statements)
    reply = model.chat("", prompt)
    verdicts = {
        int(found[1]) - 1: (found[2].lower(), found[3].strip())
        for line in reply.text.splitlines()
        if (found := _LINE.match(line))
    }
    if set(range(len(cited))) - set(verdicts):
        problem = reply.problem or "it did not judge every sentence"
        raise GenerationError(f"the model that judges citations gave no verdict: {problem}")
    return {
        place: why or "the cited passage does not support this"
        for place, (verdict, why) in verdicts.items()
        if verdict == "no" and place < len(cited)
    }


def _shown(one: AnswerSentence) -> str:
    passages = "\n".join(shorten(chunk.in_document, _TOKENS_OF_A_PASSAGE) for chunk in one.cited)
    return defused(f"{one.text}\nPassage: {passages}")
