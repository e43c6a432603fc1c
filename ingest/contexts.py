"""A sentence for each chunk, written by a language model: what it is about in its document.

Encoders, BM25 and rerankers read it before the chunk's text; nothing quotes it ("contextual
retrieval", Anthropic 2024). A sentence is kept as soon as it is there, so a document that was
interrupted, ran out of time or is indexed again asks only for what is missing.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from ingest.parsed import CutDocument
from rag.errors import RanklensError
from rag.llm.calls import side_by_side
from rag.llm.client import LanguageModel
from rag.settings import Settings
from rag.store.catalogue import Document
from rag.store.picture_texts import PictureTexts
from rag.text.plural import plural
from rag.text.quoting import as_it_reads, boundary, defused, delimited, on_one_line
from rag.types import Chunk

AT_ONCE = 4  # calls
LONGEST = 300  # characters of a sentence
BEGINNING, BEFORE = 1000, 2000  # characters of the document that the model is given
TIME_IS_UP = "the time for them was over (option context_seconds)"


@dataclass(frozen=True, slots=True)
class ContextWriter:
    """Gives chunks their contexts. ``check`` runs between calls; what it raises ends the work."""

    settings: Settings
    texts: PictureTexts
    check: Callable[[Document], None]

    def write(self, document: Document, cut: CutDocument) -> CutDocument:
        """Return a document whose chunks have contexts; a warning counts those without."""
        if not self.settings.context_headers:
            return cut
        model = LanguageModel(self.settings)
        prompt = model.prompt("context")
        writer = f"context {hashlib.sha256(f'{model.identity}{prompt}'.encode()).hexdigest()[:16]}"
        known = self.texts.of(document.digest, writer)
        missing = [chunk for chunk in cut.chunks if chunk.id not in known]
        problem = model.missing()
        ends = time.monotonic() + self.settings.context_seconds
        while missing and not problem:
            self.check(document)
            group, missing = missing[:AT_ONCE], missing[AT_ONCE:]
            try:
                made = _written(model, prompt, cut, group)
            except RanklensError as error:
                missing, problem = [*group, *missing], str(error)
                break
            for key, text in made.items():
                self.texts.keep(document.digest, key, writer, text)
            known |= made
            problem = TIME_IS_UP if missing and time.monotonic() > ends else ""
        chunks = [_with_context(chunk, known.get(chunk.id, "")) for chunk in cut.chunks]
        return replace(cut, chunks=chunks, warnings=(*cut.warnings, *_warned(missing, problem)))


def _with_context(chunk: Chunk, context: str) -> Chunk:
    """Return a chunk with its context; its id changes too, since the indexes go by ids."""
    if not context:
        return chunk
    name = hashlib.sha256(f"{chunk.id}:{context}".encode()).hexdigest()[:32]
    return replace(chunk, id=name, context=context)


def _warned(missing: Sequence[Chunk], problem: str) -> list[str]:
    without = f"{plural(len(missing), 'chunk')} got no context from the language model: {problem}"
    return [f"{without}; `ranklens reindex` goes on there"] if missing else []


def _written(
    model: LanguageModel, prompt: str, cut: CutDocument, group: Sequence[Chunk]
) -> Mapping[str, str]:
    """Return the sentences of some chunks; raises `RanklensError` if a call fails."""
    texts = side_by_side([partial(_sentence, model, prompt, cut, one) for one in group], AT_ONCE)
    return {chunk.id: text for chunk, text in zip(group, texts, strict=True)}


def _sentence(model: LanguageModel, prompt: str, cut: CutDocument, chunk: Chunk) -> str:
    begins = cut.text[:BEGINNING]
    before = cut.text[max(BEGINNING, chunk.start - BEFORE) : chunk.start]
    around = "\n…\n".join(filter(None, (chunk.document, begins, before)))
    mark = boundary([around, chunk.text])
    passages = delimited("passages", mark, defused(around))
    user = f"{passages}\n\n{delimited('passage', mark, defused(chunk.in_document))}"
    reply = model.chat(prompt.format(boundary=mark), user)
    return as_it_reads(on_one_line(reply.text, LONGEST))
