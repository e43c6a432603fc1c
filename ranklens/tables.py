"""All tables of a library: importing this declares every one of them on `metadata`."""

from __future__ import annotations

import rag.chat.interleaved
import rag.chat.schema
import rag.evaluate.experiments.kept
import rag.evaluate.judgements.schema
import rag.store.accounts
import rag.store.api_keys
import rag.store.facts
import rag.store.files.rows
import rag.store.jobs
import rag.store.saved_settings
import rag.store.shares
import rag.store.sources
import rag.watch.log  # noqa: F401
from rag.store.schema import metadata

__all__ = ["metadata"]
