"""What a library does on a disk that becomes full or read-only: run by `test_full_disk`.

``python -m tests.crash.full_disk SCENARIO FOLDER``: the folder is the root of a small disk of its
own. A scenario ends with an error if anything is not as it should be.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

import ranklens.library
from rag.errors import LibraryError, StorageError
from rag.evaluate.judgements.votes import Vote, VotedPipeline
from rag.settings import Settings
from ranklens.library import Library
from tests.fakes import WordEncoder

SENTENCES = "The moon {0}-{1} is in orbit around ring {1}. "
LEAST = 8  # MB


def opened(folder: Path, **options: object) -> Library:
    chosen = {"library": folder / "library", "min_free_mb": LEAST, **options}
    return Library.open(Settings(cache=folder / "cache", **chosen))  # type: ignore[arg-type]


def write(folder: Path, name: str, sentences: int = 100) -> Path:
    path = folder / name
    path.write_text("".join(SENTENCES.format(name, i) for i in range(sentences)))
    return path


def free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


@contextmanager
def other_program(folder: Path, leaves: int) -> Iterator[None]:
    """Another program's file takes all of the disk but ``leaves`` bytes."""
    filler = folder / "filler"
    filler.write_bytes(b"x" * max(0, free(folder) - leaves))
    try:
        yield
    finally:
        filler.unlink()


def until(holds: object, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)


def statuses(library: Library) -> dict[str, str]:
    return {document.name: document.status for document in library.documents()}


def waits_for_room(folder: Path) -> None:
    """Less than the least room: nothing is indexed, the page shows why, and it goes on later."""
    with opened(folder) as library:
        library.look_again = 0.1
        library.add([write(folder, "a.txt")])
        library.enqueue(write(folder, "b.txt"))
        late = write(folder, "c.txt")
        with other_program(folder, leaves=(LEAST << 20) - 1000):
            library.start_worker()
            until(lambda: library.progress().problem)
            shown = library.progress()
            assert "min_free_mb" in shown.problem, shown
            assert shown.waits, shown
            assert not shown.running, shown
            time.sleep(0.5)
            assert statuses(library) == {"a.txt": "ready", "b.txt": "queued"}
            with pytest.raises(StorageError, match="min_free_mb"):
                library.enqueue(late)
            with pytest.raises(LibraryError, match="min_free_mb"):
                library.add([late])
            assert library.search("moon").stages[-1].hits
        until(lambda: statuses(library)["b.txt"] == "ready")
        assert not library.progress().problem
        assert library.verify().problems == ()


def full_in_the_middle(folder: Path, guarded: bool = True) -> None:
    """The disk itself is full in the middle of a document, at every kind of write."""
    with opened(folder, min_free_mb=0) as library:
        if not guarded:
            library.index.room.require = lambda size: None  # type: ignore[method-assign]
        library.look_again = 0.1
        library.add([write(folder, "a.txt")])
        library.start_worker()
        for number, leaves in enumerate((0, 20, 60, 150, 400, 900, 1600, 2400, 3500)):
            path = write(folder, f"{number}.txt", 1500)
            library.stop_work()
            with other_program(folder, leaves << 10):
                if not queued(library, path):
                    continue
                until(lambda: library.progress().problem or all_ready(library))
                if not all_ready(library):
                    assert library.progress().waits, library.progress()
                    assert "full" in library.progress().problem, library.progress()
                assert library.search("moon").stages[-1].hits
            until(lambda: all_ready(library))
            assert library.verify().problems == (), (leaves, library.verify())
    with opened(folder, min_free_mb=0) as library:
        assert library.verify().problems == ()
        assert all_ready(library)


def full_in_the_middle_of_chroma(folder: Path) -> None:
    """Nothing looks for room before Chroma writes: another program was quicker."""
    full_in_the_middle(folder, guarded=False)


def queued(library: Library, path: Path) -> bool:
    """Queue a file; False if the disk has no room for it."""
    try:
        library.enqueue(path)
    except StorageError as error:
        if "full" in str(error):
            return False
        raise
    return True


def all_ready(library: Library) -> bool:
    return set(statuses(library).values()) == {"ready"}


def remove_frees_room(folder: Path) -> None:
    """Another program fills the disk to the last byte; documents can be removed all the same."""
    for leaves in (0, 100, 1600, 3000):
        with opened(folder) as library:
            library.add([write(folder, "a.txt", 2000), write(folder, "b.txt", 20)])
            with other_program(folder, leaves << 10):
                before = free(folder)
                library.remove("a.txt")
                assert free(folder) > before
                assert statuses(library) == {"b.txt": "ready"}
                hits = library.search("moon").stages[-1].hits
                assert {hit.chunk.document for hit in hits} == {"b.txt"}
            library.work()
            assert library.verify().problems == (), leaves
            library.remove("b.txt")
        with opened(folder) as library:
            assert library.verify().problems == ()


def opens_on_a_full_disk(folder: Path) -> None:
    """The reserve is enough to open the library, ask it and remove something."""
    with opened(folder) as library:
        library.add([write(folder, "a.txt", 500), write(folder, "b.txt", 20)])
    with other_program(folder, leaves=0), opened(folder) as library:
        assert library.search("moon").stages[-1].hits
        library.remove("a.txt")
        assert statuses(library) == {"b.txt": "ready"}
    with opened(folder, min_free_mb=0) as library:
        assert library.verify().problems == ()
    with other_program(folder, leaves=0), pytest.raises(StorageError, match="full"):
        opened(folder, min_free_mb=0)


