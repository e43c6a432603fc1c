"""Read, cut and count documents in another process, within limits of time and memory.

A document that makes a parser hang, crash or eat memory fails and nothing else does. The process is
kept for the next document, for starting it takes longer than reading a small one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ingest.child import COMMAND, Child, ProcessDied
from ingest.messages import Packet
from ingest.parsed import CutDocument, Parsed, spans_to_json
from rag.errors import DocumentError
from rag.settings import Settings
from rag.types import Chunk

ANSWERS = 200  # of one process, so that what libraries keep does not pile up
# Bytes of an answer: UTF-8 takes up to 4 a character; blocks and chunks take about 2 in real
# documents.
BYTES_A_CHARACTER = 12


class OutOfMemory(DocumentError):
    """Reading the document needs more memory than it may have."""


class ReadingEnded(DocumentError):
    """Somebody called `Parser.interrupt` while a document was read."""


class Parser:
    """Parses and cuts one document after the other; not for several threads at once.

    Only `interrupt` may be called from another thread.
    """

    def __init__(self, settings: Settings, counter: Path, command: Sequence[str] = COMMAND) -> None:
        """Start nothing yet; `close` must be called in the end.

        ``counter`` is the encoder's `Encoder.token_counter`.
        """
        self._settings = settings
        self._command = command
        self._child: Child | None = None
        self._interrupted = False
        self._cutting = {
            "counter": str(counter),
            "limit": settings.chunk_tokens,
            "overlap": settings.chunk_overlap,
            "most": settings.max_document_chunks,
        }

    def parse(
        self, path: Path, digest: str, name: str, password: str = "", pictures: bytes = b""
    ) -> CutDocument:
        """Return the document's text, structure and chunks.

        ``name`` is its original name, which chooses the loader and which the chunks carry.
        ``pictures`` is what is known of its pictures (`ingest.loaders.pictures.packed`).
        Raises `DocumentError` with the reason in plain words.
        """
        request = {
            "task": "parse",
            "path": str(path.absolute()),
            "name": name,
            "digest": digest,
            "password": password,
            "characters": self._settings.max_document_characters,
            "hidden_sheets": self._settings.hidden_sheets,
            "within": self._settings.parse_seconds,
            **self._cutting,
        }
        with _readable():
            header, parts = self._answer(request, [pictures] if pictures else ())
            if "pictures" in header:
                keys = tuple(map(str, header["pictures"]))
                return CutDocument("", None, "", "[]", b"", (), [], pictures=keys)
            text, spans, boxes, cut, *files = parts
            whole = text.decode()
            return CutDocument(
                str(header["media_type"]),
                header["pages"],
                whole,
                spans.decode(),
                boxes,
                tuple(map(str, header["warnings"])),
                _chunks(name, whole, cut),
                tuple(header["ocr"]),
                attached=tuple(zip(map(str, header["attached"]), files, strict=True)),
            )

    def recognise(self, path: Path, name: str, key: str, password: str = "") -> str:
        """Return the text of one picture of a document, as JSON; raises `DocumentError`."""
        request = {
            "task": "recognise",
            "path": str(path.absolute()),
            "name": name,
            "key": key,
            "password": password,
        }
        with _readable():
            _, (text,) = self._answer(request)
            return text.decode()

    def cut(self, documents: Sequence[tuple[str, str, Parsed]]) -> list[CutDocument]:
        """Cut texts that were parsed before, each given with its name and its file's digest.

        Raises `DocumentError`.
        """
        spans = [spans_to_json(parsed.spans) for _, _, parsed in documents]
        parts = [
            part.encode()
            for (_, _, parsed), places in zip(documents, spans, strict=True)
            for part in (parsed.text, places)
        ]
        names = [(name, digest) for name, digest, _ in documents]
        with _readable():
            _, found = self._answer({"task": "cut", "names": names, **self._cutting}, parts)
            return [
                CutDocument(
                    p.media_type,
                    p.pages,
                    p.text,
                    places,
                    p.boxes,
                    p.warnings,
                    _chunks(name, p.text, cut),
                    p.ocr,
                )
                for (name, _, p), places, cut in zip(documents, spans, found, strict=True)
            ]

    def interrupt(self) -> None:
        """End what is being read, if anything is: its caller gets `ReadingEnded`."""
        child = self._child
        if child is not None:
            self._interrupted = True
            child.kill()

    def close(self) -> None:
        """End the process."""
        if self._child is not None:
            self._child.close()
            self._child = None

    def _answer(self, request: Mapping[str, Any], parts: Sequence[bytes] = ()) -> Packet:
        self._interrupted = False
        try:
            if self._child is not None and self._child.answered:
                # What former documents left behind may be why it fails: a fresh process decides.
                with suppress(ProcessDied, OutOfMemory):
                    return self._asked(request, parts)
                self._refuse_interrupted()
            return self._asked(request, parts)
        except ProcessDied:
            self._refuse_interrupted()
            raise

    def _refuse_interrupted(self) -> None:
        if self._interrupted:
            raise ReadingEnded("reading it was interrupted") from None

    def _asked(self, request: Mapping[str, Any], parts: Sequence[bytes]) -> Packet:
        child = self._child = self._child or Child(self._command)
        keep = False
        most = BYTES_A_CHARACTER * self._settings.max_document_characters + (1 << 20)
        try:
            seconds = self._settings.parse_seconds
            answer = ask(child, request, parts, settings=self._settings, seconds=seconds, most=most)
            keep = child.answered < ANSWERS
        finally:
            if not keep:
                self.close()
        return answer


def ask(
    child: Child,
    request: Mapping[str, Any],
    parts: Sequence[bytes] = (),
    *,
    settings: Settings,
    seconds: float,
    most: int,
) -> Packet:
    """Return a child's answer; raises `DocumentError` if that is a reason."""
    limits = {"memory_mb": settings.parse_memory_mb, "seconds": seconds}
    answer = child.ask({**request, **limits}, parts, seconds=seconds, most=most)
    if "memory" in answer.header:
        raise OutOfMemory(
            f"reading it needs more than {settings.parse_memory_mb:,} MB; split the document or "
            "raise the setting parse_memory_mb"
        )
    if "reason" in answer.header:
        raise DocumentError(str(answer.header["reason"]))
    return answer


def _chunks(document: str, text: str, cut: bytes) -> list[Chunk]:
    return [
        Chunk(id, document, start, end, text[start:end], page, tuple(heading))
        for id, start, end, page, heading in json.loads(cut)
    ]


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, KeyError):
        raise DocumentError("its parser gave an answer that cannot be read; try again") from None
