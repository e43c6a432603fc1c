"""An installed package with entry points, made in a temporary folder: for tests of plugins."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import pytest

from rag.plugins import plugins


class Install(Protocol):
    """Installs a module ``package`` with entry points (name → "module:object")."""

    def __call__(
        self, group: str, points: Mapping[str, str], source: str = "", package: str = "foreign"
    ) -> None: ...


def installer(folder: Path, patch: pytest.MonkeyPatch) -> Install:
    def install(
        group: str, points: Mapping[str, str], source: str = "", package: str = "foreign"
    ) -> None:
        (folder / f"{package}.py").write_text(source, "utf-8")
        info = folder / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"{name} = {value}" for name, value in points.items()]
        (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines, ""]))
        patch.syspath_prepend(folder)
        patch.delitem(sys.modules, package, raising=False)
        plugins.cache_clear()

    return install
