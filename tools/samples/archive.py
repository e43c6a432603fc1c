"""Zip files whose bytes depend on nothing but their contents."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

MOMENT = datetime(2026, 1, 1)
STAMP = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")


def write(target: Path, members: Iterable[tuple[str, bytes]]) -> None:
    """Write `members` in their order, all dated `MOMENT`; one called `mimetype` is not packed."""
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name, MOMENT.timetuple()[:6])
            stored = name == "mimetype"
            info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(info, data)


def freeze(path: Path) -> None:
    """Rewrite an Office file in place without the times at which it was made."""
    stamp = MOMENT.strftime(r"\g<1>%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(path) as archive:
        members = [(name, STAMP.sub(stamp, archive.read(name))) for name in archive.namelist()]
    write(path, members)
