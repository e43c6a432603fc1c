"""An encoder in sentence-transformers itself: every model it can load, at torch's speed."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from rag.errors import ModelError
from rag.models.coverage import Coverage
from rag.models.encoder import Matrix, unit
from rag.models.files import folder_digest
from rag.models.tokens import count_with

BATCH = 8
TOKENISERS = ("tokenizer.json", "vocab.*", "*.model", "*.tiktoken", "whitespacetokenizer*")


class TorchEncoder:
    """Any sentence-transformers model; see `rag.models.encoder.Encoder`."""

    def __init__(self, name: str, folder: Path, cache: Path) -> None:
        """Load the model; raises `ModelError`."""
        self._model = load_torch("SentenceTransformer", name, folder)
        self.name = name
        self.revision = folder_digest(folder, cache)
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        self.max_tokens = int(self._model.max_seq_length or 0) or 512
        self.engine = f"torch float32 {self._model.device.type}"
        self._coverage = coverage_of(self._model.tokenizer)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without special tokens or truncation."""
        return count_with(self._model.tokenizer, texts)

    @cached_property
    def token_counter(self) -> Path:
        """The tokeniser as it is in memory, in a folder that is gone when this process ends."""
        folder = Path(tempfile.mkdtemp(prefix="ranklens-tokeniser-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._model.tokenizer.save_pretrained(str(folder))
        return folder

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return unit vectors of passages, (texts, dimension)."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        rows = self._model.encode_document(list(texts), **_quietly())
        return unit(np.asarray(rows, dtype=np.float32))

    def encode_query(self, text: str) -> Matrix:
        """Return the unit vector of a question, (dimension,)."""
        vector: Matrix = self.encode_queries([text])[0]
        return vector

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        """Return unit vectors of questions, (texts, dimension)."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        rows = self._model.encode_query(list(texts), **_quietly())
        return unit(np.asarray(rows, dtype=np.float32))

    def encode_tokens(self, texts: Sequence[str]) -> list[Matrix]:
        """Return a unit vector for every token a text has, (tokens, size), no special tokens."""
        if not texts:
            return []
        rows = self._model.encode(
            list(texts), prompt="", output_value="token_embeddings", **_quietly()
        )
        special = self._tokenised(texts)["special_tokens_mask"]
        pairs = zip(rows, special, strict=True)
        return [unit(row.float().cpu().numpy()[~np.array(mask, bool)]) for row, mask in pairs]

    def encode_both(self, texts: Sequence[str]) -> tuple[Matrix, list[Matrix]]:
        """Return `encode` and `encode_tokens` of passages, in two passes."""
        return self.encode(texts), self.encode_tokens(texts)

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Return the characters (start, end) of each row that `encode_tokens` gives for a text."""
        tokens = self._tokenised([text], return_offsets_mapping=True)
        pairs = zip(tokens["offset_mapping"][0], tokens["special_tokens_mask"][0], strict=True)
        return [(start, end) for (start, end), special in pairs if not special]

    def coverage(self, texts: Sequence[str]) -> float:
        """Return how much of the texts its vocabulary knows as words, 0.1 to 1."""
        return self._coverage(texts)

    def _tokenised(self, texts: Sequence[str], **more: bool) -> Any:
        return self._model.tokenizer(
            list(texts),
            truncation=True,
            max_length=self.max_tokens,
            return_special_tokens_mask=True,
            **more,
        )


def coverage_of(tokenizer: Any) -> Callable[[Sequence[str]], float]:
    """Return the coverage of texts by a tokeniser of transformers; 1 if it is a slow one."""
    fast = getattr(tokenizer, "backend_tokenizer", None)
    # A copy: transformers switches truncation of its own one on and off.
    return Coverage(Tokenizer.from_str(fast.to_str())) if fast else lambda _texts: 1.0


def _quietly() -> dict[str, Any]:
    return {"batch_size": BATCH, "show_progress_bar": False}


def load_torch(
    kind: str, name: str, folder: Path, trusted: bool = False, dtype: Any = None, prompt: str = "",
    labels: int = 0,
) -> Any:  # fmt: skip
    """Load sentence-transformers' class ``kind`` from a folder; raises `ModelError`.

    ``trusted`` lets the model run code of its own. ``dtype`` is float32 unless given,
    ``prompt`` a chat template in place of the model's own, ``labels`` how many scores the head of a
    cross-encoder gives, if it is not the model's own.
    """
    # Without its tokeniser's files transformers makes one up that knows no word.
    if not any(any(folder.rglob(pattern)) for pattern in TOKENISERS):
        raise ModelError(f"the model {name} in {folder} has no tokeniser")
    try:
        import sentence_transformers
    except ImportError as error:
        raise ModelError(
            f"the model {name} runs in torch only, which is not installed here "
            "(`pip install torch sentence-transformers`)"
        ) from error
    try:
        return getattr(sentence_transformers, kind)(
            str(folder),
            local_files_only=True,
            trust_remote_code=trusted,
            model_kwargs={"dtype": dtype or "float32"},
            processor_kwargs={"chat_template": prompt} if prompt else None,
            **({"num_labels": labels} if labels else {}),
        )
    except Exception as error:  # the readers below transformers raise many kinds
        raise ModelError(
            f"the model {name} in {folder} cannot be loaded: {error}; "
            "if a file is damaged, fetch the model again"
        ) from error