def other_writes_say_so(folder: Path) -> None:
    """A turn, a judgement, a vote and the question log: a clear error, and no answer is lost."""
    with opened(folder) as library:
        library.add([write(folder, "a.txt")])
        chunk = library.chunks("a.txt")[0]
        trace = library.ask("moon orbit?")
        chat = library.conversations.start("moon")
        library.votes.all()
        library.index.catalogue.empty_journal()
        with other_program(folder, leaves=0):
            library.index.room.give_up_reserve()
            filler = folder / "rest"
            filler.write_bytes(b"x" * free(folder))
            long = "why? " * 1_400
            assert library.ask("moon " + long).answer
            with pytest.raises(StorageError, match="full"):
                library.conversations.add(chat, long, trace)
            with pytest.raises(StorageError, match="full"):
                library.judge(long, chunk, 3)
            one, other = VotedPipeline("one", "1"), VotedPipeline("other", "2")
            with pytest.raises(StorageError, match="full"):
                library.votes.add(Vote(long, "rankings", one, other, "left", "me"))
            filler.unlink()
        assert library.conversations.turns(chat) == []
        library.conversations.add(chat, "moon?", trace)
        assert library.verify().problems == ()


def read_only(folder: Path) -> None:
    """A library on a disk that cannot be written: while it is open, and when it is opened."""
    queued = write(folder, "b.txt")
    with opened(folder) as library:
        library.look_again = 0.1
        library.add([write(folder, "a.txt")])
        library.enqueue(queued)
        # The system refuses to remount a disk whose files are open, so SQLite itself refuses here.
        with sqlite_read_only(library):
            library.start_worker()
            until(lambda: library.progress().problem)
            assert "read-only" in library.progress().problem, library.progress()
            assert library.search("moon").stages[-1].hits
            with pytest.raises(StorageError, match="read-only"):
                library.remove("a.txt")
        until(lambda: not library.progress().problem)
        until(lambda: statuses(library) == {"a.txt": "ready", "b.txt": "ready"})
        assert library.verify().problems == ()
    subprocess.run(["/bin/mount", "-o", "remount,ro", folder], check=True)
    with pytest.raises(LibraryError, match=r"(?i)read-only"):
        opened(folder)
    code, output = command("--library", str(folder / "library"), "documents")
    assert code == 1
    assert "read-only" in output.lower(), output
    assert len(output.strip().splitlines()) == 1, output


@contextmanager
def sqlite_read_only(library: Library) -> Iterator[None]:
    mode = ["ON"]

    def checked_out(connection: Any, *_rest: object) -> None:
        connection.execute(f"PRAGMA query_only = {mode[0]}")

    event.listen(library.index.catalogue.engine, "checkout", checked_out)
    yield
    mode[0] = "OFF"


def commands(folder: Path) -> None:
    """Every command on a full disk ends with 0, or with 1 and one sentence; none hangs."""
    library = ("--library", str(folder / "library"))
    paths = [write(folder, f"{name}.txt", 300) for name in "abc"]
    late = write(folder, "late.txt", 300)
    assert command(*library, "ingest", *map(str, paths))[0] == 0
    for leaves in (0, 100, 400, 900, 1600, 3000):
        with other_program(folder, leaves << 10):
            for arguments in (
                ("ingest", str(late)),
                ("ask", "moon"),
                ("documents",),
                ("reindex", "b.txt"),
                ("remove", "a.txt"),
                ("verify",),
            ):
                began = time.monotonic()
                code, output = command(*library, *arguments)
                assert time.monotonic() - began < 60, (leaves, arguments)
                assert "Traceback" not in output, (leaves, arguments, output)
                assert "ranklens: " in output or code == 0, (leaves, arguments, output)
                if arguments[0] == "remove":
                    assert code == 0, (leaves, arguments, output)
        assert command(*library, "ingest", str(paths[0]))[0] == 0
        code, output = command(*library, "verify")
        assert code == 0, output


def command(*arguments: str) -> tuple[int, str]:
    """Run a command of the command line in this process; return its exit code and its output."""
    from ui.cli import main

    shown = io.TextIOWrapper(io.BytesIO(), write_through=True)
    sys.argv = ["ranklens", *arguments]
    os.environ["RANKLENS_MIN_FREE_MB"] = str(LEAST)
    code = 0
    with redirect_stdout(shown), redirect_stderr(shown):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    return code, shown.buffer.getvalue().decode()  # type: ignore[attr-defined]


SCENARIOS = (
    waits_for_room,
    full_in_the_middle,
    full_in_the_middle_of_chroma,
    remove_frees_room,
    opens_on_a_full_disk,
    other_writes_say_so,
    read_only,
    commands,
)

if __name__ == "__main__":
    # Not where the module is imported: the test that does so has others beside it.
    ranklens.library.load_encoder = lambda settings: WordEncoder()  # type: ignore[assignment]
    chosen = {scenario.__name__: scenario for scenario in SCENARIOS}
    chosen[sys.argv[1]](Path(sys.argv[2]))
