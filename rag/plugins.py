"""Rerankers, loaders and generators of other packages, found by entry points.

A package adds, for example, to its ``pyproject.toml``::

    [project.entry-points."ranklens.rerankers"]
    my-reranker = "my_package:entry"

A plugin that cannot be imported never stops Ranklens: it stays in the list with the reason.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plugin:
    """What an entry point names.

    ``package`` is the distribution and its version. ``loaded`` is the object that the entry point
    names; if it could not be loaded it is None, and ``reason`` is why and what to do.
    """

    name: str
    package: str
    loaded: object = None
    reason: str = ""

    def refused(self, problem: str) -> Plugin:
        """Return this plugin with a reason in place of its object."""
        reason = (
            f"the plugin {self.name} of the package {self.package} {problem}; "
            "update that package or uninstall it"
        )
        return Plugin(self.name, self.package, None, reason)


@cache
def plugins(group: str) -> dict[str, Plugin]:
    """Return the plugins of an entry-point group by name, loaded once a process.

    If two packages use one name, the first package in alphabetical order has it.
    """
    found: dict[str, Plugin] = {}
    for point in sorted(entry_points(group=group), key=lambda point: (point.name, _package(point))):
        if point.name in found:
            first = found[point.name].package
            log.warning("%s %s: %s is used, not %s", group, point.name, first, _package(point))
        else:
            found[point.name] = _load(point)
    return found


def _load(point: EntryPoint) -> Plugin:
    plugin = Plugin(point.name, _package(point))
    try:
        return Plugin(plugin.name, plugin.package, point.load())
    # Importing another package runs its code, which may raise anything.
    except Exception as error:  # noqa: BLE001
        refused = plugin.refused(f"cannot be loaded ({type(error).__name__}: {error})")
        log.warning("%s", refused.reason)
        return refused


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value
