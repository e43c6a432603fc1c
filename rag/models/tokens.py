"""Tokens of texts with the `tokenizers` library; truncation that keeps special tokens in place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Encoding, Tokenizer

from rag.errors import ModelError
from rag.models.coverage import Coverage
from rag.models.files import read_optional

UNTYPED = ("PreTrainedTokenizerFast", "TokenizersBackend")


class Tokens:
    """A model's own tokeniser, without torch or transformers."""

    def __init__(self, folder: Path) -> None:
        """Read ``tokenizer.json``; raises `ModelError` if it is missing or malformed."""
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise ModelError(f"{folder}: has no tokenizer.json")
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises nothing narrower
            raise ModelError(f"{path}: not a tokeniser ({error})") from error
        config = read_optional(folder / "tokenizer_config.json")
        named = config.get("model_input_names")
        # Whether question and passage get different types.
        self.typed: bool = (
            config.get("tokenizer_class") not in UNTYPED
            if named is None
            else "token_type_ids" in named
        )
        self.around_pair: int = self._tokenizer.num_special_tokens_to_add(True)
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.coverage = Coverage(self._tokenizer)

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, special tokens left out."""
        fast = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding) for encoding in fast]

    def bare(self, texts: Sequence[str]) -> list[Encoding]:
        """Return each text's tokens with character offsets and without special tokens."""
        return list(self._tokenizer.encode_batch(list(texts), add_special_tokens=False))

    def single(self, encoding: Encoding, limit: int) -> Encoding:
        """Cut bare tokens so that with special tokens they are at most ``limit``, and add those."""
        encoding.truncate(max(0, limit - self._tokenizer.num_special_tokens_to_add(False)))
        return self._tokenizer.post_process(encoding)

    def pair(self, query: Encoding, passage: Encoding, room: int) -> Encoding:
        """Join a query and a passage, which is cut to at most ``room`` tokens."""
        passage.truncate(room)
        return self._tokenizer.post_process(query, passage)
