"""What both stores do in the same way, out of their catalogue and their words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from rag.store.analyse import Analyser, analyser
from rag.store.catalogue import Catalogue
from rag.store.lexical import Bm25Search
from rag.text.language import ENGLISH
from rag.types import Chunk


class CommonStore(ABC):
    """The part of `Store` that is the same wherever the library is."""

    catalogue: Catalogue
    lexical: Bm25Search

    def analyser_of(
        self, chunks: Sequence[Chunk] = (), languages: Sequence[str] | None = None
    ) -> Analyser:
        """Return what makes terms of passages like these: of the first one's language.

        Without passages it is the first of ``languages``, by default that of most documents.
        """
        if isinstance(self.lexical.analyser, Analyser):
            return self.lexical.analyser
        for chunk in chunks[:1]:
            for document in self.catalogue.documents("ready", name=chunk.document):
                return analyser(document.language)
        spoken = self.catalogue.languages() if languages is None else languages
        return analyser(next(iter(spoken), ENGLISH))

    def retire(self, document_ids: Sequence[int]) -> None:
        """Remove documents: `hide` them, then `clear` and `forget` them."""
        self.hide(document_ids)
        self.clear(document_ids)
        self.forget()

    @abstractmethod
    def hide(self, document_ids: Sequence[int]) -> None:
        """Remove documents from view."""

    @abstractmethod
    def clear(self, document_ids: Sequence[int]) -> None:
        """Forget the chunks of documents that are hidden or did not get to be published."""

    @abstractmethod
    def forget(self) -> None:
        """Write anew what still holds words of removed documents."""
