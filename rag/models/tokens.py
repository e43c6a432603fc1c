"""Tokens of texts with the `tokenizers` library; truncation that keeps special tokens in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tokenizers import Encoding, Tokenizer

from rag.errors import ModelError
from rag.models.coverage import Coverage
from rag.models.files import read_optional

CountTokens = Callable[[Sequence[str]], list[int]]
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


def token_counter(folder: Path) -> CountTokens:
    """Return what counts tokens as the encoder does whose `Encoder.token_counter` is ``folder``.

    Raises `ModelError` if the folder holds no tokeniser.
    """
    if (folder / "tokenizer.json").is_file():
        return Tokens(folder).count
    # Imported here: it takes a second, and few models have a tokeniser that is written in Python.
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    except Exception as error:
        raise ModelError(f"{folder}: holds no tokeniser ({error})") from error
    return partial(count_with, tokenizer)


def count_with(tokenizer: Any, texts: Sequence[str]) -> list[int]:
    """Return the number of tokens of each text, by a tokeniser of the transformers library."""
    if not texts:
        return []
    ids = tokenizer(list(texts), add_special_tokens=False, verbose=False)
    return [len(row) for row in ids["input_ids"]]
