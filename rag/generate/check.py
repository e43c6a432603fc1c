"""A model as the judge of whether passages support the sentences that cite them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.errors import GenerationError
from rag.generate.models import completed
from rag.generate.support import Sentence
from rag.generate.template import template
from rag.settings import Settings
from rag.text.quoting import boundary, defused, shorten

_LINE = re.compile(r"^\W*(\d{1,3})\W+(yes|no)\b\W*(.*)$", re.IGNORECASE)
_TOKENS_OF_A_PASSAGE = 400


def judged(settings: Settings, told: Sequence[Sentence]) -> dict[int, str]:
    """Return what is missing by the sentence's place; raises `GenerationError`.

    A sentence about which the model says nothing is an error: silence is no support.
    """
    texts = [_shown(one) for one in told]
    mark = boundary(texts)
    statements = "\n\n".join(
        f"<statement-{mark}>\n{number}: {text}\n</statement-{mark}>"
        for number, text in enumerate(texts, 1)
    )
    prompt = template(settings, "judge").format(boundary=mark, statements=statements)
    said = completed(settings, prompt, settings.llm_seconds)
    verdicts = {
        int(found[1]) - 1: (found[2].lower(), found[3].strip())
        for line in said.splitlines()
        if (found := _LINE.match(line))
    }
    if set(range(len(told))) - set(verdicts):
        raise GenerationError("the model that judges citations did not judge every sentence")
    return {
        place: why or "the cited passage does not support this"
        for place, (verdict, why) in verdicts.items()
        if verdict == "no" and place < len(told)
    }


def _shown(one: Sentence) -> str:
    passages = "\n".join(shorten(chunk.passage, _TOKENS_OF_A_PASSAGE) for chunk in one.cited)
    return defused(f"{one.text}\nPassage: {passages}")
