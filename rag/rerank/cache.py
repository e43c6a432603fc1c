"""Scores on disk: a passage that was scored once need not be scored again."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

log = logging.getLogger(__name__)

FILE = "rerank-scores-1.sqlite"
ROW_BYTES = 100  # a row, its share of both indexes and of pages that are not full
_SCHEMA = """
CREATE TABLE IF NOT EXISTS scores (
    key BLOB PRIMARY KEY, score REAL NOT NULL, used INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS scores_by_use ON scores (used);
"""


def key(identity: str, query: str, text: str, among: Sequence[str] = ()) -> bytes:
    """Return the key of a score; ``among`` are the other passages if they matter."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (identity, query, text, *among):
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "little") + encoded)
    return digest.digest()


class ScoreCache:
    """Scores by key, the least recently used leave first. Safe for threads and processes.

    Nothing here raises: a cache that cannot be read or written is an empty one, and one that is
    damaged is made anew.
    """

    def __init__(self, folder: Path, megabytes: int) -> None:
        self._path = folder / FILE
        self._rows = megabytes * 1_000_000 // ROW_BYTES
        self._lock = threading.Lock()
        self._open: sqlite3.Connection | None = None

    def get(self, keys: Sequence[bytes]) -> dict[bytes, float]:
        """Return the scores that are known."""
        found: dict[bytes, float] = {}
        with self._lock:
            try:
                found = self._read(keys)
            except sqlite3.Error as error:
                self._broken(error)
        return found

    def put(self, scores: Mapping[bytes, float]) -> None:
        """Keep scores; if the cache is full the least recently used tenth leaves."""
        now = int(time.time())
        with self._lock:
            try:
                with self._connection() as connection:
                    rows = [(k, score, now) for k, score in scores.items()]
                    connection.executemany("INSERT OR REPLACE INTO scores VALUES (?, ?, ?)", rows)
                    self._evict(connection)
            except sqlite3.Error as error:
                self._broken(error)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._open is not None:
                self._open.close()
                self._open = None

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, float]:
        found: dict[bytes, float] = {}
        with self._connection() as connection:
            for k in keys:
                row = connection.execute("SELECT score FROM scores WHERE key = ?", (k,)).fetchone()
                if row:
                    found[k] = row[0]
            now = int(time.time())
            connection.executemany(
                "UPDATE scores SET used = ? WHERE key = ? AND used < ?",
                [(now, k, now - 60) for k in found],
            )
        return found

    def _evict(self, connection: sqlite3.Connection) -> None:
        (rows,) = connection.execute("SELECT count(*) FROM scores").fetchone()
        if rows > self._rows:
            leave = rows - self._rows + self._rows // 10
            connection.execute(
                "DELETE FROM scores WHERE key IN (SELECT key FROM scores ORDER BY used LIMIT ?)",
                (leave,),
            )

    def _connection(self) -> sqlite3.Connection:
        if self._open is None:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise sqlite3.OperationalError(str(error)) from None
            connection = sqlite3.connect(self._path, timeout=1.0, check_same_thread=False)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = OFF")
                connection.executescript(_SCHEMA)
            except sqlite3.Error:
                connection.close()
                raise
            self._open = connection
        return self._open

    def _broken(self, error: sqlite3.Error) -> None:
        log.warning("%s: the cache of scores cannot be used (%s)", self._path, error)
        if self._open is not None:
            self._open.close()
            self._open = None
        # "locked" and "unable to open" pass by themselves; a damaged file does not.
        if not isinstance(error, sqlite3.OperationalError):
            for path in (self._path, Path(f"{self._path}-wal"), Path(f"{self._path}-shm")):
                path.unlink(missing_ok=True)
