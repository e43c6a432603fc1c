"""Which of the places for files the settings choose."""

from __future__ import annotations

from rag.settings import Settings
from rag.store.database import engine_of
from rag.store.files.copies import Copies
from rag.store.files.folder import FolderFiles
from rag.store.files.protocol import Files


def files_of(settings: Settings) -> Files:
    """Return where the library of these settings keeps files: bucket, database or folder.

    Raises `SettingsError` if ``files_url`` is malformed or its library is not installed.
    """
    if settings.files_url:
        # Imported here: only who uses a bucket has the library for it.
        from rag.store.files.bucket import BucketFiles

        return BucketFiles(settings.files_url)
    if address := settings.database_url.get_secret_value():
        from rag.store.files.rows import RowFiles

        return RowFiles(engine_of(address), settings.database_file_mb)
    return FolderFiles(settings.library)


def copies_of(settings: Settings, files: Files) -> Copies:
    """Return the local copies of files that are kept elsewhere."""
    return Copies(files, settings.cache / "files", settings.copies_mb)
