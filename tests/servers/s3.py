"""A real S3 server (SeaweedFS) on this machine: it checks signatures and takes parts.

It runs from a wheel's program, without rights if this user has them, and with none of this
process's environment. The whole of it listens on 127.0.0.1.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Self

import obstore
from obstore.store import S3Store

SECONDS = 90  # for a busy machine to start it
_PORTS = ("master", "volume", "filer", "s3")


def program() -> Path | None:
    """Return SeaweedFS's program, None if the wheel is not installed."""
    places = [Path(folder) for folder in sys.path if folder.endswith("site-packages")]
    found = [folder.parents[2] / "bin" / "weed" for folder in places]
    return next((path for path in found if path.is_file()), None)


class S3Server:
    """Runs while the context is open; it has the bucket ``ranklens``."""

    KEY, SECRET = "test-key", "test-secret-of-the-bucket"

    def __init__(self, weed: Path) -> None:
        self._weed = weed
        self._folder = Path(tempfile.mkdtemp(prefix="ranklens-s3-"))
        self._ports: dict[str, int] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to use it."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._ports['s3']}",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": self.KEY,
            "AWS_SECRET_ACCESS_KEY": self.SECRET,
        }

    def __enter__(self) -> Self:
        actions = ["Admin", "Read", "Write", "List"]
        login = {"accessKey": self.KEY, "secretKey": self.SECRET}
        owner = {"name": "test", "credentials": [login], "actions": actions}
        (self._folder / "s3.json").write_text(json.dumps({"identities": [owner]}))
        data = self._folder / "data"
        data.mkdir()
        more: dict[str, object] = {}
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._folder.chmod(0o755)
            os.chown(data, nobody.pw_uid, nobody.pw_gid)
            more = {"user": "nobody", "group": nobody.pw_gid, "extra_groups": []}
        names = [*_PORTS, *(f"{name}.grpc" for name in _PORTS)]
        self._ports = dict(zip(names, _free(len(names)), strict=True))
        ports = [
            f"-{name.partition('.')[0]}.port{name[len(name.partition('.')[0]) :]}={port}"
            for name, port in self._ports.items()
        ]
        self._process = subprocess.Popen(
            [
                self._runnable(), "server", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
                "-s3", f"-s3.config={self._folder / 's3.json'}", "-s3.iam=false",
                "-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.max=20",
                "-volume.minFreeSpace=10MiB",
                "-master.volumeSizeLimitMB=64", "-master.volumePreallocate=false", *ports,
            ],
            cwd=data,
            env={"PATH": "/usr/bin:/bin", "HOME": str(data), "TMPDIR": str(data)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **more,
        )  # fmt: skip
        self._wait()
        store = S3Store(
            "ranklens",
            endpoint=self.environment["AWS_ENDPOINT_URL"],
            region="us-east-1",
            access_key_id=self.KEY,
            secret_access_key=self.SECRET,
            client_options={"allow_http": True, "timeout": "60s"},
        )
        obstore.put(store, "first", b"")  # this server makes the bucket then
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for socket_ in (Path(tempfile.gettempdir())).glob("seaweedfs-*.sock"):
            if any(socket_.stem.endswith(f"-{port}") for port in self._ports.values()):
                socket_.unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        """End the server at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _runnable(self) -> str:
        """Return a path of the program that a user without rights may run."""
        if os.getuid() != 0:
            return str(self._weed)
        copy = self._folder / "weed"
        try:
            os.link(self._weed, copy)
        except OSError:
            shutil.copy(self._weed, copy)
        return str(copy)

    def _wait(self) -> None:
        ends = time.monotonic() + SECONDS
        address = f"{self.environment['AWS_ENDPOINT_URL']}/healthz"
        while True:
            try:
                urllib.request.urlopen(address, timeout=5).close()
                return
            except OSError:
                if time.monotonic() > ends or self._process is None or self._process.poll():
                    raise
                time.sleep(0.05)


def _free(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()
