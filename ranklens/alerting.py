"""Sending an alert once when a figure of the last hour goes beyond its threshold."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from rag.settings import Settings
from rag.watch.figures import Alert
from rag.watch.sending import AlertLost, send

log = logging.getLogger(__name__)

EVERY = 60.0  # seconds between two looks at the figures


class AlertWatch:
    """Looks at the figures after a question, at most once a minute, and sends what is new.

    An alert is new if it was not there at the look before; one that could not be sent is tried
    again at the next look. Questions never wait for it: it works in a thread of its own.
    """

    def __init__(
        self, settings: Callable[[], Settings], look: Callable[[], Sequence[Alert]]
    ) -> None:
        self._settings = settings
        self._look = look
        self._sent: set[str] = set()
        self._next = 0.0
        self._lock = threading.Lock()

    @property
    def is_on(self) -> bool:
        """Whether the settings name a way to send alerts."""
        settings = self._settings()
        return bool(settings.alert_webhook_url or settings.alert_email)

    def after_question(self) -> threading.Thread | None:
        """Look soon, unless it did so within a minute; returns the thread that looks."""
        now = time.monotonic()
        with self._lock:
            if not self.is_on or now < self._next:
                return None
            self._next = now + EVERY
        looking = threading.Thread(target=self.look, name="alerts", daemon=True)
        looking.start()
        return looking

    def look(self) -> None:
        """Send the alerts that are new; what fails goes to the program's log."""
        found = {alert.option: alert for alert in self._look()}
        self._sent &= found.keys()
        new = [alert for option, alert in found.items() if option not in self._sent]
        if not new:
            return
        try:
            send(new, self._settings())
        except AlertLost as error:
            log.warning("alerts were not sent and are tried again: %s", error)
            return
        self._sent.update(alert.option for alert in new)
