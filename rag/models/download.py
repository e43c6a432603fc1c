"""Download a model from the hub into its cache; a dead network is noticed within seconds.

Some of the waits of the hub's client have no end. So it works in a thread of its own, and without
a byte for a while the download is given up, even if the client still waits.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from rag.errors import ModelError
from rag.models.hub import locate

ANSWER_SECONDS = 5.0  # for the hub's first answer
# Once the hub has answered; its client hands on 10 MB at a time, so a slow line needs a while.
STALL_SECONDS = 60.0
# Other frameworks' copies of the same weights.
IGNORED = ("*.onnx", "*.onnx_data", "openvino/*", "*.h5", "*.msgpack", "*.ot", "*.gguf", "coreml/*")


@dataclass(frozen=True, slots=True)
class Progress:
    """Bytes done, bytes in all (0 until they are known), and the file at hand."""

    done: int = 0
    total: int = 0
    file: str = ""


class Download:
    """One model on its way here. `start` it, look at `progress` while it is `running`.

    Afterwards either ``folder`` holds the model or ``error`` has the reason in plain words.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.progress = Progress()
        self.folder: Path | None = None
        self.error = ""
        self._patience = ANSWER_SECONDS + 1  # the client's own words come first
        self._sign = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=f"download {name}", daemon=True)

    def start(self) -> Self:
        """Begin, in a thread that never keeps the process alive."""
        self._sign = time.monotonic()
        self._thread.start()
        return self

    @property
    def running(self) -> bool:
        """Whether it is still at work; one that shows no sign of life for long is given up."""
        if self.error or self.folder or not self._thread.is_alive():
            return False
        if time.monotonic() - self._sign > self._patience:
            self._fail(f"nothing came from {_endpoint()} for {self._patience:g} seconds; {ADVICE}")
            return False
        return True

    def cancel(self) -> None:
        """Give up; a file that was half here is thrown away."""
        self._fail("it was stopped")

    def _fail(self, reason: str) -> None:
        self.error = self.error or f"{self.name} cannot be downloaded: {reason}"

    def _run(self) -> None:
        try:
            self._fetch()
            self.folder = locate(self.name)
        # The boundary to the hub's client, which lets its transport's errors through. A download
        # that was given up has its reason already.
        except Exception as error:  # noqa: BLE001
            self._fail(_reason(error))

    def _fetch(self) -> None:
        from huggingface_hub import HfApi, constants, hf_hub_download

        if constants.is_offline_mode():
            raise ModelError(
                "HF_HUB_OFFLINE is set. Unset it, or copy the model's folder here and give its path"
            )
        self._alive(Progress())  # importing the client took a while
        info = HfApi().model_info(self.name, timeout=ANSWER_SECONDS, files_metadata=True)
        files = wanted({file.rfilename: file.size or 0 for file in info.siblings or []})
        total = sum(files.values())
        _check_room(total, Path(constants.HF_HUB_CACHE))
        self._patience = STALL_SECONDS
        before = 0
        for file, size in files.items():
            self._alive(Progress(before, total, file))
            bar = _counter(self._arrived)
            hf_hub_download(self.name, file, etag_timeout=ANSWER_SECONDS, tqdm_class=bar)
            before += size
        self._alive(Progress(total, total))

    def _arrived(self, count: int) -> None:
        now = self.progress
        self._alive(Progress(min(now.done + count, now.total), now.total, now.file))

    def _alive(self, progress: Progress) -> None:
        if self.error:
            raise ModelError(self.error)  # given up or cancelled: ends the thread
        self._sign = time.monotonic()
        self.progress = progress


def download(
    name: str,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> Path:
    """Fetch a model by its id and return its folder; ``stop`` gives it up.

    Raises `ModelError` if the hub cannot be reached, does not know the model, wants a token or
    stops sending, or if the disk has no room for it.
    """
    fetching = Download(name).start()
    try:
        while fetching.running:
            time.sleep(0.05)
            if on_progress is not None:
                on_progress(fetching.progress)
            if stop is not None and stop.is_set():
                fetching.cancel()
    except KeyboardInterrupt:
        fetching.cancel()
        raise
    if fetching.folder is None:
        raise ModelError(fetching.error)
    return fetching.folder


def wanted(sizes: dict[str, int]) -> dict[str, int]:
    """Return the files that torch or ONNX Runtime here need, of those a repository has."""
    safe = any(name.endswith(".safetensors") for name in sizes)
    ignored = (*IGNORED, "*.bin") if safe else IGNORED
    return {n: size for n, size in sizes.items() if not any(Path(n).match(p) for p in ignored)}


def _counter(arrived: Callable[[int], None]) -> Any:
    """Return a progress bar that draws nothing and reports the bytes that arrive."""
    from huggingface_hub.utils.tqdm import tqdm

    class Counter(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **{**options, "disable": True})  # type: ignore[no-untyped-call]

        def update(self, n: float | None = 1) -> None:
            arrived(int(n or 0))

        def update_transfer(self, n: float | None = 1) -> None:
            """Bytes on the wire: a sign of life, counted once they are on the disk."""
            arrived(0)

    return Counter


def _check_room(size: int, cache: Path) -> None:
    existing = next(folder for folder in (cache, *cache.absolute().parents) if folder.is_dir())
    free = shutil.disk_usage(existing).free
    if size > free:
        raise ModelError(
            f"it takes {size / 1e6:,.0f} MB, and {existing} has {free / 1e6:,.0f} MB left; make "
            "room, or let HF_HOME name another folder"
        )


ADVICE = (
    "check the network (and HF_ENDPOINT, if it is set), or copy the model's folder here and give "
    "its path"
)


def _endpoint() -> str:
    from huggingface_hub import constants

    return str(constants.ENDPOINT)


def _reason(error: Exception) -> str:
    """Return what an error of the hub's client means and what to do."""
    from huggingface_hub import errors

    first = str(error).strip().split("\n")[0]
    name = f"{type(error).__name__}: {first}" if first else type(error).__name__
    match error:
        case ModelError():
            return str(error)
        case errors.HFValidationError():
            return "that is no model id; one looks like owner/name"
        case errors.GatedRepoError():
            return (
                "its owner wants its terms accepted first, on its page at the hub; then set "
                "HF_TOKEN to a token of your account"
            )
        case errors.RepositoryNotFoundError():
            return (
                f"{_endpoint()} knows no such model; check the name (owner/name), and set HF_TOKEN "
                "if it is a private one"
            )
        case errors.HfHubHTTPError() if error.response.status_code in (401, 403):
            return (
                f"{_endpoint()} refused it ({error.response.status_code}); check the name "
                "(owner/name) and set HF_TOKEN to a token that may read it"
            )
        case errors.HfHubHTTPError():
            return f"{_endpoint()} answered: {name}"
    if isinstance(error, errors.LocalEntryNotFoundError) or "httpx" in type(error).__module__:
        return f"{_endpoint()} cannot be reached ({name}); {ADVICE}"
    return name
