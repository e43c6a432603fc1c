"""Batches that shrink until they fit into the memory of a graphics processor."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from typing import TypeVar

from rag.errors import ModelError

log = logging.getLogger(__name__)
T = TypeVar("T")


def shrinking(run: Callable[[int], T], size: int) -> tuple[T, int]:
    """Return what ``run`` gives with batches of ``size``, and the size that fitted.

    If the graphics processor runs out of memory it is called again with half the size, down to 1.
    Raises `ModelError` if even one does not fit.
    """
    while True:
        try:
            return run(size), size
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
        # Not within the handler: its traceback holds on to the tensors of the call that failed.
        _let_go()
        if size == 1:
            raise ModelError(
                "the graphics processor's memory is too small for one pair of question and "
                "passage; lower rerank_tokens, choose a smaller model or close other programs that "
                "use it"
            )
        size //= 2
        log.warning("the graphics processor's memory is full; batches of %d from now on", size)


def out_of_memory(error: RuntimeError) -> bool:
    """Return whether torch reports that a graphics processor's memory is full."""
    return type(error).__name__ == "OutOfMemoryError" or "out of memory" in str(error)


def _let_go() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()
