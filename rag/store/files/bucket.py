"""Files in S3-compatible storage (AWS, MinIO, Garage, SeaweedFS, Ceph …).

Endpoint, region and keys come from the usual variables: AWS_ENDPOINT_URL, AWS_REGION,
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, or what a cloud gives its machines. Every request has a
deadline; a large file is sent and read in parts.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from rag.errors import FilesUnavailable, NotThere, SettingsError
from rag.store.files.protocol import StoredFile, checked, damaged, missing

REQUEST_SECONDS, CONNECT_SECONDS = 30, 5
RETRIES = 2
PART = 8 << 20  # bytes of a request; S3 takes parts of 5 MB and more
TRIES = 3  # of a file that is replaced while it is read
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_DIGEST = "sha256"  # what an object has among its metadata
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")


class BucketFiles:
    """`Files` in a bucket, below a prefix. Safe to use from several threads."""

    def __init__(self, address: str) -> None:
        """``address`` is ``s3://BUCKET/PREFIX``; raises `SettingsError` if it is none."""
        bucket, prefix = parsed(address)
        try:
            import obstore
            from obstore.store import S3Store
        except ModuleNotFoundError:
            raise SettingsError(
                "files_url needs a library for S3: pip install 'ranklens[s3]'"
            ) from None
        self._api: Any = obstore
        self.where = f"the bucket {bucket}"
        endpoint = next((os.environ[name] for name in _ENDPOINTS if os.environ.get(name)), "")
        given: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
        self._store: Any = S3Store(
            bucket,
            prefix=prefix or None,
            client_options={
                "timeout": timedelta(seconds=REQUEST_SECONDS),
                "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                "allow_http": endpoint.startswith("http://"),
            },
            retry_config={
                "max_retries": RETRIES,
                "retry_timeout": timedelta(seconds=REQUEST_SECONDS * (RETRIES + 1)),
            },
            **given,
        )

    def put(self, key: str, source: Path, *, give: bool = False) -> None:
        """Keep the bytes of a file under a key; S3 shows all of them, or none."""
        with source.open("rb") as data:
            digest = hashlib.file_digest(data, hashlib.sha256).hexdigest()
        with self._explained(checked(key)):
            self._api.put(
                self._store, key, source,
                attributes={_DIGEST: digest}, chunk_size=PART, max_concurrency=4,
            )  # fmt: skip

    def fetch(self, key: str, target: BinaryIO) -> None:
        """Write the bytes of a key into an empty file."""
        for _ in range(TRIES):
            target.seek(0)
            target.truncate()
            with self._explained(checked(key)):
                if self._read(key, target):
                    return
        raise FilesUnavailable(f"the file {key} in {self.where} changes all the time; try again")

    def place(self, key: str) -> Path | None:
        """Return None: files are not on this machine."""
        checked(key)
        return None

    def stat(self, key: str) -> StoredFile | None:
        """Return what is kept under a key."""
        try:
            with self._explained(checked(key)):
                return _file(self._api.head(self._store, key), key)
        except NotThere:
            return None

    def list(self, folder: str) -> Iterator[StoredFile]:
        """Return the files below a folder, page by page."""
        below = checked(folder)
        with self._explained(below):
            for page in self._api.list(self._store, below):
                for one in page:
                    yield _file(one, str(one["path"]))

    def delete(self, key: str) -> None:
        """Delete what is kept under a key."""
        try:
            with self._explained(checked(key)):
                self._api.delete(self._store, key)
        except NotThere:
            return

    def _read(self, key: str, target: BinaryIO) -> bool:
        """Read a file part by part; False if another one took its place meanwhile."""
        head = self._api.get(self._store, key, options={"head": True})
        found, digest = head.meta, hashlib.sha256()
        for start in range(0, found["size"], PART):
            end = min(start + PART, found["size"])
            options = {"range": (start, end), "if_match": found["e_tag"]}
            try:
                part = self._api.get(self._store, key, options=options).bytes()
            except self._api.exceptions.PreconditionError:
                return False
            target.write(part)
            digest.update(part)
        if digest.hexdigest() != head.attributes.get(_DIGEST, digest.hexdigest()):
            raise damaged(key, self.where)
        return True

    @contextmanager
    def _explained(self, key: str) -> Iterator[None]:
        """Raise what the library raises in words; its own texts may hold addresses."""
        try:
            yield
        except (FileNotFoundError, self._api.exceptions.BaseError) as error:
            text = str(error)
            code = found[1] if (found := _CODE.search(text)) else ""
            if isinstance(error, FileNotFoundError) and code != "NoSuchBucket":
                raise missing(key) from None
            raise FilesUnavailable(self._reason(text, code)) from None

    def _reason(self, text: str, code: str) -> str:
        if code == "NoSuchBucket":
            return f"{self.where} does not exist (option files_url); make it"
        if "status code: 403" in text or "status code: 401" in text:
            return (
                f"{self.where} refuses this program's key{f' ({code})' if code else ''}; check "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and what the key may do there"
            )
        if code:
            return f"{self.where} refused a request ({code}); it is tried again"
        return f"{self.where} cannot be reached or does not answer in time; it is tried again"


def parsed(address: str) -> tuple[str, str]:
    """Return bucket and prefix of ``s3://BUCKET/PREFIX``; raises `SettingsError`."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        parts = urlsplit("")
    prefix = parts.path.strip("/")
    extra = parts.query or parts.fragment
    if parts.scheme != "s3" or extra or not _BUCKET.fullmatch(parts.netloc):
        raise SettingsError(
            "option files_url is not the address of a bucket; it looks like s3://BUCKET/PREFIX. "
            "Endpoint and keys are in the environment (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, …)"
        )
    if prefix:
        checked(prefix)
    return parts.netloc, prefix


def _file(found: Any, key: str) -> StoredFile:
    return StoredFile(key, int(found["size"]), found["last_modified"].timestamp())
